-- What people corrected in readings, the words that full text searches, and indexes of the list of conversations.
-- Nothing that exists is rewritten. The words are new beside it: half a minute to two minutes for 100,000
-- conversations, once.

-- A field of a reading that a person changed; in force until `undone_at`. `was` is what the model says now (null: it
-- has not read the whole, or says nothing), `was_score` its sentiment score, `was_label` what labels alone said.
create table correction (
    id text primary key,
    conversation_id varchar(255) not null,
    field text not null,
    value text not null,
    was text,
    was_score double precision,
    was_label text,
    reason text not null default '',
    actor text not null,
    made_at timestamptz not null,
    undone_at timestamptz,
    undone_by text
);

create unique index correction_in_force on correction (conversation_id, field) where undone_at is null;

create index correction_by_conversation on correction (conversation_id, made_at);

-- The words of a conversation: `said` in its messages and title, `told` by its reading's summary.
create table conversation_words (
    conversation_id varchar(255) not null,
    part text not null,
    words tsvector not null
);

create function searched(told text) returns tsvector language sql immutable parallel safe as $$
    select to_tsvector('pg_catalog.english', left(told, 100000))
$$;

create function conversation_text(title text, messages jsonb) returns text language sql immutable parallel safe as $$
    select concat_ws(E'\n', title, (
        select string_agg(m.message->>'text', E'\n' order by m.at)
        from jsonb_array_elements(messages) with ordinality as m (message, at)
    ))
$$;

insert into conversation_words (conversation_id, part, words)
select id, 'said', searched(conversation_text(title, messages)) from conversation where not deleted
union all
select conversation_id, 'told', searched(concat_ws(' ', summary, affected_feature)) from conversation_insights;

alter table conversation_words add primary key (conversation_id, part);

create index conversation_words_by_word on conversation_words using gin (words);

create function note_said() returns trigger language plpgsql as $$
begin
    if new.deleted then
        delete from earshot.conversation_words where conversation_id = new.id;
    else
        insert into earshot.conversation_words (conversation_id, part, words)
        values (new.id, 'said', earshot.searched(earshot.conversation_text(new.title, new.messages)))
        on conflict (conversation_id, part) do update set words = excluded.words;
    end if;
    return null;
end $$;

create trigger note_said after insert on conversation for each row execute function note_said();

create trigger note_said_anew after update on conversation
    for each row when (new.content_hash is distinct from old.content_hash or new.deleted <> old.deleted)
    execute function note_said();

create function note_told() returns trigger language plpgsql as $$
begin
    insert into earshot.conversation_words (conversation_id, part, words)
    values (new.conversation_id, 'told', earshot.searched(concat_ws(' ', new.summary, new.affected_feature)))
    on conflict (conversation_id, part) do update set words = excluded.words;
    return null;
end $$;

create trigger note_told after insert on conversation_insights for each row execute function note_told();

create trigger note_told_anew after update on conversation_insights
    for each row when ((new.summary, new.affected_feature) is distinct from (old.summary, old.affected_feature))
    execute function note_told();

create function forget_said() returns trigger language plpgsql as $$
begin
    delete from earshot.conversation_words w using gone g where w.conversation_id = g.id;
    return null;
end $$;

create function forget_told() returns trigger language plpgsql as $$
begin
    delete from earshot.conversation_words w using gone g
    where w.conversation_id = g.conversation_id and w.part = 'told';
    return null;
end $$;

create trigger forget_said after delete on conversation
    referencing old table as gone for each statement execute function forget_said();

create trigger forget_told after delete on conversation_insights
    referencing old table as gone for each statement execute function forget_told();

-- Lists go by time and id; figures lead to one area's, one account's or one segment's conversations.
create index conversation_by_speech on conversation (spoken_at, id) where not deleted;

create index conversation_by_tag on conversation using gin (tags) where not deleted;

create index conversation_insights_by_area on conversation_insights (affected_feature, conversation_at);

create index first_labels_by_time on first_labels (conversation_at, conversation_id);
