"""Removing a person everywhere, for good: what was erased does not come back with the next sync."""

from collections.abc import Sequence
from datetime import datetime

from earshot.domain.delivery import Link
from earshot.store import tombstones, traces
from earshot.store.jobs.forgetting import forget_contacts
from earshot.store.needles import Needles
from earshot.store.outbox.withdrawals import forget_actions, forget_subjects, outside
from earshot.store.purging import Purge, gone_of
from earshot.store.sql import Sql

_ALIASES = """
    select customer_id, customer_email from conversation
    where customer_id = any(:values) or lower(customer_email) = any(:values)
    union
    select id, body->>'email' from directory
    where kind = 'contact' and (id = any(:values) or lower(body->>'email') = any(:values)
        or body->>'external_id' = any(:values))
    union
    select id, body->>'earshot_same_as' from directory
    where kind = 'contact' and (id = any(:values) or body->>'earshot_same_as' = any(:values))
        and body->>'earshot_same_as' is not null
"""
_THEIRS = """
    select c.id from conversation c
    where c.customer_id = any(:values) or lower(c.customer_email) = any(:values) or exists (
        select from jsonb_array_elements(c.messages) m where m->>'author_id' = any(:values)
    )
"""
_SAID = """
    select theme_id, summary, quote, affected_feature, context, reply from finding
    where conversation_id = any(:ids) order by id
"""


class PostgresErasure:
    """`ports.store.Erasure` in PostgreSQL."""

    def __init__(self, sql: Sql, purge: Purge) -> None:
        self._sql = sql
        self._purge = purge

    async def contact(self, contact: str) -> dict[str, int]:
        """Remove everything of a contact (id or e-mail); rows removed by table.

        Conversations they took part in go whole, group ones too; mentions of them elsewhere are masked.
        """
        needles = await self._person(contact.strip())
        values = sorted(needles.values)
        ids = set(await self._sql.column(_THEIRS, values=values))
        ids |= {one async for one, _, party, _ in traces.raw_mentions(self._sql, needles) if party}
        removed = await self._remove(sorted(ids))
        removed["directory"] = removed.get("directory", 0) + await self._sql.run(
            """delete from directory where kind = 'contact'
            and (id = any(:values) or lower(body->>'email') = any(:values))""",
            values=values,
        )
        removed["account"] = removed.get("account", 0) + await self._sql.run(
            "delete from account where id = any(:values)", values=values
        )
        removed["action"] = removed.get("action", 0) + await self._about(values)
        for table, n in (await forget_contacts(self._sql, values)).items():
            removed[table] = removed.get(table, 0) + n
        removed["masked"] = await traces.mask(self._sql, self._purge, needles=needles)
        await tombstones.remember(self._sql, "contact", values=values)
        return {table: n for table, n in removed.items() if n}

    async def conversation(self, conversation_id: str) -> dict[str, int]:
        """Remove one conversation everywhere; rows removed by table."""
        removed = await self._remove([conversation_id])
        needles = Needles(frozenset({conversation_id}))
        removed["masked"] = await traces.mask(self._sql, self._purge, needles=needles)
        return {table: n for table, n in removed.items() if n}

    async def traces(self, needle: str) -> dict[str, int]:
        """Rows that still mention an id or e-mail, by table (raw JSON included); empty when nothing is left."""
        return await traces.found(self._sql, Needles(frozenset({needle.strip()}))) if needle.strip() else {}

    async def retain(self, before: datetime) -> int:
        """Drop conversations last updated before a moment (retention); how many."""
        ids = await self._sql.column(
            "select id from conversation where updated_at < :before order by id", before=before
        )
        removed = await self._purge.conversations(ids)
        await self._sql.run(
            """delete from conversation_insights i where i.conversation_at < :before
            and not exists (select from conversation c where c.id = i.conversation_id)""",
            before=before,
        )
        await self._sql.run(
            """update llm_api_logs l set conversation_id = null where l.created_at < :before
            and l.conversation_id is not null
            and not exists (select from conversation c where c.id = l.conversation_id)""",
            before=before,
        )
        return removed.get("conversation", 0)

    async def _person(self, contact: str) -> Needles:
        """The contact's ids and e-mails, as far as they can be known from each other."""
        values, more = set[str](), {contact, contact.lower()}
        while more - values:
            values |= more
            rows = await self._sql.rows(_ALIASES, values=sorted(values))
            found = {value.strip() for row in rows for value in row.values() if value and value.strip()}
            more = found | {value.lower() for value in found if "@" in value}
        return Needles(frozenset(values))

    async def _remove(self, ids: Sequence[str]) -> dict[str, int]:
        rows = await self._sql.rows(
            "select source, external_id from conversation where id = any(:ids)", ids=list(ids)
        )
        removed = await self._purge.conversations(ids)
        names = [f"{row['source']}\x1f{row['external_id']}" for row in rows]
        await tombstones.remember(self._sql, "conversation", values=names)
        return removed

    async def outside(self, needle: str) -> list[Link]:
        """Things outside that may hold words of a contact (id or e-mail) or conversation; ask before erasing."""
        if not needle.strip():
            return []
        values = sorted((await self._person(needle.strip())).values)
        ids = set(await self._sql.column(_THEIRS, values=values)) | {needle.strip()}
        rows = await self._sql.rows(_SAID, ids=sorted(ids))
        themes = sorted({row["theme_id"] for row in rows if row["theme_id"]})
        subjects = [*values, *ids, *(f"conversation:{one}" for one in ids)]
        return await outside(self._sql, sorted(ids), gone=gone_of(rows, themes=themes), subjects=subjects)

    async def _about(self, values: Sequence[str]) -> int:
        """Remove actions whose subject is the person."""
        await forget_subjects(self._sql, values)
        keys = await self._sql.column(
            "delete from action where subject = 'customer' and subject_id = any(:values) returning key",
            values=list(values),
        )
        await forget_actions(self._sql, keys)
        await self._sql.run("delete from escalation_actions where action_key = any(:keys)", keys=keys)
        return len(keys)
