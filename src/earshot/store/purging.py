"""Takes conversations, or what was read from them, out of everything that was derived from them."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from earshot.store.forgetting import forget_digests, forget_edits
from earshot.store.grouping_lock import hold_grouping
from earshot.store.item_scrubbing import recount_items
from earshot.store.jobs.forgetting import forget_conversations
from earshot.store.outbox.withdrawals import Gone, forget_actions, forget_subjects, withdraw
from earshot.store.placements import TOLD
from earshot.store.scrubbing import Withdrawn, scrub_lexicon, scrub_theme, stray_themes
from earshot.store.sql import Sql

_WITHDRAWN = f"""
    select f.id, f.theme_id, f.summary, f.quote, f.affected_feature, told.context, told.reply, p.digest as placed,
        mention_digest(f.issue_type, f.affected_feature, f.summary, f.quote, told.context, told.reply) as digest
    from finding f left join placement p on p.finding_id = f.id {TOLD}
    where f.conversation_id = any(:ids) order by f.id
"""
_UNSAID = "update {table} set reason = '' where conversation_id = any(:ids) and reason <> ''"
"""A reason cites the summary that led to the action."""
_UNREMEMBER = """
    update correction set was = null, was_score = null, was_label = null where conversation_id = any(:ids)
"""
"""What a model said goes with its reading; what a person decided stays for the next one."""
_LOCK = "select id from conversation where id = any(:ids) order by id for update"
"""Whoever is about to add something about these conversations has finished before, or comes after."""
_EMPTY_BATCHES = """
    delete from reading_batch b where b.id = any(:batches)
        and (b.mode = 'file' or b.status in ('collected', 'abandoned'))
        and not exists (select from batch_entry e where e.batch_id = b.id)
"""
_TOMBSTONE = """
    update conversation c set deleted = true, deleted_at = t.at, title = null, messages = '[]', customer = null,
        customer_id = null, customer_email = null, account = null, tags = '{}', url = null, team_id = null,
        rating = null, ai_outcome = null, parts_expected = null, parts_held = 0, truncated = false,
        content_hash = '', read_hash = '', excluded = null
    from unnest(cast(:ids as varchar[]), cast(:times as timestamptz[])) as t (id, at) where c.id = t.id
"""
_UNSHOWN = """
    update report_sent set shown = jsonb_set(shown, '{conversations}', (
        select coalesce(jsonb_agg(one), '[]') from jsonb_array_elements_text(shown -> 'conversations') as one
        where one <> all(cast(:ids as text[]))
    )) where (shown -> 'conversations') ?| cast(:ids as text[])
"""
"""What a report showed is kept by id, to tell what is new in the next."""
_UNUSED_CONTACTS = """
    delete from directory d where d.kind = 'contact' and d.id = any(:people)
        and not exists (select from conversation c where c.customer_id = d.id)
"""
_UNUSED_ACCOUNTS = """
    delete from account a where a.id = any(:accounts)
        and not exists (select from conversation c where c.account = a.id)
"""
_UNDECIDE = """
    delete from queue_decision where subject = any(:ids) or exists (
        select from jsonb_each_text(before) b where b.value = any(cast(:ids as text[]))
    )
"""


class Purge:
    """Removal inside one transaction; counts are rows by table."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def readings(self, ids: Sequence[str], *, final: bool = False) -> dict[str, int]:
        """Remove insights, findings, labels and unread marks; the conversations are to be read again.

        With `final` they are not: they are about to go themselves.
        """
        if not ids:
            return {}
        await self._sql.run(_LOCK, ids=list(ids))
        removed = {"finding": await self._findings(ids, final=final)}
        for table in ("conversation_insights", "first_labels", "unread"):
            removed[table] = await self._delete(table, ids)
        removed["summary"] = await self.summaries(ids)
        await self._sql.run(_UNDECIDE, ids=list(ids))
        await self._sql.run("update conversation set read_hash = null where id = any(:ids)", ids=list(ids))
        for table in ("action", "escalation_actions"):
            await self._sql.run(_UNSAID.format(table=table), ids=list(ids))
        if final:
            removed["correction"] = await self._delete("correction", ids)
            removed["audit_member"] = await self._delete("audit_member", ids)
        else:
            await self._sql.run(_UNREMEMBER, ids=list(ids))
        return removed

    async def summaries(self, ids: Sequence[str]) -> int:
        """Remove stored summaries of these conversations."""
        return await self._delete("summary", ids) if ids else 0

    async def to_tombstones(self, times: Mapping[str, datetime]) -> None:
        """Leave of each conversation only its id, that it is deleted, and when."""
        if not times:
            return
        ids = list(times)
        people, accounts = await self._people(ids)
        await self.readings(ids, final=True)
        await self._delete("raw", ids)
        await forget_edits(self._sql, ids)
        await self._entries(ids)
        await self._sql.run(_TOMBSTONE, ids=ids, times=list(times.values()))
        await self._unused(people, accounts)

    async def conversations(self, ids: Sequence[str]) -> dict[str, int]:
        """Remove conversations and everything about them."""
        if not ids:
            return {}
        people, accounts = await self._people(ids)
        removed = await self.readings(ids, final=True)
        await forget_subjects(self._sql, [*ids, *(f"conversation:{one}" for one in ids)])
        for table in ("raw", "escalation_actions"):
            removed[table] = await self._delete(table, ids)
        removed["action"] = await self._actions(ids)
        removed["batch_entry"] = await self._entries(ids)
        await forget_edits(self._sql, ids)
        await self._sql.run(_UNSHOWN, ids=list(ids))
        removed |= await forget_conversations(self._sql, ids)
        await self._sql.run(
            "update llm_api_logs set conversation_id = null where conversation_id = any(:ids)", ids=list(ids)
        )
        removed["conversation"] = await self._sql.run(
            "delete from conversation where id = any(:ids)", ids=list(ids)
        )
        return removed | await self._unused(people, accounts)

    async def _delete(self, table: str, ids: Sequence[str]) -> int:
        return await self._sql.run(f"delete from {table} where conversation_id = any(:ids)", ids=list(ids))

    async def _actions(self, ids: Sequence[str]) -> int:
        """Remove actions that only these conversations led to."""
        keys = await self._sql.column(
            "delete from action where conversation_id = any(:ids) returning key", ids=list(ids)
        )
        await forget_actions(self._sql, keys)
        return len(keys)

    async def _entries(self, ids: Sequence[str]) -> int:
        """Remove requests for these conversations, and closed batches that nothing is left of."""
        batches = await self._sql.column(
            "delete from batch_entry where conversation_id = any(:ids) returning batch_id", ids=list(ids)
        )
        await self._sql.run(_EMPTY_BATCHES, batches=sorted(set(batches)))
        return len(batches)

    async def _people(self, ids: Sequence[str]) -> tuple[list[str], list[str]]:
        rows = await self._sql.rows(
            "select distinct customer_id, account from conversation where id = any(:ids)", ids=list(ids)
        )
        people = {row["customer_id"] for row in rows if row["customer_id"]}
        return sorted(people), sorted({row["account"] for row in rows if row["account"]})

    async def _unused(self, people: Sequence[str], accounts: Sequence[str]) -> dict[str, int]:
        """Drop cached people and customers whom no conversation mentions any more."""
        return {
            "directory": await self._sql.run(_UNUSED_CONTACTS, people=list(people)),
            "account": await self._sql.run(_UNUSED_ACCOUNTS, accounts=list(accounts)),
        }

    async def _findings(self, ids: Sequence[str], *, final: bool) -> int:
        await hold_grouping(self._sql, ids)
        rows = await self._sql.rows(_WITHDRAWN, ids=list(ids))
        await self._sql.run("delete from finding where conversation_id = any(:ids)", ids=list(ids))
        by_theme: dict[str, list[Any]] = {}
        for row in rows:
            by_theme.setdefault(row["theme_id"] or "", []).append(row)
        for theme_id in sorted(by_theme):
            await scrub_theme(self._sql, _withdrawn(theme_id, by_theme[theme_id]))
        texts = _withdrawn("", rows).texts
        strays = await stray_themes(self._sql, texts, known=list(by_theme))
        for theme_id in strays:
            await scrub_theme(self._sql, _withdrawn(theme_id, rows))
        await scrub_lexicon(self._sql, texts)
        themes = sorted(filter(None, by_theme))
        digests = {digest for row in rows for digest in (row["placed"], row["digest"]) if digest}
        await forget_digests(self._sql, digests, themes=themes, texts=texts)
        await recount_items(self._sql, ids, themes=themes)
        await self._forget_requests(ids)
        await withdraw(self._sql, ids, gone=gone_of(rows, themes=[*themes, *strays]), final=final)
        return len(rows)

    async def _forget_requests(self, ids: Iterable[str]) -> None:
        await self._sql.run(
            """update feature_requests set conversation_ids =
                array(select id from unnest(conversation_ids) as id where id <> all(cast(:ids as text[])))
            where conversation_ids && cast(:ids as text[])""",
            ids=list(ids),
        )


def gone_of(rows: Sequence[Any], *, themes: Sequence[str]) -> Gone:
    """The words of findings, to be looked for in what was and is to be sent."""
    phrases = tuple(row[name] for row in rows for name in ("summary", "quote") if row[name])
    return Gone(texts=_withdrawn("", rows).texts, phrases=phrases, themes=tuple(themes))


def _withdrawn(theme_id: str, rows: Sequence[Any]) -> Withdrawn:
    said = ("summary", "quote", "affected_feature", "context", "reply")
    return Withdrawn(
        theme_id=theme_id,
        texts=tuple(" ".join(row[name] or "" for name in said) for row in rows),
        summaries=tuple(row["summary"] for row in rows),
    )
