"""Runs of the line, how far each source was read, and whose database this is."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from typing import Any

from earshot.domain.run import Completeness, Run
from earshot.errors import Misconfigured
from earshot.ports.source import Workspace
from earshot.ports.store import SyncState
from earshot.store.sql import Sql

_VALUES = """ended_at = :ended_at, ok = :ok, completeness = cast(:completeness as jsonb), classified = :classified,
    unread = :unread, actions = :actions"""


class PostgresRuns:
    """`ports.store.Runs` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def start(self, run: Run) -> None:
        """Record that a run began."""
        await self._sql.run(
            "insert into run (id, kind, started_at) values (:id, :kind, :started_at) on conflict (id) do nothing",
            id=run.id,
            kind=run.kind,
            started_at=run.started_at,
        )
        await self._update(run)

    async def finish(self, run: Run) -> None:
        """Record how a run ended."""
        await self._update(run)

    async def _update(self, run: Run) -> None:
        await self._sql.run(
            f"update run set {_VALUES} where id = :id",
            id=run.id,
            ended_at=run.ended_at,
            ok=run.ok,
            completeness=None if run.completeness is None else run.completeness.model_dump_json(),
            classified=run.classified,
            unread=run.unread,
            actions=run.actions,
        )

    async def latest(self, kind: str, *, only_ok: bool = False) -> Run | None:
        """The newest run of a kind."""
        row = await self._sql.row(
            """select * from run where kind = :kind and (ok or not :only_ok) order by started_at desc,
                id limit 1""",
            kind=kind,
            only_ok=only_ok,
        )
        return None if row is None else run_from(row)

    async def sync_state(self, source: str) -> SyncState:
        """How far the source was read; all None at first."""
        row = await self._sql.row(
            "select cursor, backfill_from, deleted_at, deep_at from sync_state where source = :source",
            source=source,
        )
        return SyncState() if row is None else SyncState.model_validate(dict(row))

    async def save_sync_state(self, source: str, state: SyncState) -> None:
        """Checkpoint."""
        await self._sql.run(
            """insert into sync_state (source, cursor, backfill_from, deleted_at, deep_at)
            values (:source, :cursor, :backfill_from, :deleted_at, :deep_at)
            on conflict (source) do update set cursor = excluded.cursor, backfill_from = excluded.backfill_from,
                deleted_at = excluded.deleted_at, deep_at = excluded.deep_at""",
            source=source,
            **state.model_dump(),
        )

    async def bind(self, source: str, workspace: Workspace) -> None:
        """Tie this database to a workspace; Misconfigured when it already belongs to another one."""
        await self._sql.run(
            """insert into workspace (source, id, name, region, timezone)
            values (:source, :id, :name, :region, :timezone) on conflict (source) do nothing""",
            source=source,
            **workspace.model_dump(),
        )
        row = await self._sql.row("select id, name from workspace where source = :source", source=source)
        if row is not None and row["id"] != workspace.id:
            raise Misconfigured(
                f"this database holds workspace {row['name']} ({row['id']}), not {workspace.name} ({workspace.id})",
                hint="use another --data-dir or DATABASE_URL for each workspace, or the token of the first one",
            )
        await self._sql.run(
            "update workspace set name = :name, region = :region, timezone = :timezone where source = :source",
            source=source,
            **workspace.model_dump(exclude={"id"}),
        )

    async def workspace(self) -> Workspace | None:
        """The workspace this database belongs to."""
        row = await self._sql.row(
            "select id, name, region, timezone from workspace order by bound_at, source limit 1"
        )
        return None if row is None else Workspace.model_validate(dict(row))


def run_from(row: Any) -> Run:
    """The run of a row."""
    completeness = row["completeness"]
    return Run(
        id=row["id"],
        kind=row["kind"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        ok=row["ok"],
        completeness=None if completeness is None else Completeness.model_validate_json(completeness),
        classified=row["classified"],
        unread=row["unread"],
        actions=row["actions"],
    )
