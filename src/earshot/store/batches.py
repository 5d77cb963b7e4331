"""Batches at providers and in files, and their entries."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Sequence
from typing import Any

from earshot.domain.batch import BatchEntry, BatchStatus, EntryState, ReadingBatch
from earshot.domain.call import Mode
from earshot.store import tombstones
from earshot.store.cleaning import clean_or_none
from earshot.store.sql import Sql, Stage

_CLOSED = (BatchStatus.COLLECTED.value, BatchStatus.ABANDONED.value)
_BATCH = tuple(ReadingBatch.model_fields)
_ENTRY = tuple(BatchEntry.model_fields)
_INSERT = f"insert into reading_batch ({', '.join(_BATCH)}) values ({', '.join(f':{name}' for name in _BATCH)})"
_STANDS = ("status", "handle", "entries", "submitting_at", "submitted_at", "ended_at", "note")
_SAVE = f"""{_INSERT}
    on conflict (id) do update set {", ".join(f"{name} = excluded.{name}" for name in _STANDS)}
"""
_CLAIMING = Stage(
    "claiming_entry",
    dict.fromkeys(_ENTRY, "text") | {"n": "integer"},
)
_LOCK = """
    select c.id, c.deleted from conversation c join (select distinct conversation_id from claiming_entry) e
        on e.conversation_id = c.id order by c.id for share of c
"""
_CLAIM = f"""
    insert into batch_entry ({", ".join(_ENTRY)}, open)
    select {", ".join(_ENTRY)}, cast(:open as boolean) from claiming_entry
    where conversation_id <> all(cast(:gone as text[])) order by conversation_id, n
    on conflict do nothing
"""
_TAKE_OVER = """
    update batch_entry e set batch_id = c.batch_id, prompt_version = c.prompt_version, state = c.state,
        note = c.note
    from claiming_entry c where e.id = c.id and not e.open and e.batch_id <> c.batch_id
"""
_SETTLE = """
    update batch_entry e set state = s.state, note = s.note, open = false from claiming_entry s
    where e.id = s.id and e.state = 'waiting' and s.state <> 'waiting' returning e.id
"""


class PostgresBatches:
    """`ports.store.Batches` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def claim(self, batch: ReadingBatch, entries: Sequence[BatchEntry]) -> list[BatchEntry]:
        """Store a batch with those entries whose conversation no other open batch holds; the entries kept.

        A batch of mode FILE claims nothing and keeps all; entries that an older file held are now its own.
        Conversations that are gone are left out; a batch that would have no entries is not stored.
        """
        await self._stage(entries)
        held = await self._sql.rows(_LOCK)
        gone = {row["id"] for row in held if row["deleted"]}
        gone |= await tombstones.erased_ids(self._sql, sorted({e.conversation_id for e in entries}))
        await self._sql.run(_CLAIM, open=batch.mode is Mode.BATCH, gone=sorted(gone))
        if batch.mode is Mode.FILE:
            await self._sql.run(_TAKE_OVER)
        kept = set(await self._sql.column("select id from batch_entry where batch_id = :id", id=batch.id))
        if kept:
            stored = batch.model_copy(update={"entries": len(kept)})
            await self._sql.run(f"{_INSERT} on conflict (id) do nothing", **_batch_row(stored))
        return [entry for entry in entries if entry.id in kept]

    async def save(self, batch: ReadingBatch) -> None:
        """Store how a batch stands; once it is collected or abandoned, its conversations are free again."""
        await self._sql.run(_SAVE, **_batch_row(batch))
        if batch.status in _CLOSED:
            await self._sql.run("update batch_entry set open = false where batch_id = :id and open", id=batch.id)

    async def unsettled(self) -> list[ReadingBatch]:
        """Batches of mode BATCH that are neither collected nor abandoned, oldest first."""
        rows = await self._sql.rows(
            """select * from reading_batch where mode = 'batch' and status <> all(cast(:closed as text[]))
            order by created_at, id""",
            closed=list(_CLOSED),
        )
        return [ReadingBatch.model_validate(dict(row)) for row in rows]

    async def get(self, batch_id: str) -> ReadingBatch | None:
        """One batch."""
        row = await self._sql.row("select * from reading_batch where id = :id", id=batch_id)
        return None if row is None else ReadingBatch.model_validate(dict(row))

    async def latest(self, limit: int) -> list[ReadingBatch]:
        """The newest batches of any state."""
        rows = await self._sql.rows(
            "select * from reading_batch order by created_at desc, id desc limit :limit", limit=limit
        )
        return [ReadingBatch.model_validate(dict(row)) for row in rows]

    async def entries(self, batch_id: str) -> list[BatchEntry]:
        """The entries of a batch, by id."""
        rows = await self._sql.rows(
            f'select {", ".join(_ENTRY)} from batch_entry where batch_id = :id order by id collate "C"', id=batch_id
        )
        return [BatchEntry.model_validate(dict(row)) for row in rows]

    async def find(self, entry_ids: Sequence[str]) -> dict[str, BatchEntry]:
        """Entries of any batch by their ids."""
        rows = await self._sql.rows(
            f"select {', '.join(_ENTRY)} from batch_entry where id = any(:ids)", ids=list(entry_ids)
        )
        return {row["id"]: BatchEntry.model_validate(dict(row)) for row in rows}

    async def settle(self, entries: Sequence[BatchEntry]) -> list[str]:
        """Store the new states of waiting entries; the ids that were waiting until now (others are left)."""
        if not entries:
            return []
        await self._stage(list({entry.id: entry for entry in reversed(entries)}.values()))
        settled = set(await self._sql.column(_SETTLE))
        return list(dict.fromkeys(e.id for e in entries if e.id in settled and e.state is not EntryState.WAITING))

    async def _stage(self, entries: Sequence[BatchEntry]) -> None:
        rows = [(*_entry_values(entry), n) for n, entry in enumerate(entries)]
        await self._sql.stage(_CLAIMING, rows)


def _batch_row(batch: ReadingBatch) -> dict[str, Any]:
    return batch.model_dump() | {
        "mode": batch.mode.value,
        "tier": batch.tier.value,
        "status": batch.status.value,
        "note": clean_or_none(batch.note),
    }


def _entry_values(entry: BatchEntry) -> tuple[Any, ...]:
    values = entry.model_dump() | {"state": entry.state.value, "note": clean_or_none(entry.note)}
    return tuple(values[name] for name in _ENTRY)
