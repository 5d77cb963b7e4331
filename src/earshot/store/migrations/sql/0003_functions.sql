-- What one side said in a conversation, from its beginning.
create function said(messages jsonb, author text) returns text language sql immutable as $$
    select coalesce(left(string_agg(m.message->>'text', E'\n' order by m.at), 1200), '')
    from jsonb_array_elements(messages) with ordinality as m (message, at) where m.message->>'author' = author
$$;

-- A text that only grew keeps the form in which it was first seen.
create function grown(held text, now_said text) returns text language sql immutable as $$
    select case when held <> '' and starts_with(now_said, held) then held else now_said end
$$;

-- The digest of a mention: the same as domain/grouping.py gives, which a test compares.
create function mention_digest(issue_type text, area text, summary text, quote text, context text, reply text)
returns text language sql stable as $$
    select left(encode(sha256(convert_to(concat_ws(E'\x1f', issue_type, coalesce(area, ''), summary,
        coalesce(quote, ''), coalesce(context, ''), coalesce(reply, '')), 'UTF8')), 'hex'), 32)
$$;

-- The words of a mention that full text searches.
create function mention_words(summary text, quote text) returns tsvector language sql immutable as $$
    select to_tsvector('pg_catalog.english', left(summary || ' ' || coalesce(quote, ''), 4000))
$$;

-- Whoever deletes a finding, this program or another: its place goes too, and its theme is counted anew.
create function forget_placements() returns trigger language plpgsql as $$
begin
    delete from earshot.placement p using gone g where p.finding_id = g.id;
    delete from earshot.doubt d using gone g where d.mention_id = g.id;
    update earshot.theme set stale = true where id in (
        select t.id from earshot.theme t where not t.stale and t.id in (select theme_id from gone)
        order by t.id for update
    );
    return null;
end $$;

create trigger forget_deleted after delete on finding
    referencing old table as gone for each statement execute function forget_placements();

-- A cell that loses a mention of its core must be looked at again by the next grouping.
create function forget_cores() returns trigger language plpgsql as $$
begin
    delete from earshot.core c using gone g where c.finding_id = g.finding_id;
    insert into earshot.cell_hole select distinct cell_id from gone where core order by 1 on conflict do nothing;
    return null;
end $$;

create trigger forget_deleted after delete on placement
    referencing old table as gone for each statement execute function forget_cores();

-- Vectors are searched by pgvector where the server has it; everything else works without. Returns whether it does.
-- The extension may lie in any schema: it is named in full, never through the search path. A parallel build needs
-- shared memory, of which a container may have too little.
create function index_vectors() returns boolean language plpgsql as $$
declare
    home text;
    workers text;
begin
    if not exists (select from pg_extension where extname = 'vector') then
        begin
            create extension vector schema earshot;
        exception when others then
            return false;
        end;
    end if;
    select quote_ident(n.nspname) into home
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace
    where e.extname = 'vector' and has_schema_privilege(n.oid, 'usage');
    if home is null or to_regtype(home || '.halfvec') is null then
        return false;
    end if;
    perform set_config('maintenance_work_mem', '256MB', true)
    where pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('256MB');
    foreach workers in array array[current_setting('max_parallel_maintenance_workers'), '0'] loop
        begin
            perform set_config('max_parallel_maintenance_workers', workers, true);
            execute format('create index if not exists core_by_vector on earshot.core
                using hnsw ((vector::%1$s.halfvec(384)) %1$s.halfvec_cosine_ops)
                with (m = 12, ef_construction = 40)', home);
            return true;
        exception when others then
            raise warning 'vectors cannot be indexed: %', sqlerrm;
        end;
    end loop;
    return false;
end $$;

-- The findings nearest to a vector, by cosine, approximately; none without pgvector.
create function near_vectors(probe real[], most integer) returns table (finding_id bigint, likeness double precision)
language plpgsql as $$
declare home text;
begin
    if to_regclass('earshot.core_by_vector') is null then
        return;
    end if;
    select quote_ident(n.nspname) into home
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector';
    perform set_config('hnsw.ef_search', greatest(most * 2, 80)::text, true);
    return query execute format('select finding_id, 1 - (vector::%1$s.halfvec(384) operator(%1$s.<=>) $1::%1$s.halfvec(384))
        from earshot.core order by vector::%1$s.halfvec(384) operator(%1$s.<=>) $1::%1$s.halfvec(384) limit $2', home)
        using probe, most;
end $$;

select index_vectors();
