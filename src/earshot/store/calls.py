"""The ledger of model calls, the budget that is spent and the pace that is kept."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from earshot.domain.call import Call
from earshot.ports.store import Opening, Pace, Spending
from earshot.store import tombstones
from earshot.store.call_rows import call_from, calls_document
from earshot.store.sql import Sql

BURST = 1.0
"""Seconds that a call may be early, so that a short hiccup of ours costs no throughput."""
MINUTE = 60.0 + BURST
"""Seconds over which a limit per minute is spread: no minute holds more than it, early calls included."""
_BATCH = 2000
_OPEN = """
    select open_calls(cast(:calls as json), cast(:tokens as integer[]), :pace, :per_request, :per_token, :burst,
        :day, cast(:budget as double precision), cast(:moment as timestamptz))
"""
_FIELDS = """id text, provider text, model text, tier text, purpose text, mode text, conversation_id text,
    run_id text, batch_id text, started_at timestamptz, outcome text, usage json, cost_usd double precision,
    price_date date, bound_usd double precision, latency_ms integer"""
_ENDED = """created_at, outcome, input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
    cost_usd, price_date, latency_ms, model"""
_CLOSE = f"""
    with done as materialized (
        select distinct on (id) *, started_at as created_at, (usage->>'input_tokens')::integer as input_tokens,
            (usage->>'cached_tokens')::integer as cached_tokens,
            (usage->>'cache_write_tokens')::integer as cache_write_tokens,
            (usage->>'output_tokens')::integer as output_tokens,
            (usage->>'reasoning_tokens')::integer as reasoning_tokens
        from json_to_recordset(cast(:calls as json)) as d ({_FIELDS}) order by id
    ), closed as (
        update llm_api_logs l set ({_ENDED}) = ({", ".join(f"d.{n.strip()}" for n in _ENDED.split(","))})
        from done d where l.call_id = d.id and l.outcome = 'started'
        returning l.spend_day as day,
            call_counts(l.outcome, l.cost_usd, l.bound_usd) - coalesce(l.bound_usd, 0)::numeric as usd
    ), added as (
        insert into llm_api_logs (call_id, provider, tier, purpose, mode, conversation_id, run_id, batch_id,
            bound_usd, spend_day, {_ENDED})
        select d.id, d.provider, d.tier, d.purpose, d.mode, d.conversation_id, d.run_id, d.batch_id, d.bound_usd,
            to_char(d.started_at at time zone 'UTC', 'YYYY-MM-DD'), {_ENDED}
        from done d where not exists (select from llm_api_logs l where l.call_id = d.id)
        on conflict (call_id) do nothing
        returning spend_day as day, call_counts(outcome, cost_usd, bound_usd) as usd
    )
    insert into llm_spend (day, usd)
    select day, sum(usd) from (select * from closed union all select * from added) booked
    where day is not null group by day having sum(usd) <> 0 order by day
    on conflict (day) do update set usd = llm_spend.usd + excluded.usd
"""
_PAUSE = """
    insert into llm_pace (key, requests_at) values (:key, coalesce(cast(:moment as timestamptz), clock_timestamp())
        + make_interval(secs => :seconds))
    on conflict (key) do update set requests_at = greatest(llm_pace.requests_at, excluded.requests_at)
"""
_TURNS = """
    insert into llm_pace as p (key, requests_at) values (:key, coalesce(cast(:moment as timestamptz),
        clock_timestamp()) - make_interval(secs => :slack) + make_interval(secs => :taken))
    on conflict (key) do update set requests_at = greatest(p.requests_at,
        coalesce(cast(:moment as timestamptz), clock_timestamp()) - make_interval(secs => :slack))
        + make_interval(secs => :taken)
    returning extract(epoch from requests_at - coalesce(cast(:moment as timestamptz), clock_timestamp()))::float8
"""
_LOST = """l.cost_usd is null and (l.outcome in ('timeout', 'lost') or l.outcome = 'started' and l.created_at <
    clock_timestamp() - case when l.mode = 'online' then interval '1 hour' else interval '49 hours' end)"""
"""Calls whose answer nobody will bring any more; a batch may take a day, and its results are kept longer."""
_UNDER_WAY = f"l.outcome = 'started' and not ({_LOST})"
_SPENDING = f"""
    select to_char(l.created_at at time zone :zone, 'YYYY-MM-DD') as day,
        coalesce(l.provider, 'unknown') as provider, coalesce(l.model, 'unknown') as model,
        coalesce(l.tier, '') as tier, coalesce(l.purpose, '') as purpose,
        coalesce(l.mode, 'online') as mode, count(*)::int as calls,
        (count(*) filter (where l.outcome not in ('ok', 'started')))::int as failed,
        (count(*) filter (where {_LOST}))::int as lost,
        (count(*) filter (where l.input_tokens is not null and l.cost_usd is null))::int as unpriced,
        (count(distinct l.conversation_id) filter (where l.outcome <> 'started'))::int as conversations,
        (count(*) filter (where l.first))::int as read,
        coalesce(sum(l.input_tokens), 0)::bigint as input_tokens,
        coalesce(sum(l.cached_tokens), 0)::bigint as cached_tokens,
        coalesce(sum(l.output_tokens), 0)::bigint as output_tokens,
        coalesce(sum(l.cost_usd::numeric), 0)::float8 as usd,
        coalesce(sum(l.bound_usd::numeric) filter (where {_LOST}), 0)::float8 as bound_usd,
        (count(*) filter (where {_UNDER_WAY}))::int as under_way,
        coalesce(sum(l.bound_usd::numeric) filter (where {_UNDER_WAY}), 0)::float8 as under_way_usd,
        percentile_disc(0.5) within group (order by l.latency_ms)
            filter (where l.outcome in ('ok', 'refused', 'truncated', 'invalid')) as latency_ms
    from (
        select c.*, c.conversation_id is not null and c.purpose = 'classify' and c.outcome <> 'started'
            and row_number() over (
                partition by c.conversation_id, c.purpose, c.outcome = 'started',
                    (c.created_at at time zone :zone)::date order by c.created_at, c.id
            ) = 1 as first
        from llm_api_logs c
        where c.created_at >= coalesce(cast(:since as timestamptz), '-infinity')
            and c.created_at < coalesce(cast(:until as timestamptz), 'infinity')
    ) l
    group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
"""
_PER_CONVERSATION = """
    select conversation_id, sum(cost_usd::numeric)::float8 as usd from llm_api_logs
    where conversation_id = any(cast(:ids as varchar[])) and cost_usd is not null group by conversation_id
"""
_DEAREST = """
    select conversation_id, count(*)::int as calls, sum(cost_usd::numeric)::float8 as usd from llm_api_logs
    where conversation_id is not null and cost_usd is not null
        and created_at >= coalesce(cast(:since as timestamptz), '-infinity')
    group by conversation_id order by usd desc, conversation_id limit :limit
"""


class PostgresCalls:
    """`ports.store.Calls` in PostgreSQL. `moment` replaces the database's clock, for tests that must not wait."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def open(
        self,
        openings: Sequence[Opening],
        *,
        pace: Pace,
        day: str,
        day_budget: float | None,
        moment: datetime | None = None,
    ) -> list[float | None]:
        """Book calls as started; for each the seconds to wait for its turn, None when the day's budget refuses it.

        A refused call is not booked. What is reserved is the call's bound. A call that is booked already is not
        booked again. The locks are held until the commit, so that it should come soon.
        """
        if not openings:
            return []
        waits: list[float | None] = await self._sql.value(
            _OPEN,
            calls=calls_document(await self._without_erased([one.call for one in openings])),
            tokens=[one.tokens for one in openings],
            pace=pace.key,
            per_request=MINUTE / pace.requests_per_minute if pace.requests_per_minute else 0.0,
            per_token=MINUTE / pace.tokens_per_minute if pace.tokens_per_minute else 0.0,
            burst=BURST,
            day=day,
            budget=day_budget,
            moment=moment,
        )
        return list(waits)

    async def close(self, calls: Sequence[Call]) -> None:
        """Book how calls ended, by id (a call not opened before is inserted); reserves become costs.

        Closing a call again changes nothing. A call that was never opened counts for its UTC day.
        """
        if calls:
            unique = {call.id: call for call in reversed(calls)}
            await self._sql.run(_CLOSE, calls=calls_document(await self._without_erased(list(unique.values()))))

    async def _without_erased(self, calls: Sequence[Call]) -> list[Call]:
        """The calls, those for erased conversations without the id: it must not come back."""
        ids = {call.conversation_id for call in calls if call.conversation_id}
        gone = await tombstones.erased_ids(self._sql, sorted(ids)) if ids else set[str]()
        return [c.model_copy(update={"conversation_id": None}) if c.conversation_id in gone else c for c in calls]

    async def pause(self, key: str, *, seconds: float, moment: datetime | None = None) -> None:
        """Let nothing of this pace start earlier than so many seconds from now."""
        await self._sql.run(_PAUSE, key=key, seconds=max(0.0, seconds) + BURST, moment=moment)

    async def turns(
        self, key: str, count: int, *, interval: float, slack: float, moment: datetime | None = None
    ) -> float:
        """Take so many turns of a pace, one per interval, at most `slack` seconds early; seconds to the first."""
        taken = count * interval
        last = await self._sql.value(_TURNS, key=key, taken=taken, slack=slack, moment=moment)
        return max(0.0, float(last) - taken + interval)

    async def spent(self, day: str) -> float:
        """What the day's calls cost, with the bounds of those that are under way or lost."""
        return float(await self._sql.value("select usd from llm_spend where day = :day", day=day) or 0)

    async def consented(self, provider: str) -> bool:
        """Whether a person agreed to spend money with a provider."""
        return bool(
            await self._sql.value(
                "select exists (select from llm_consent where provider = :provider)", provider=provider
            )
        )

    async def consent(self, provider: str, *, now: datetime) -> None:
        """Note that a person agreed."""
        await self._sql.run(
            "insert into llm_consent (provider, agreed_at) values (:provider, :now) on conflict do nothing",
            provider=provider,
            now=now,
        )

    async def spending(self, since: datetime | None, until: datetime | None, *, zone: str) -> list[Spending]:
        """What was spent, by day (in a time zone), provider, model, tier, purpose and mode."""
        rows = await self._sql.rows(_SPENDING, since=since, until=until, zone=zone)
        return [Spending.model_validate(dict(row)) for row in rows]

    async def per_conversation(self, ids: Sequence[str]) -> dict[str, float]:
        """What the calls for these conversations cost, US dollars; unknown prices are left out."""
        rows = await self._sql.rows(_PER_CONVERSATION, ids=list(ids))
        return {row["conversation_id"]: row["usd"] for row in rows}

    async def dearest(self, since: datetime | None, *, limit: int) -> list[tuple[str, int, float]]:
        """The conversations that cost most: id, calls, US dollars."""
        rows = await self._sql.rows(_DEAREST, since=since, limit=limit)
        return [(row["conversation_id"], row["calls"], row["usd"]) for row in rows]

    async def export(self) -> AsyncIterator[Sequence[Call]]:
        """All calls in batches, oldest first."""
        statement = "select * from llm_api_logs order by created_at, id"
        async for rows in self._sql.batches(statement, size=_BATCH):
            yield [call_from(row) for row in rows]
