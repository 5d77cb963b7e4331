-- Triggers of the first schema. They hold for statements of other programs too:
-- missing facts of an insight are filled in, changed insights are judged again, changed hours are counted again,
-- and a conversation knows which text of it was read last.

create function complete_insight() returns trigger language plpgsql as $$
declare held record;
begin
    select spoken_at, content_hash, account, times_known, customer->>'segment' as segment
    into held from earshot.conversation where id = new.conversation_id;
    new.conversation_at := coalesce(new.conversation_at, held.spoken_at, new.created_at);
    new.content_hash := coalesce(new.content_hash, held.content_hash);
    new.account := coalesce(new.account, held.account);
    new.customer_segment := coalesce(new.customer_segment, held.segment);
    new.times_known := new.times_known and coalesce(held.times_known, true);
    return new;
end $$;

create trigger complete_insight before insert on conversation_insights
    for each row when (new.conversation_at is null) execute function complete_insight();

create function reopen_insight() returns trigger language plpgsql as $$
begin
    new.decided_at := null;
    new.updated_at := greatest(new.updated_at, now());
    return new;
end $$;

create trigger reopen_insight before update on conversation_insights
    for each row when (
        (new.issue_type, new.priority, new.sentiment, new.sentiment_score, new.churn_risk, new.summary,
         new.customer_segment, new.confidence)
        is distinct from
        (old.issue_type, old.priority, old.sentiment, old.sentiment_score, old.churn_risk, old.summary,
         old.customer_segment, old.confidence)
        and new.decided_at is not distinct from old.decided_at
        and new.updated_at = old.updated_at
    ) execute function reopen_insight();

create function mark_new_hours() returns trigger language plpgsql as $$
begin
    insert into earshot.dirty_hour select tg_argv[0], hour from fresh group by hour;
    return null;
end $$;

create function mark_old_hours() returns trigger language plpgsql as $$
begin
    insert into earshot.dirty_hour select tg_argv[0], hour from gone group by hour;
    return null;
end $$;

create trigger mark_inserted after insert on conversation_insights
    referencing new table as fresh for each statement execute function mark_new_hours('insight');

create function mark_changed_insights() returns trigger language plpgsql as $$
begin
    insert into earshot.dirty_hour
    select kind.of, changed.hour
    from (
        select hour from (
            select 1 as side, id, hour, issue_type, priority, sentiment, sentiment_score, churn_risk, confidence,
                model, input_tokens, output_tokens, cost_usd from fresh
            union all
            select -1, id, hour, issue_type, priority, sentiment, sentiment_score, churn_risk, confidence,
                model, input_tokens, output_tokens, cost_usd from gone
        ) sides
        group by id, hour, issue_type, priority, sentiment, sentiment_score, churn_risk, confidence,
            model, input_tokens, output_tokens, cost_usd
        having sum(side) <> 0
    ) changed cross join (values ('insight'), ('theme')) as kind (of)
    group by kind.of, changed.hour;
    return null;
end $$;

create trigger mark_updated after update on conversation_insights
    referencing old table as gone new table as fresh
    for each statement execute function mark_changed_insights();

create trigger mark_deleted after delete on conversation_insights
    referencing old table as gone for each statement execute function mark_old_hours('insight');

create trigger mark_inserted after insert on finding
    referencing new table as fresh for each statement execute function mark_new_hours('theme');

create function mark_changed_findings() returns trigger language plpgsql as $$
begin
    insert into earshot.dirty_hour
    select 'theme', hour from (
        select hour from (
            select 1 as side, id, hour, theme_id, conversation_id from fresh
            union all
            select -1, id, hour, theme_id, conversation_id from gone
        ) sides group by id, hour, theme_id, conversation_id having sum(side) <> 0
    ) changed group by hour;
    return null;
end $$;

create trigger mark_updated after update on finding
    referencing old table as gone new table as fresh
    for each statement execute function mark_changed_findings();

create trigger mark_deleted after delete on finding
    referencing old table as gone for each statement execute function mark_old_hours('theme');

create function mark_changed_actions() returns trigger language plpgsql as $$
begin
    insert into earshot.dirty_hour
    select 'action', hour from (
        select hour from (
            select 1 as side, key, hour, kind from fresh
            union all
            select -1, key, hour, kind from gone
        ) sides group by key, hour, kind having sum(side) <> 0
    ) changed group by hour;
    return null;
end $$;

create trigger mark_inserted after insert on action
    referencing new table as fresh for each statement execute function mark_new_hours('action');

create trigger mark_updated after update on action
    referencing old table as gone new table as fresh
    for each statement execute function mark_changed_actions();

create trigger mark_deleted after delete on action
    referencing old table as gone for each statement execute function mark_old_hours('action');

create function note_reading() returns trigger language plpgsql as $$
begin
    update earshot.conversation c set read_hash = f.content_hash from fresh f
    where c.id = f.conversation_id and c.content_hash = f.content_hash and c.read_hash is distinct
        from f.content_hash;
    return null;
end $$;

create function forget_reading() returns trigger language plpgsql as $$
begin
    update earshot.conversation c set read_hash = null from gone g
    where c.id = g.conversation_id and c.read_hash is not null;
    return null;
end $$;

create trigger note_inserted after insert on conversation_insights
    referencing new table as fresh for each statement execute function note_reading();

create trigger note_updated after update on conversation_insights
    referencing new table as fresh for each statement execute function note_reading();

create trigger forget_deleted after delete on conversation_insights
    referencing old table as gone for each statement execute function forget_reading();

create trigger note_inserted after insert on unread
    referencing new table as fresh for each statement execute function note_reading();

create trigger note_updated after update on unread
    referencing new table as fresh for each statement execute function note_reading();
