"""What webhooks brought, and whose turn it is to deal with it."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from earshot.domain.job import JobName
from earshot.domain.notification import Concern, InboxFigures, Notification, Turn
from earshot.ports.jobs import Later
from earshot.store.cleaning import clean
from earshot.store.driver import Row
from earshot.store.jobs.adding import ADD, NOTE
from earshot.store.sql import Sql
from earshot.store.tombstones import fingerprint

_COLUMNS = {
    "id": "text",
    "source": "text",
    "topic": "text",
    "effect": "text",
    "concern": "text",
    "external_id": "text",
    "occurred_at": "timestamptz",
    "received_at": "timestamptz",
    "trace": "text",
    "repeats": "integer",
    "mark": "bytea",
}
_ARRIVED = ", ".join(f"cast(:{name} as {kind}[])" for name, kind in _COLUMNS.items())
_THING = "source, concern, external_id"
HEAR_PRIORITY = 50
"""What a customer just wrote goes before what else the live lane has to do."""
DELETE_PRIORITY = 60
"""What is gone at the source goes first."""
_KEY = "t.source || '/' || t.concern || '/' || t.external_id || '/' || t.begun"
"""The key of the job for a thing's next turn. While it waits, whatever comes joins it; once the turn began, `begun`
is another number, so that what comes then gets a job of its own."""
_WAITING = "t.version > t.settled_version and t.gave_up_at is null"
_NEXT = "greatest(cast(:now as timestamptz), t.last_begun_at + cast(:debounce as interval))"
_TURNS = f"""(
    select '{JobName.HEAR.value}' as name, {_KEY} || case when t.effect = 'deleted' then '!' else '' end as key,
        case when t.effect = 'deleted' then {DELETE_PRIORITY} else {HEAR_PRIORITY} end as priority,
        case when t.effect = 'deleted' then interval '0'
            else greatest(t.due_at - cast(:now as timestamptz), interval '0') end as wait
    from turned t
) jobs"""
_TAKE = f"""
    with arrived as materialized (
        select {", ".join(name for name in _COLUMNS if name != "mark")}
        from unnest({_ARRIVED}) as a ({", ".join(_COLUMNS)})
        where not exists (select from erased e where e.digest = a.mark)
    ), kept as (
        insert into inbox (source, id, topic, effect, concern, external_id, occurred_at, received_at, repeats,
            decided_at)
        select source, id, topic, effect, concern, external_id, occurred_at, received_at, repeats,
            case when effect = 'nothing' then received_at end
        from arrived order by source, id
        on conflict (source, id) do update set repeats = inbox.repeats + 1 + excluded.repeats
        returning source, id, (xmax = 0) as fresh
    ), told as (
        select {_THING}, count(*) as n, bool_or(effect = 'deleted') as deleted, min(received_at) as asked_at,
            (array_agg(trace order by received_at desc, id))[1] as trace
        from kept k join arrived using (source, id) where k.fresh and effect <> 'nothing' group by {_THING}
    ), turned as (
        insert into live_turn as t ({_THING}, effect, version, asked_at, fresh_at, due_at, trace)
        select {_THING}, case when deleted then 'deleted' else 'changed' end, n, asked_at, asked_at, :now, trace
        from told order by {_THING}
        on conflict ({_THING}) do update set
            version = t.version + excluded.version,
            effect = case when {_WAITING} and t.effect = 'deleted' then 'deleted' else excluded.effect end,
            asked_at = case when {_WAITING} then t.asked_at else excluded.asked_at end,
            fresh_at = coalesce(t.fresh_at, excluded.fresh_at),
            due_at = case when excluded.effect = 'deleted' then excluded.due_at
                when {_WAITING} and t.token = '' then t.due_at else {_NEXT} end,
            trace = excluded.trace,
            attempts = case when t.gave_up_at is null then t.attempts else 0 end,
            gave_up_at = null
        returning t.*
    ), added as ({ADD.format(jobs=_TURNS)})
    select count(*) from kept where fresh
"""
"""One statement, so that many receivers do not wait for each other longer than they must; everything is locked in
order of its keys, so that they cannot wait in a circle. The engine's log is left out, it would cost a tenth."""
_SAME = "(t.source, t.concern, t.external_id) = (a.source, a.concern, a.external_id)"
_ASKED = "unnest(cast(:sources as text[]), cast(:concerns as text[]), cast(:external_ids as text[])"
_CLAIM = f"""
    with held as (
        select {_THING}, effect, version, asked_at, token, until, attempts, trace, begun
        from {_ASKED}) as a ({_THING}) join live_turn t using ({_THING})
        where {_WAITING} order by {_THING} for update of t
    ), taken as (
        update live_turn t set begun = t.begun + 1, token = cast(t.begun + 1 as text), until = :until,
            last_begun_at = :now, attempts = t.attempts + 1, fresh_at = null
        from held a where {_SAME} and (a.token = '' or a.until <= :now)
        returning {", ".join(f"t.{name}" for name in _THING.split(", "))}, t.token, t.until, t.attempts
    )
    select {_THING}, h.effect, h.version, h.asked_at, h.trace, h.until as held_until, n.token, n.until, n.attempts
    from held h left join taken n using ({_THING})
"""
"""Whether it is free is asked of the row as it was locked: the update alone would go by what it was before."""
_MINE = """t.source = :source and t.concern = :concern and t.external_id = :external_id and t.token = :token"""
_SETTLE = f"""
    with asked as materialized (
        select {_THING}, t.last_begun_at, a.version, a.version - t.settled_version as n
        from {_ASKED}, cast(:tokens as text[]), cast(:versions as bigint[])) as a ({_THING}, token, version)
        join live_turn t using ({_THING}) where t.token = a.token
    ), told as materialized (
        select i.source, i.id from inbox i where (i.source, i.id) in (
            select o.source, o.id from asked a cross join lateral (
                select o.source, o.id from inbox o
                where (o.source, o.concern, o.external_id) = (a.source, a.concern, a.external_id)
                    and o.decided_at is null
                order by o.ordinal limit a.n
            ) o
        ) order by i.source, i.id for update
    ), mine as materialized (
        select {_THING}, t.token, a.version from {_ASKED}, cast(:tokens as text[]), cast(:versions as bigint[]))
            as a ({_THING}, token, version) join live_turn t using ({_THING})
        where t.token = a.token and (select count(*) from told) >= 0 order by {_THING} for update of t
    ), done as (
        update live_turn t set settled_version = a.version, settled_at = :now, token = '', until = null,
            attempts = 0, failure = '', asked_at = coalesce(t.fresh_at, t.asked_at)
        from mine a where {_SAME} and t.token = a.token
        returning {", ".join(f"t.{name}" for name in _THING.split(", "))}, t.last_begun_at
    ), marked as (
        update inbox i set heard_at = d.last_begun_at, decided_at = :now
        from told, done d where (i.source, i.id) = (told.source, told.id)
            and (i.source, i.concern, i.external_id) = (d.source, d.concern, d.external_id)
    )
    select {_THING} from done
"""
"""Locks notifications before turns, as those do who bring new ones, and each in order of its keys."""
_AGAIN = f"""(
    select '{JobName.HEAR.value}' as name, {_KEY} as key, {HEAR_PRIORITY} as priority,
        greatest(t.due_at - cast(:now as timestamptz), interval '0') as wait
    from given t where gave_up_at is null
) jobs"""
_GIVE_BACK = f"""
    with given as (
        update live_turn t set token = '', until = null, failure = :reason,
            due_at = coalesce(cast(:again_at as timestamptz), cast(:now as timestamptz)),
            gave_up_at = case when cast(:again_at as timestamptz) is null and t.version = :version
                then cast(:now as timestamptz) end,
            attempts = case when cast(:again_at as timestamptz) is null then 0
                when :innocent then greatest(t.attempts - 1, 0) else t.attempts end
        where {_MINE} returning t.*
    ), added as ({ADD.format(jobs=_AGAIN)}), noted as ({NOTE})
    select count(*) from given
"""
_CAUGHT_UP = """
    with told as materialized (
        select i.source, i.id from inbox i where i.decided_at is null and (i.source, i.concern, i.external_id) in (
            select source, concern, external_id from live_turn
            where source = :source and concern = 'conversation' and gave_up_at < :before
        ) order by i.source, i.id for update
    ), caught as (
        update live_turn set settled_version = version, settled_at = :now, token = '', until = null,
            gave_up_at = null, attempts = 0, asked_at = coalesce(fresh_at, asked_at)
        where source = :source and concern = 'conversation' and gave_up_at < :before
            and (select count(*) from told) >= 0
        returning source, concern, external_id
    ), marked as (
        update inbox i set decided_at = :now from told, caught c
        where (i.source, i.id) = (told.source, told.id)
            and (i.source, i.concern, i.external_id) = (c.source, c.concern, c.external_id)
    )
    select count(*) from caught
"""
_TOPICS = """
    select topic, count(*) as n, sum(repeats) as repeats, max(received_at) as latest from inbox
    where received_at > cast(:now as timestamptz) - interval '1 day' group by topic order by topic
"""
_STANDING = """
    select count(*) filter (where gave_up_at is null) as waiting, count(gave_up_at) as failed,
        min(asked_at) filter (where gave_up_at is null) as oldest
    from live_turn where version > settled_version
"""
_PATIENCE = 1.0
"""Most seconds until one looks again whether another's turn is over, which mostly takes less."""
_TAKEN = "another worker deals with it"
_LONGEST = 300
"""Characters of a reason that are kept."""


class PostgresInbox:
    """`ports.jobs.Inbox` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def take(self, notifications: Sequence[Notification], *, debounce: timedelta, now: datetime) -> int:
        """Keep notifications not seen before and enqueue what they ask for; how many are new.

        The first about a thing is due at once, the next ones at the earliest `debounce` after its last turn began.
        Those about what was erased are dropped.
        """
        if not notifications:
            return 0
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for one in notifications:
            row = rows.setdefault((one.source, one.id), _row(one))
            row["repeats"] += 1
        values = {name: [row[name] for row in rows.values()] for name in _COLUMNS}
        return int(await self._sql.value(_TAKE, debounce=debounce, now=now, **values))

    async def claim(
        self, source: str, concern: Concern, *, external_id: str, lease: timedelta, now: datetime
    ) -> Turn | None:
        """The turn for a thing; None when nothing about it is unsettled. Raises Later while another holds it."""
        (found,) = await self.claim_all([(source, concern, external_id)], lease=lease, now=now)
        if isinstance(found, Later):
            raise found
        return found

    async def claim_all(
        self, things: Sequence[tuple[str, Concern, str]], *, lease: timedelta, now: datetime
    ) -> list[Turn | Later | None]:
        """The turns for things (source, concern, external id), in their order; Later is told, not raised.

        Of a thing that is named twice the first one has the turn.
        """
        named = _named(sorted({(source, concern.value, external_id) for source, concern, external_id in things}))
        rows = await self._sql.rows(_CLAIM, until=now + lease, now=now, **named)
        left = {(row["source"], row["concern"], row["external_id"]): _claimed(row, now=now) for row in rows}
        found: list[Turn | Later | None] = []
        for thing in things:
            found.append(one := left.get(thing))
            if isinstance(one, Turn):
                left[thing] = Later(_PATIENCE, _TAKEN)
        return found

    async def settle(self, turn: Turn, *, now: datetime) -> bool:
        """All up to the turn's version is dealt with. False when the turn was lost to another worker meanwhile."""
        return (await self.settle_all([turn], now=now))[0]

    async def settle_all(self, turns: Sequence[Turn], *, now: datetime) -> list[bool]:
        """The same for several turns, each of another thing."""
        if not turns:
            return []
        things = [(one.source, one.concern.value, one.external_id) for one in turns]
        held = {"tokens": [one.token for one in turns], "versions": [one.version for one in turns]}
        rows = await self._sql.rows(_SETTLE, now=now, **_named(things), **held)
        done = {(row["source"], row["concern"], row["external_id"]) for row in rows}
        return [thing in done for thing in things]

    async def give_back(
        self, turn: Turn, *, reason: str, again_at: datetime | None, now: datetime, innocent: bool = False
    ) -> None:
        """The turn did not end well: again at that time, or given up for good (None); `reason` holds no text.

        `innocent`: that was no try, as when the worker was told to stop.

        The job for the next try is enqueued here. What came meanwhile is tried in any case.
        """
        told = {"reason": clean(reason)[:_LONGEST], "again_at": again_at, "innocent": innocent}
        await self._sql.value(_GIVE_BACK, now=now, version=turn.version, **told, **_mine(turn))

    async def caught_up(self, source: str, *, before: datetime, now: datetime) -> int:
        """A complete sync that began then brought all changes: what was given up earlier is settled; how many."""
        return int(await self._sql.value(_CAUGHT_UP, source=source, before=before, now=now))

    async def figures(self, *, now: datetime) -> InboxFigures:
        """How receiving stands."""
        topics, standing = await self._sql.rows(_TOPICS, now=now), await self._sql.row(_STANDING)
        return InboxFigures(
            received_24h=sum(row["n"] for row in topics),
            duplicates_24h=sum(row["repeats"] for row in topics),
            latest=max((row["latest"] for row in topics), default=None),
            topics_24h={row["topic"]: row["n"] for row in topics},
            **(standing or {}),
        )


def _row(one: Notification) -> dict[str, Any]:
    kind = "contact" if one.concern is Concern.CONTACT else "conversation"
    value = one.external_id if kind == "contact" else f"{one.source}\x1f{one.external_id}"
    told = {name: clean(value) for name, value in one.model_dump(mode="json").items()}
    times = {"occurred_at": one.occurred_at, "received_at": one.received_at}
    return told | times | {"repeats": -1, "mark": fingerprint(kind, value)}


def _named(things: Sequence[tuple[str, str, str]]) -> dict[str, list[str]]:
    names = ("sources", "concerns", "external_ids")
    return {name: [thing[place] for thing in things] for place, name in enumerate(names)}


def _claimed(row: Row, *, now: datetime) -> Turn | Later:
    if row["token"] is None:
        left = _PATIENCE if row["held_until"] is None else (row["held_until"] - now).total_seconds()
        return Later(min(_PATIENCE, max(left, 0.0)), _TAKEN)
    return Turn.model_validate({name: row[name] for name in Turn.model_fields})


def _mine(turn: Turn) -> dict[str, str]:
    thing = {"source": turn.source, "concern": turn.concern.value, "external_id": turn.external_id}
    return thing | {"token": turn.token}
