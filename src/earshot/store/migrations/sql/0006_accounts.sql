-- Accounts as pages show them: one row each, counted again when something about the account changed.
-- Which accounts changed is noted by triggers, so that rows of other programs count too.

-- What Intercom's AI agent (Fin) came to in a conversation: its resolution_state; null: it did not take part, or unknown.
alter table conversation add column ai_outcome text;

create table account_standing (
    account text primary key,
    due_at timestamptz,
    formula text not null,
    conversations integer not null,
    before integer not null,
    score double precision not null,
    squares double precision not null,
    score_before double precision not null,
    squares_before double precision not null,
    churn_high integer not null,
    churn_medium integer not null,
    critical integer not null,
    open_conversations integer not null,
    open_matters integer not null,
    rated integer not null,
    ratings integer not null,
    rated_low integer not null,
    ai_handled integer not null,
    ai_resolved integer not null,
    last_at timestamptz,
    risk integer not null
);

create index account_standing_due on account_standing (due_at);

create index account_standing_by_formula on account_standing (formula);

-- No key: whoever notes an account waits for nobody.
create table dirty_account (
    account text not null
);

create index dirty_account_by_account on dirty_account (account);

insert into dirty_account select id from account;

create index finding_by_account on finding (account, theme_id) include (conversation_id);

create index conversation_insights_by_account on conversation_insights (account, conversation_at, conversation_id);

drop index finding_by_hour;

create index finding_by_hour on finding (hour) include (theme_id, conversation_id, conversation_at, account);

create function mark_new_accounts() returns trigger language plpgsql as $$
begin
    insert into earshot.dirty_account
    select a.id from earshot.account a where a.id in (select account from fresh);
    return null;
end $$;

create function mark_old_accounts() returns trigger language plpgsql as $$
begin
    insert into earshot.dirty_account
    select a.id from earshot.account a where a.id in (select account from gone);
    return null;
end $$;

-- What is counted of a conversation beside its reading: state, rating, outcome of the AI agent, whose it is.
create function mark_changed_accounts() returns trigger language plpgsql as $$
begin
    insert into earshot.dirty_account
    select a.id from earshot.account a where a.id in (
        select account from (
            select 1 as side, id, account, state, rating, ai_outcome from fresh
            union all
            select -1, id, account, state, rating, ai_outcome from gone
        ) sides group by id, account, state, rating, ai_outcome having sum(side) <> 0
    );
    return null;
end $$;

create function mark_read_accounts() returns trigger language plpgsql as $$
begin
    insert into earshot.dirty_account
    select a.id from earshot.account a where a.id in (
        select account from (
            select 1 as side, id, account, sentiment_score, churn_risk, priority, conversation_at from fresh
            union all
            select -1, id, account, sentiment_score, churn_risk, priority, conversation_at from gone
        ) sides
        group by id, account, sentiment_score, churn_risk, priority, conversation_at having sum(side) <> 0
    );
    return null;
end $$;

create function mark_placed_accounts() returns trigger language plpgsql as $$
begin
    insert into earshot.dirty_account
    select a.id from earshot.account a where a.id in (
        select account from (
            select 1 as side, id, account, theme_id from fresh
            union all
            select -1, id, account, theme_id from gone
        ) sides group by id, account, theme_id having sum(side) <> 0
    );
    return null;
end $$;

create function forget_standings() returns trigger language plpgsql as $$
begin
    delete from earshot.account_standing s using gone g where s.account = g.id;
    delete from earshot.dirty_account d using gone g where d.account = g.id;
    return null;
end $$;

create trigger mark_accounts_inserted after insert on conversation_insights
    referencing new table as fresh for each statement execute function mark_new_accounts();

create trigger mark_accounts_updated after update on conversation_insights
    referencing old table as gone new table as fresh for each statement execute function mark_read_accounts();

create trigger mark_accounts_deleted after delete on conversation_insights
    referencing old table as gone for each statement execute function mark_old_accounts();

create trigger mark_accounts_updated after update on conversation
    referencing old table as gone new table as fresh for each statement execute function mark_changed_accounts();

create trigger mark_accounts_updated after update on finding
    referencing old table as gone new table as fresh for each statement execute function mark_placed_accounts();

create trigger mark_accounts_deleted after delete on finding
    referencing old table as gone for each statement execute function mark_old_accounts();

create trigger mark_accounts_inserted after insert on finding
    referencing new table as fresh for each statement execute function mark_new_accounts();

create trigger forget_accounts after delete on account
    referencing old table as gone for each statement execute function forget_standings();
