"""What came of insights: journeys of matters, speeds, mentions before and after fixes, adoption."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from earshot.domain.impact import Adoption, Journey, Month, Reach, Sourced, Speed, Unarea, Version
from earshot.domain.outcome import ItemRating, Shipped
from earshot.domain.reading import IssueType
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql

_MOST = 20_000
"""Newest rows that a percentile looks at."""
_SOURCED = """
    select count(*) filter (where ours) as ours, count(*) filter (where not ours) as others from (
        select exists (
            select from match m where m.item_id = e.id and m.decided_by = 'person' and m.reason = 'Earshot made it'
        ) as ours from existing_item e
    ) items
"""
_JOURNEYS = """
    select b.id as item_id, b.theme_id, coalesce(b.text->>'title', '') as title,
        coalesce(b.text->>'priority', '') as priority, coalesce(t.first_seen, b.created_at) as first_mention,
        (select min(l.at) from lineage l where l.theme_id = b.theme_id and l.change = 'born') as known_at,
        b.created_at as in_backlog_at,
        coalesce(stood.status, b.status) as status,
        (select min(e.at) from item_edit e
            where e.item_id = b.id and e.field = 'status' and e.value = '"pushed"') as pushed_at,
        case when coalesce(stood.status, b.status) = 'shipped' then coalesce(
            (select s.shipped_at from shipped s where s.item_id = b.id and s.undone_at is null),
            (select min(e.at) from item_edit e
                where e.item_id = b.id and e.field = 'status' and e.value = '"shipped"')
        ) end as shipped_at
    from backlog_item b left join theme t on t.id = b.theme_id
    left join lateral (
        select e.value::jsonb #>> '{}' as status from item_edit e
        where e.item_id = b.id and e.field = 'status' order by e.at desc, e.id desc limit 1
    ) stood on true
    where b.created_at >= :since and coalesce(stood.status, b.status) <> 'discarded'
    order by b.created_at desc, b.id limit :limit
"""
_MONTHS = """
    select s.start, (
        select coalesce(sum(h.n), 0) from insight_hour h
        where h.dimension = 'issue_type' and h.hour >= s.start and h.hour < s.stop
    ) as n
    from unnest(cast(:starts as timestamptz[]), cast(:stops as timestamptz[])) as s (start, stop)
    order by s.start
"""
_HEARD = """
    select extract(epoch from decided_at - received_at)::double precision from inbox
    where received_at >= :since and decided_at is not null order by received_at desc limit :most
"""
_ESCALATED = """
    select extract(epoch from d.ended_at - a.created_at)::double precision
    from delivery d join action a on a.key = d.action_key
    where d.created_at >= :since and d.urgent and d.state = 'done' and d.ended_at is not null and d.told <= 1
    order by d.created_at desc limit :most
"""
_RUNS = """
    select extract(epoch from ended_at - started_at)::double precision from run
    where kind = 'run' and started_at >= :since and ok order by started_at desc limit :most
"""
_RATINGS = """
    select item_id, person, stars, note, at from item_rating where at >= :since order by at desc limit :limit
"""
_UNAREAS = """
    select area as feature, sum(conversations)::bigint as conversations from theme
    where area is not null and area <> all(cast(:known as text[])) and last_seen >= :since and conversations > 0
    group by area order by 2 desc, 1 limit :limit
"""
_REACHED = """
    select t.issue_type, s.step as mentions, count(*) as matters
    from theme t join unnest(cast(:steps as integer[])) as s (step) on t.conversations >= s.step
    where t.issue_type = any(:kinds) and t.last_seen >= :since group by t.issue_type, s.step
"""
_VERSIONS = """
    select model, prompt_version, count(*) as readings, avg(confidence) as confidence from (
        select model, prompt_version, confidence from conversation_insights
        where created_at >= :since order by created_at desc limit :most
    ) newest group by model, prompt_version order by readings desc, model limit :limit
"""


class PostgresOutcomes:
    """`ports.pages.Outcomes` in PostgreSQL."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        self._sql = sql
        self._rollups = rollups

    async def sourced(self) -> Sourced:
        """Items of the trackers, ours and others'."""
        row = await self._sql.row(_SOURCED)
        return Sourced.model_validate(dict(row or {"ours": 0, "others": 0}))

    async def journeys(self, *, since: datetime, limit: int) -> list[Journey]:
        """Ways of items drafted since a moment that were not given up, newest first."""
        await self._rollups.refresh()
        rows = await self._sql.rows(_JOURNEYS, since=since, limit=limit)
        return [Journey.model_validate(dict(row)) for row in rows]

    async def shipped(self, *, limit: int) -> list[Shipped]:
        """Standing notes of what shipped, newest first, each with the theme that its item has now."""
        rows = await self._sql.rows(
            """select s.id, coalesce(b.theme_id, s.theme_id) as theme_id, s.item_id, s.shipped_at, s.actor,
                s.noted_at, s.undone_at
            from shipped s left join backlog_item b on b.id = s.item_id
            where s.undone_at is null order by s.shipped_at desc, s.id limit :limit""",
            limit=limit,
        )
        return [Shipped.model_validate(dict(row)) for row in rows]

    async def mentions(self, theme_id: str, start: datetime, *, end: datetime) -> int:
        """Distinct conversations by hour that raise a theme in a span (whole hours)."""
        statement = """select coalesce(sum(n), 0)::bigint from theme_hour
            where theme_id = :theme and hour >= :start and hour < :end"""
        return await self._sql.value(statement, theme=theme_id, start=start, end=end)

    async def volume(self, start: datetime, end: datetime) -> int:
        """Conversations read of a span (whole hours)."""
        statement = """select coalesce(sum(n), 0)::bigint from insight_hour
            where dimension = 'issue_type' and hour >= :start and hour < :end"""
        return await self._sql.value(statement, start=start, end=end)

    async def months(self, starts: Sequence[datetime], end: datetime) -> list[Month]:
        """Conversations of the months that begin at these moments; the last one ends at `end`."""
        await self._rollups.refresh()
        stops = [*starts[1:], end]
        rows = await self._sql.rows(_MONTHS, starts=list(starts), stops=stops)
        counts = {row["start"]: row["n"] for row in rows}
        return [
            Month(
                first_day=start.date(), conversations=counts.get(start, 0), days=(stop - start) / timedelta(days=1)
            )
            for start, stop in zip(starts, stops, strict=True)
        ]

    async def accounts(self) -> int:
        """How many paying customers are known now."""
        return await self._sql.value("select count(*) from account where company")

    async def heard(self, *, since: datetime, bound: float) -> Speed:
        """From a webhook's receipt to its decision."""
        return await self._speed(_HEARD, since=since, bound=bound)

    async def escalated(self, *, since: datetime, bound: float) -> Speed:
        """From the decision of an urgent action to its delivery."""
        return await self._speed(_ESCALATED, since=since, bound=bound)

    async def runs(self, *, since: datetime, bound: float) -> Speed:
        """How long the daily batch took."""
        return await self._speed(_RUNS, since=since, bound=bound)

    async def adoptions(self) -> list[Adoption]:
        """The newest measure of every feature, by where it came from and name."""
        rows = await self._sql.rows(
            """select distinct on (born, feature) feature, born, adopters, audience, measured_on from adoption
            order by born, feature, measured_on desc"""
        )
        return [Adoption.model_validate(dict(row)) for row in rows]

    async def keep_adoptions(self, measured: Sequence[Adoption]) -> int:
        """Keep measures; one of the same feature and day is replaced. How many."""
        for one in measured:
            await self._sql.run(
                """insert into adoption (feature, born, adopters, audience, measured_on)
                values (:feature, :born, :adopters, :audience, :measured_on)
                on conflict (feature, measured_on) do update
                set born = excluded.born, adopters = excluded.adopters, audience = excluded.audience""",
                **(one.model_dump() | {"born": one.born.value}),
            )
        return len(measured)

    async def ratings(self, *, since: datetime, limit: int) -> list[ItemRating]:
        """What people think of backlog items, newest first."""
        rows = await self._sql.rows(_RATINGS, since=since, limit=limit)
        return [ItemRating.model_validate(dict(row)) for row in rows]

    async def unareas(self, *, since: datetime, known: Sequence[str], limit: int) -> list[Unarea]:
        """Features named by readings since a moment that are none of these areas, the most frequent first."""
        rows = await self._sql.rows(_UNAREAS, since=since, known=list(known), limit=limit)
        return [Unarea.model_validate(dict(row)) for row in rows]

    async def reached(self, *, since: datetime, kinds: Sequence[IssueType], steps: Sequence[int]) -> list[Reach]:
        """Matters of these kinds raised since a moment, by how many mentions they have in all."""
        named = [kind.value for kind in kinds]
        rows = await self._sql.rows(_REACHED, since=since, kinds=named, steps=list(steps))
        return [Reach.model_validate(dict(row)) for row in rows]

    async def versions(self, *, since: datetime, limit: int) -> list[Version]:
        """Which models and prompts read since a moment, over the newest readings."""
        rows = await self._sql.rows(_VERSIONS, since=since, limit=limit, most=_MOST)
        return [Version.model_validate(dict(row)) for row in rows]

    async def _speed(self, statement: str, *, since: datetime, bound: float) -> Speed:
        row = await self._sql.row(
            f"""with took as (select * from ({statement}) as t (seconds))
            select count(*) as n, count(*) filter (where seconds <= :bound) as within,
                percentile_disc(0.5) within group (order by seconds) as median,
                percentile_disc(0.95) within group (order by seconds) as p95 from took""",  # noqa: S608 (constants)
            since=since,
            bound=bound,
            most=_MOST,
        )
        return Speed.model_validate(dict(row or {"n": 0}))
