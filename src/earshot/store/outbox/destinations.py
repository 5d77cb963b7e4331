"""How destinations fare, and when they take the next request."""

import json
from datetime import datetime
from typing import Any

from earshot.domain.delivery import Health
from earshot.store.cleaning import clean
from earshot.store.sql import Sql

_KEPT = "destination, breaker, failures, recent, opened, probe_at, last_success, failing_since, p95_ms, reason"
_HEALTH = f"""
    select {_KEPT}, coalesce(w.waiting, 0) as waiting, w.oldest, coalesce(x.dead, 0) as dead
    from destination_health left join (
        select destination, count(*) as waiting, min(created_at) as oldest from delivery
        where state in ('pending', 'sending', 'unknown') group by destination
    ) w using (destination) left join (
        select destination, count(*) as dead from delivery where state = 'dead' group by destination
    ) x using (destination) order by destination
"""  # noqa: S608 (constant names; values are parameters)
_HELD = f"select {_KEPT} from destination_health where destination = :destination for update"  # noqa: S608
_SAVE = """
    insert into destination_health (destination, breaker, failures, recent, opened, probe_at, last_success,
        failing_since, p95_ms, reason)
    values (:destination, :breaker, :failures, cast(:recent as jsonb), :opened, :probe_at, :last_success,
        :failing_since, :p95_ms, :reason)
    on conflict (destination) do update set breaker = excluded.breaker, failures = excluded.failures,
        recent = excluded.recent, opened = excluded.opened, probe_at = excluded.probe_at,
        last_success = excluded.last_success, failing_since = excluded.failing_since, p95_ms = excluded.p95_ms,
        reason = excluded.reason
"""
_KNOWN = "insert into destination_health (destination) values (:destination) on conflict (destination) do nothing"
_HOLD_BACK = "update destination_health set next_at = greatest(next_at, :until) where destination = :destination"


class Destinations:
    """The part of `ports.outbox.Outbox` about destinations."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def health(self) -> list[Health]:
        """How every destination fares that was ever used."""
        return [_health(row) for row in await self._sql.rows(_HEALTH)]

    async def health_of(self, destination: str) -> Health:
        """How one destination fares, held until the commit: to be changed and saved."""
        await self._sql.run(_KNOWN, destination=destination)
        row = await self._sql.row(_HELD, destination=destination)
        return Health(destination=destination) if row is None else _health(row)

    async def hold_back(self, destination: str, *, until: datetime) -> None:
        """Hand out nothing of a destination before a moment (it said when to come again)."""
        await self._sql.run(_KNOWN, destination=destination)
        await self._sql.run(_HOLD_BACK, destination=destination, until=until)

    async def save_health(self, health: Health) -> None:
        """Keep it (the counted fields waiting, oldest, dead are derived and not kept)."""
        told = health.model_dump(mode="json", include={"recent"})
        kept = health.model_dump(exclude={"recent", "waiting", "oldest", "dead", "breaker", "reason"})
        await self._sql.run(
            _SAVE,
            **kept,
            breaker=health.breaker.value,
            recent=json.dumps(told["recent"]),
            reason=clean(health.reason),
        )


def _health(row: Any) -> Health:
    return Health.model_validate({**row, "recent": json.loads(row["recent"])})
