"""Figures of rules, each from bounded index scans over what they decided."""

from collections.abc import Sequence
from datetime import datetime

from earshot.ports.pages.rules import INSIDE, REHEARSED, UNSENT, Fired
from earshot.store.sql import Sql

_FIRED = """
    select r.name, w.since, (select count(*) from (
        select from action a where a.rule = r.name and a.created_at >= w.since limit :most
    ) few) as n
    from unnest(cast(:rules as text[])) r (name) cross join unnest(cast(:sinces as timestamptz[])) w (since)
"""
_CAME_OF = """
    select r.name, coalesce(d.state, case
        when a.kind in ('ADD_TO_PM_QUEUE', 'INCREMENT_FEATURE_COUNTER') then cast(:inside as text)
        when a.dry_run then cast(:rehearsed as text) else cast(:unsent as text) end) as state, count(*) as n
    from unnest(cast(:rules as text[])) r (name) cross join lateral (
        select key, kind, dry_run from action where rule = r.name and created_at >= :since
        order by rule desc, created_at desc, key desc limit :most
    ) a left join lateral (select state from delivery where action_key = a.key) d on true group by 1, 2
"""
_CONVERSATIONS = """
    select count(distinct conversation_id) from (
        select conversation_id from action_member where rule = :rule and at >= :since order by at desc limit :most
    ) few
"""
_NEWEST = """
    select conversation_at from conversation_insights
    where conversation_at >= :since and conversation_at < :until
    order by conversation_at desc, conversation_id desc offset cast(:most as integer) - 1 limit 2
"""
_HOLD = "select pg_advisory_xact_lock(hashtextextended('earshot:rule:' || cast(:name as text), 0))"


class PostgresRules:
    """`ports.pages.rules.Rules` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def fired(self, rules: Sequence[str], sinces: Sequence[datetime], *, most: int) -> list[Fired]:
        """How many actions each rule decided since each moment, counted up to `most`."""
        rows = await self._sql.rows(_FIRED, rules=list(rules), sinces=list(sinces), most=most)
        return [Fired(rule=row["name"], since=row["since"], actions=row["n"]) for row in rows]

    async def came_of(self, rules: Sequence[str], since: datetime, *, most: int) -> dict[str, dict[str, int]]:
        """By rule, how many deliveries of its newest `most` actions are in which state."""
        words = {"inside": INSIDE, "rehearsed": REHEARSED, "unsent": UNSENT}
        found: dict[str, dict[str, int]] = {}
        for row in await self._sql.rows(_CAME_OF, rules=list(rules), since=since, most=most, **words):
            found.setdefault(row["name"], {})[row["state"]] = row["n"]
        return found

    async def conversations(self, rule: str, since: datetime, *, most: int) -> int:
        """How many conversations led this rule to an action or to join one since then, up to `most`."""
        return int(await self._sql.value(_CONVERSATIONS, rule=rule, since=since, most=most))

    async def newest(self, since: datetime, until: datetime, *, most: int) -> tuple[datetime, bool]:
        """When the span begins that holds the newest `most` insights of a span, and whether that is all of them."""
        found = await self._sql.column(_NEWEST, since=since, until=until, most=most)
        return (found[0], False) if len(found) > 1 else (since, True)

    async def hold(self, name: str) -> None:
        """Nobody else switches this rule until the end of the unit of work."""
        await self._sql.run(_HOLD, name=name)
