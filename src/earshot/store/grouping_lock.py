"""The lock round groupings: one at a time, and nothing that one has in memory goes away or changes meanwhile."""

from collections.abc import Sequence

from earshot.store.sql import Sql

_LOCK = "select pg_advisory_xact_lock{shared}(hashtextextended('earshot:grouping', 0))"
_MENTIONS = "select exists (select from finding where conversation_id = any(cast(:ids as text[])))"


async def lock_grouping(sql: Sql) -> None:
    """Group alone until the end of the transaction."""
    await sql.run(_LOCK.format(shared=""))


async def hold_grouping(sql: Sql, ids: Sequence[str]) -> None:
    """What is said in these conversations goes away: a grouping that has it in memory would save it as a name."""
    if await sql.value(_MENTIONS, ids=list(ids)):
        await lock_grouping(sql)


async def share_grouping(sql: Sql, ids: Sequence[str]) -> bool:
    """What is said in these conversations changes: with others who change something, but not beside a grouping.

    Whether anything was said in them before; the caller holds the conversations, so that nobody adds to it.
    """
    said = bool(await sql.value(_MENTIONS, ids=list(ids)))
    if said:
        await sql.run(_LOCK.format(shared="_shared"))
    return said
