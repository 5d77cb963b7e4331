-- The ledger of model calls, the day's budget, and the pace that all processes keep together.

alter table llm_api_logs
    add column call_id text,
    add column mode text,
    add column run_id text,
    add column batch_id text,
    add column bound_usd double precision,
    add column spend_day text;

alter table llm_api_logs set (fillfactor = 75);

create unique index llm_api_logs_by_call on llm_api_logs (call_id);

create table llm_spend (
    day text primary key,
    usd numeric not null
) with (fillfactor = 20);

-- When the next call would start if calls had come without a pause, by requests and by tokens.
create table llm_pace (
    key text primary key,
    requests_at timestamptz not null default '2000-01-01 00:00:00+00',
    tokens_at timestamptz not null default '2000-01-01 00:00:00+00'
) with (fillfactor = 20);

create table llm_consent (
    provider text primary key,
    agreed_at timestamptz not null
);

-- What a call counts for: its cost, its bound while that is not known, nothing when nobody charged for it.
create function call_counts(outcome text, cost double precision, bound double precision)
returns numeric language sql immutable as $$
    select case
        when cost is not null then cost::numeric
        when outcome in ('started', 'timeout', 'lost', 'ok', 'refused', 'truncated', 'invalid')
            then coalesce(bound, 0)::numeric
        else 0 end
$$;

-- Books calls as started: the seconds until the turn of each, null when the day's budget refuses it.
-- Rates are seconds per request and per token (0: no limit), `burst` the seconds that a call may be early;
-- `moment` is the time of day in tests. Both locks are taken in one order everywhere: day, then pace.
create function open_calls(
    calls json, tokens integer[], pace text, per_request double precision, per_token double precision,
    burst double precision, today text, budget double precision, moment timestamptz
) returns double precision[] language plpgsql as $$
declare
    waits double precision[] := '{}';
    fresh boolean[] := '{}';
    spent numeric;
    started timestamptz;
    turn double precision;
    token_turn double precision;
    bound numeric;
    one record;
begin
    insert into earshot.llm_spend (day, usd) values (today, 0) on conflict do nothing;
    insert into earshot.llm_pace (key) values (pace) on conflict do nothing;
    select usd into spent from earshot.llm_spend where day = today for update;
    perform from earshot.llm_pace where key = pace for update;
    started := coalesce(moment, clock_timestamp());
    select greatest(0, extract(epoch from requests_at - started)),
        greatest(0, extract(epoch from tokens_at - started))
    into turn, token_turn from earshot.llm_pace where key = pace;
    for one in
        select c.n, c.bound_usd, l.call_id is not null as known
        from rows from (json_to_recordset(calls) as (id text, bound_usd double precision))
            with ordinality as c (id, bound_usd, n)
        left join earshot.llm_api_logs l on l.call_id = c.id order by c.n
    loop
        bound := case when one.known then 0 else coalesce(one.bound_usd, 0)::numeric end;
        fresh[one.n] := not one.known;
        waits[one.n] := null;
        if one.known or budget is null or spent + bound <= budget::numeric then
            spent := spent + bound;
            waits[one.n] := greatest(0, greatest(turn, token_turn) - burst);
            turn := turn + per_request;
            token_turn := token_turn + per_token * tokens[one.n];
        end if;
    end loop;
    update earshot.llm_spend set usd = spent where day = today and usd <> spent;
    update earshot.llm_pace set requests_at = started + make_interval(secs => turn),
        tokens_at = started + make_interval(secs => token_turn) where key = pace;
    insert into earshot.llm_api_logs (call_id, provider, model, tier, purpose, mode, conversation_id, run_id,
        batch_id, created_at, outcome, bound_usd, spend_day)
    select c.id, c.provider, c.model, c.tier, c.purpose, c.mode, c.conversation_id, c.run_id, c.batch_id,
        c.started_at, 'started', c.bound_usd, today
    from rows from (json_to_recordset(calls) as (id text, provider text, model text, tier text, purpose text,
        mode text, conversation_id text, run_id text, batch_id text, started_at timestamptz,
        bound_usd double precision)) with ordinality as c (id, provider, model, tier, purpose, mode,
        conversation_id, run_id, batch_id, started_at, bound_usd, n)
    where fresh[c.n] and waits[c.n] is not null
    on conflict (call_id) do nothing;
    return waits;
end $$;
