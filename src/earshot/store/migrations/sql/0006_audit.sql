-- Audit: samples of conversations that people label, what the model said when they were drawn, and the labels.

-- `populations` holds the number of conversations in each stratum, from which every weight is reckoned.
create table audit_sample (
    id text primary key,
    kind text not null,
    since timestamptz not null,
    until timestamptz not null,
    drawn_at timestamptz not null,
    drawn_by text not null,
    seed text not null,
    size integer not null,
    second integer not null,
    populations jsonb not null,
    waiting integer not null default 0
);

create unique index audit_sample_weekly on audit_sample (since) where kind = 'weekly';

-- One conversation of a sample with the model's answer of that moment. Without a `classifier` nobody could read it.
create table audit_member (
    sample_id text not null references audit_sample (id) on delete cascade,
    conversation_id varchar(255) not null,
    place integer not null,
    stratum text not null,
    probability double precision not null,
    conversation_at timestamptz not null,
    segment text,
    issue_type text,
    priority text,
    sentiment text,
    churn_risk text,
    confidence double precision,
    classifier text,
    model text,
    prompt_version text,
    content_hash text,
    read_at timestamptz,
    example_at timestamptz,
    primary key (sample_id, conversation_id)
);

create index audit_member_by_conversation on audit_member (conversation_id);

create index audit_member_examples on audit_member (conversation_id) where example_at is not null;

-- What one person said of one member. `note` is the labeller's own text.
create table audit_label (
    sample_id text not null,
    conversation_id varchar(255) not null,
    labeller text not null,
    issue_type text,
    priority text,
    sentiment text,
    churn_risk text,
    skipped boolean not null default false,
    note text not null default '',
    seconds double precision,
    at timestamptz not null,
    primary key (sample_id, conversation_id, labeller),
    foreign key (sample_id, conversation_id) references audit_member on delete cascade
);

-- What counts as true where people differed.
create table audit_ruling (
    sample_id text not null,
    conversation_id varchar(255) not null,
    issue_type text,
    priority text,
    sentiment text,
    churn_risk text,
    by text not null,
    at timestamptz not null,
    primary key (sample_id, conversation_id),
    foreign key (sample_id, conversation_id) references audit_member on delete cascade
);
