"""When schedules come next and how they went."""

from collections.abc import Sequence

from earshot.domain.schedule import ScheduleState
from earshot.store.cleaning import clean
from earshot.store.sql import Sql

_SAVE = """
    insert into schedule (name, next_at, last_tick, started_at, ended_at, ok, outcome)
    values (:name, :next_at, :last_tick, :started_at, :ended_at, :ok, :outcome)
    on conflict (name) do update set next_at = excluded.next_at, last_tick = excluded.last_tick,
        started_at = excluded.started_at, ended_at = excluded.ended_at, ok = excluded.ok, outcome = excluded.outcome
"""


class PostgresSchedules:
    """`ports.jobs.Schedules` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def states(self) -> list[ScheduleState]:
        """All known schedules, by name."""
        rows = await self._sql.rows('select * from schedule order by name collate "C"')
        return [ScheduleState.model_validate(dict(row)) for row in rows]

    async def lock(self) -> None:
        """Hold all schedules until the transaction ends, so that a tick happens once on however many machines."""
        await self._sql.run("select pg_advisory_xact_lock(hashtextextended('earshot:schedules', 0))")

    async def save(self, state: ScheduleState) -> None:
        """Store how a schedule stands."""
        await self._sql.run(_SAVE, **state.model_dump() | {"outcome": clean(state.outcome)})

    async def forget(self, names: Sequence[str]) -> None:
        """Drop schedules that the settings no longer name."""
        await self._sql.run("delete from schedule where name = any(:names)", names=list(names))
