-- Reading with language models: more of an insight's origin, labels, calls, batches, summaries.
-- New columns have constant defaults or none, so that no table is rewritten.

alter table conversation_insights
    add column category text,
    add column prompt_hash text,
    add column tier text,
    add column provisional boolean not null default false,
    add column shortened boolean not null default false,
    add column injection boolean not null default false,
    add column dropped_quotes integer not null default 0;

create index conversation_insights_provisional on conversation_insights (created_at) where provisional;

create table first_labels (
    conversation_id varchar(255) primary key,
    issue_type varchar(50) not null,
    priority varchar(20),
    sentiment varchar(20),
    churn_risk varchar(20),
    confidence double precision check (confidence between 0.0 and 1.0),
    probabilities jsonb not null default '{}',
    customer_segment varchar(50),
    created_at timestamptz not null,
    content_hash text not null,
    conversation_at timestamptz not null,
    times_known boolean not null default true,
    classifier text not null,
    model text not null,
    prompt_version text,
    prompt_hash text,
    tier text,
    provisional boolean not null default false,
    shortened boolean not null default false,
    input_tokens integer,
    output_tokens integer,
    cost_usd double precision,
    latency_ms integer
);

create index first_labels_by_creation on first_labels (created_at);

create index first_labels_provisional on first_labels (created_at) where provisional;

alter table conversation add column label_hash text;

create index conversation_unlabelled on conversation (spoken_at, id)
    where not deleted and excluded is null and read_hash is distinct from content_hash
        and label_hash is distinct from content_hash;

create function note_labels() returns trigger language plpgsql as $$
begin
    update earshot.conversation c set label_hash = f.content_hash from fresh f
    where c.id = f.conversation_id and c.content_hash = f.content_hash and c.label_hash is distinct
        from f.content_hash;
    return null;
end $$;

create function forget_labels() returns trigger language plpgsql as $$
begin
    update earshot.conversation c set label_hash = null from gone g
    where c.id = g.conversation_id and c.label_hash is not null;
    return null;
end $$;

create trigger note_inserted after insert on first_labels
    referencing new table as fresh for each statement execute function note_labels();

create trigger note_updated after update on first_labels
    referencing new table as fresh for each statement execute function note_labels();

create trigger forget_deleted after delete on first_labels
    referencing old table as gone for each statement execute function forget_labels();

create table reading_batch (
    id text primary key,
    mode text not null,
    provider text not null,
    model text not null,
    tier text not null,
    status text not null,
    handle text,
    entries integer not null,
    created_at timestamptz not null,
    submitting_at timestamptz,
    submitted_at timestamptz,
    ended_at timestamptz,
    note text
);

create index reading_batch_by_creation on reading_batch (created_at, id);

-- An open entry holds its conversation: no other batch may take it.
create table batch_entry (
    id text primary key,
    batch_id text not null,
    conversation_id varchar(255) not null,
    content_hash text not null,
    prompt_version text not null,
    prompt_hash text not null,
    state text not null,
    note text,
    open boolean not null
);

create unique index batch_entry_open on batch_entry (conversation_id) where open;

create index batch_entry_by_batch on batch_entry (batch_id);

create index batch_entry_by_conversation on batch_entry (conversation_id);

create table summary (
    key text primary key,
    conversation_id varchar(255) not null,
    body text not null,
    created_at timestamptz not null
);

create index summary_by_conversation on summary (conversation_id);
