"""The conversations and their raw JSON."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import zstandard

from earshot.domain.conversation import Conversation
from earshot.ports.source import Deletion
from earshot.ports.store import DEFAULT_WANT, Arrival, Known, Want
from earshot.store import tombstones
from earshot.store.cleaning import clean_conversation, clean_or_none
from earshot.store.conversation_rows import ARRIVING, COLUMNS, from_row, messages_from, to_row
from earshot.store.leases import Leases
from earshot.store.purging import Purge
from earshot.store.sql import Sql
from earshot.store.wanting import counting, listing

_BATCH = 500
_FAR = datetime(9999, 1, 1, tzinfo=UTC)

_HELD = """
    select id, updated_at, content_hash, deleted, deleted_at from conversation
    where id = any(:ids) order by id for update
"""
_ACCOUNTS = """
    with held as (select * from account where id in (select account from arriving_conversation))
    , kept as (insert into account (id, name, plan, mrr, segment, company, updated_at)
    select distinct on (account) account, customer->>'company', customer->>'plan', (customer->>'mrr')::float8,
        customer->>'segment', coalesce(customer->>'company_id', '') <> '', updated_at
    from arriving_conversation where account is not null order by account, updated_at desc
    on conflict (id) do update set name = coalesce(excluded.name, account.name),
        plan = coalesce(excluded.plan, account.plan), mrr = coalesce(excluded.mrr, account.mrr),
        segment = coalesce(excluded.segment, account.segment), company = excluded.company,
        updated_at = excluded.updated_at
    where excluded.updated_at >= account.updated_at returning *)
    select k.id from kept k join held h using (id)
    where (k.mrr, k.segment, k.company) is distinct from (h.mrr, h.segment, h.company)
"""
"""Gives the accounts about which something that themes count has changed."""
_PLAIN = [name for name in ARRIVING.columns if name not in {"id", "source", "external_id", "messages", "raw"}]
_UPSERT = f"""
    insert into conversation (id, source, external_id, {", ".join(_PLAIN)}, messages, saved_at)
    select id, source, external_id, {", ".join(_PLAIN)}, messages, :now
    from arriving_conversation order by id
    on conflict (id) do update set {", ".join(f"{name} = excluded.{name}" for name in _PLAIN)},
        messages = case when conversation.messages = excluded.messages
            then conversation.messages else excluded.messages end,
        deleted = false, deleted_at = null, saved_at = excluded.saved_at
    where excluded.updated_at >= conversation.updated_at
    returning xmax <> 0
"""
"""Tells of each whether it was known. Only of those that were can something be counted for another account."""
_UNHEARD = """not c.deleted and c.excluded is null and c.read_hash is distinct from c.content_hash
    and c.label_hash is distinct from c.content_hash"""
_OF_CUSTOMER = """
    select c.external_id, r.body from conversation c join raw r on r.conversation_id = c.id
    where c.source = :source and not c.deleted and (
        c.customer_id = :contact and :contact <> '' or c.account = :company and :company <> ''
    ) order by c.updated_at desc, c.id collate "C" limit :limit
"""
_RAW = """
    insert into raw (conversation_id, body, stored_at)
    select a.id, a.raw, :now from arriving_conversation a
    join conversation c on c.id = a.id and c.updated_at = a.updated_at and c.content_hash = a.content_hash
    order by a.id
    on conflict (conversation_id) do update set body = excluded.body, stored_at = excluded.stored_at
"""
_MOVED = """
    update {table} t set account = c.account from arriving_conversation a join conversation c on c.id = a.id
    where t.conversation_id = a.id and t.account is distinct from c.account
"""
_STALE = """
    update theme set stale = true where id in (
        select t.id from theme t where not t.stale and t.id in (
            select f.theme_id from conversation c join finding f on f.conversation_id = c.id
            where c.account = any(:accounts)
            union all
            select f.theme_id from arriving_conversation a join conversation c on c.id = a.id
            join finding f on f.conversation_id = c.id where f.account is distinct from c.account
        ) order by t.id for update
    )
"""


class PostgresConversations(Leases):
    """`ports.store.Conversations` in PostgreSQL."""

    def __init__(self, sql: Sql, purge: Purge) -> None:
        super().__init__(sql)
        self._purge = purge

    async def known(self, source: str, external_ids: Sequence[str]) -> dict[str, Known]:
        """What is held of these conversations, by external id; erased ones look deleted for ever."""
        rows = await self._sql.rows(
            """select external_id, updated_at, deleted, content_hash,
                truncated or parts_expected is null or parts_held >= parts_expected as complete,
                read_hash is not null or label_hash is not null as begun
            from conversation where source = :source and external_id = any(:ids)""",
            source=source,
            ids=list(external_ids),
        )
        known = {
            row["external_id"]: Known(
                updated_at=row["updated_at"],
                complete=row["complete"],
                deleted=row["deleted"],
                content_hash=row["content_hash"],
                begun=row["begun"],
            )
            for row in rows
        }
        gone = await tombstones.erased_conversations(self._sql, source, external_ids=external_ids)
        return known | {name: Known(updated_at=_FAR, complete=True, deleted=True, content_hash="") for name in gone}

    async def save(self, arrivals: Sequence[Arrival], *, now: datetime) -> int:
        """Insert or replace whole conversations, customers and raw JSON; how many are new or changed in content."""
        if not arrivals:
            return 0
        newest: dict[str, Arrival] = {}
        for arrival in sorted(arrivals, key=lambda a: a.conversation.updated_at):
            newest[arrival.conversation.id] = arrival
        welcome = await tombstones.not_erased(self._sql, list(newest.values()))
        if not welcome:
            return 0
        held = {row["id"]: row for row in await self._sql.rows(_HELD, ids=[a.conversation.id for a in welcome])}
        clean = [(clean_conversation(a.conversation), a) for a in welcome]
        fresh = [(c, a) for c, a in clean if _is_newer(c, held.get(c.id))]
        if not fresh:
            return 0
        hashes = {c.id: c.content_hash for c, _ in fresh}
        changed = [c for c, _ in fresh if c.id in held and held[c.id]["content_hash"] != hashes[c.id]]
        await self._forget_taken_away(changed, excluded=[c.id for c, a in fresh if a.excluded])
        await self._write(fresh, hashes, now=now)
        return len(changed) + sum(c.id not in held for c, _ in fresh)

    async def _forget_taken_away(self, changed: Sequence[Conversation], *, excluded: Sequence[str]) -> None:
        """Insights of texts that are (partly) gone, or that are not to be read, must not outlive them."""
        if not changed and not excluded:
            return
        rows = await self._sql.rows(
            "select id, title, messages from conversation where id = any(:ids)", ids=[c.id for c in changed]
        )
        old = {row["id"]: row for row in rows}
        shrunk = [c.id for c in changed if c.id in old and _lost_text(old[c.id], c)]
        await self._purge.readings([*shrunk, *excluded])
        await self._purge.summaries([c.id for c in changed])

    async def _write(
        self, fresh: Sequence[tuple[Conversation, Arrival]], hashes: Mapping[str, str], *, now: datetime
    ) -> None:
        pack = zstandard.ZstdCompressor(level=3).compress
        rows = [
            to_row(c, excluded=clean_or_none(a.excluded), raw=pack(a.raw), content_hash=hashes[c.id])
            for c, a in sorted(fresh, key=lambda pair: pair[0].id)
        ]
        await self._sql.stage(ARRIVING, rows)
        accounts = await self._sql.column(_ACCOUNTS)
        again = any(await self._sql.column(_UPSERT, now=now))
        await self._sql.run(_RAW, now=now)
        if again or accounts:
            await self._sql.run(_STALE, accounts=accounts)
        if again:
            for table in ("conversation_insights", "finding"):
                await self._sql.run(_MOVED.format(table=table))

    async def delete(self, source: str, deletions: Sequence[Deletion]) -> int:
        """Purge texts, quotes and insights of conversations deleted at the source, keeping a bare tombstone."""
        if not deletions:
            return 0
        times = {d.external_id: d.deleted_at for d in deletions}
        rows = await self._sql.rows(
            """select id, external_id from conversation
            where source = :source and external_id = any(:ids) and not deleted order by id for update""",
            source=source,
            ids=list(times),
        )
        await self._purge.to_tombstones({row["id"]: times[row["external_id"]] for row in rows})
        return len(rows)

    async def get(self, ids: Sequence[str]) -> list[Conversation]:
        """The conversations with these public ids, in that order, those that exist."""
        rows = await self._sql.rows(f"select {COLUMNS} from conversation c where c.id = any(:ids)", ids=list(ids))
        found = {row["id"]: from_row(row) for row in rows}
        return [found[one] for one in ids if one in found]

    async def unheard(self, ids: Sequence[str]) -> list[Conversation]:
        """Those of these, as stored, of whose present text there are no labels and no reading; in that order."""
        statement = f"select {COLUMNS} from conversation c where c.id = any(:ids) and {_UNHEARD}"
        found = {row["id"]: from_row(row) for row in await self._sql.rows(statement, ids=list(ids))}
        return [found[one] for one in ids if one in found]

    async def of_customer(
        self, source: str, *, contact: str = "", company: str = "", limit: int
    ) -> dict[str, bytes]:
        """The raw JSON of conversations of a contact or a company, newest first, by external id."""
        rows = await self._sql.rows(_OF_CUSTOMER, source=source, contact=contact, company=company, limit=limit)
        unpack = zstandard.ZstdDecompressor().decompress
        return {row["external_id"]: unpack(row["body"]) for row in rows}

    async def pending(self, limit: int, *, want: Want = DEFAULT_WANT) -> list[Conversation]:
        """Conversations to be read: not deleted, not excluded, no insight or Unread for their content hash.

        A conversation that waits in an open batch is given again only when its text has changed since.
        """
        statement, values = listing(want)
        return [from_row(row) for row in await self._sql.rows(statement, limit=limit, **values)]

    async def count_pending(self, *, want: Want = DEFAULT_WANT) -> int:
        """How many `pending` would return without a limit."""
        statement, values = counting(want)
        return int(await self._sql.value(statement, **values))

    async def export(self) -> AsyncIterator[Sequence[Conversation]]:
        """All conversations in batches, by creation time and id; deleted ones as tombstones."""
        statement = f'select {COLUMNS} from conversation c order by c.created_at, c.id collate "C"'
        async for rows in self._sql.batches(statement, size=_BATCH):
            yield [from_row(row) for row in rows]


def _is_newer(arriving: Conversation, held: Any) -> bool:
    if held is None:
        return True
    if held["deleted"]:
        return arriving.updated_at > held["deleted_at"]
    return arriving.updated_at >= held["updated_at"]


def _lost_text(old: Any, new: Conversation) -> bool:
    """Whether words that we held are no longer at the source: a redaction, an edit, a removed message."""
    texts = {message.id: message.text for message in new.messages}
    kept = all(message.text in texts.get(message.id, "") for message in messages_from(old["messages"]))
    return not kept or (old["title"] is not None and old["title"] != new.title)
