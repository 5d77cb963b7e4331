"""Who sends what: rows of the outbox are leased, paced, and taken back from those who died."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from earshot.domain.delivery import Delivery
from earshot.ports.outbox import Allowance
from earshot.store.outbox.rows import DELIVERY, JOINED, delivery_from
from earshot.store.sql import Sql

BURST = 1.0
"""Seconds' worth of requests that may go at once after a pause."""
STOPPED = "the sender stopped"
"""The cause of a delivery whose sender did not come back."""

_FIRST = """not exists (
        select from delivery o where o.object_key = d.object_key and o.id <> d.id
            and o.state in ('held', 'pending', 'sending', 'unknown')
            and (o.ordinal < d.ordinal or o.state = 'sending')
    )"""
"""A row that nothing of the same object must precede."""
_FREE = {"pending": "true", "unknown": "(d.lease_until is null or d.lease_until <= :now)"}
"""Which rows of a state nobody has leased."""
_WANTED = """unnest(cast(:names as text[]), cast(:rates as float8[]), cast(:rooms as integer[]))
    as w (destination, rate, room)"""
_BUSY = """exists (
        select from delivery b where b.destination = h.destination
            and (b.state = 'sending' or b.state = 'unknown' and b.lease_until > :now)
    )"""
_OPEN = f"""(h.breaker = 'closed' or h.breaker = 'open' and h.probe_at <= :now and not {_BUSY})"""
_EARLY = f"greatest(0, {BURST} - 1 / w.rate)"
"""Seconds that a request may be early (GCRA): `next_at` is when it would go, had they come evenly."""
_READY = f"""
    select h.destination, w.rate, least(w.room, case when h.breaker = 'open' then 1 else floor(1.000001 + w.rate
        * ({_EARLY} - extract(epoch from greatest(h.next_at, :now) - cast(:now as timestamptz))))::integer end
    ) as room
    from destination_health h join {_WANTED} using (destination)
    where {_OPEN} and h.next_at <= cast(:now as timestamptz) + make_interval(secs => {_EARLY} + 0.000001)
    order by h.destination for update of h
"""
"""How many requests each destination takes now: what room there is and what pacing allows."""
CLAIM = f"""
    with found as materialized (
        select p.* from unnest(cast(:names as text[]), cast(:rooms as integer[])) as r (destination, room)
        cross join lateral (
            select d.id, d.urgent, d.not_before, d.ordinal from delivery d
            where d.destination = r.destination and d.state = '{{state}}' and d.not_before <= :now and {{free}}
                and {_FIRST}
            order by d.urgent desc, d.not_before, d.ordinal limit least(r.room, cast(:limit as integer))
        ) p order by p.urgent desc, p.not_before, p.ordinal limit :limit
    ), picked as materialized (
        select d.id from delivery d where d.id in (select id from found) and d.state = '{{state}}'
        for update skip locked
    ), leased as (
        update delivery d set state = '{{becomes}}', worker = :worker, lease_until = :until
        from picked p where d.id = p.id returning d.*
    ), paced as (
        update destination_health h
        set next_at = greatest(h.next_at, cast(:now as timestamptz)) + make_interval(secs => t.n / w.rate)
        from (select destination, count(*) as n from leased group by destination) t
        join unnest(cast(:names as text[]), cast(:rates as float8[])) as w (destination, rate) using (destination)
        where h.destination = t.destination
    )
    select {DELIVERY} from leased d {JOINED} order by d.urgent desc, d.not_before, d.ordinal
"""
"""Leases rows of a state; `free` says which of them nobody holds. The destinations are held already, so that nobody
else claims of them, and what is seen is as they left it."""
_EXPIRE = """
    update delivery set state = 'unknown', maybe_arrived = true, not_before = :now, worker = '', lease_until = null,
        cause = :cause
    where state = 'sending' and lease_until <= :now
"""
_NEXT = f"""
    select min(at) from (
        (select plan_at as at from action where plan_at is not null and urgent order by plan_at limit 1)
        union all
        (select plan_at from action where plan_at is not null and not urgent order by plan_at limit 1)
        union all
        select min(at) from action_growth
        union all
        select min(lease_until) from delivery where state = 'sending'
        union all
        select greatest(q.at, h.next_at - make_interval(secs => {_EARLY}),
            case when h.breaker = 'open' then h.probe_at end)
        from destination_health h join {_WANTED} using (destination) cross join lateral (
            (select d.not_before as at from delivery d
                where d.destination = h.destination and d.state = 'pending' and d.urgent and {_FIRST}
                order by d.not_before limit 1)
            union all
            (select d.not_before from delivery d
                where d.destination = h.destination and d.state = 'pending' and not d.urgent and {_FIRST}
                order by d.not_before limit 1)
            union all
            (select greatest(d.not_before, d.lease_until) from delivery d
                where d.destination = h.destination and d.state = 'unknown' and {_FIRST}
                order by 1 limit 1)
        ) q where w.room > 0 and (h.breaker = 'closed' or h.breaker = 'open' and not {_BUSY})
    ) waiting
"""


class Claims:
    """The part of `ports.outbox.Outbox` that hands out rows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def claim(
        self, limit: int, *, now: datetime, lease: timedelta, worker: str, destinations: Mapping[str, Allowance]
    ) -> list[Delivery]:
        """Lease due deliveries: urgent ones first, then the oldest; at most one under way per object, in order."""
        lent = {"now": now, "until": now + lease, "worker": worker}
        return await self._claim("pending", limit, becomes="sending", destinations=destinations, **lent)

    async def claim_unknown(
        self, limit: int, *, now: datetime, lease: timedelta, worker: str, destinations: Mapping[str, Allowance]
    ) -> list[Delivery]:
        """Lease UNKNOWN rows whose `not_before` has come, to be looked up. They stay UNKNOWN while leased."""
        lent = {"now": now, "until": now + lease, "worker": worker}
        return await self._claim("unknown", limit, becomes="unknown", destinations=destinations, **lent)

    async def expire(self, *, now: datetime) -> int:
        """SENDING rows whose lease ran out become UNKNOWN; how many."""
        return await self._sql.run(_EXPIRE, now=now, cause=STOPPED)

    async def next_due(self, *, now: datetime, destinations: Mapping[str, Allowance]) -> datetime | None:
        """When planning, a claim of these destinations or a lost lease falls due next; None when nothing waits."""
        found: datetime | None = await self._sql.value(_NEXT, now=now, **_wanted(destinations))
        return None if found is None else max(found, now)

    async def _claim(
        self, state: str, limit: int, *, becomes: str, destinations: Mapping[str, Allowance], **lent: Any
    ) -> list[Delivery]:
        if not destinations or limit <= 0:
            return []
        ready = await self._sql.rows(_READY, now=lent["now"], **_wanted(destinations))
        open_ = {row["destination"]: (row["rate"], row["room"]) for row in ready if row["room"] > 0}
        if not open_:
            return []
        rooms = {
            "names": list(open_),
            "rates": [r for r, _ in open_.values()],
            "rooms": [n for _, n in open_.values()],
        }
        statement = CLAIM.format(state=state, free=_FREE[state], becomes=becomes)
        rows = await self._sql.rows(statement, limit=limit, **lent, **rooms)
        return [delivery_from(row) for row in rows]


def _wanted(destinations: Mapping[str, Allowance]) -> dict[str, object]:
    """The parameters of `_WANTED`."""
    return {
        "names": list(destinations),
        "rates": [one.per_second for one in destinations.values()],
        "rooms": [one.room for one in destinations.values()],
    }
