"""Readings and the conversations nobody could read."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TypeVar

from earshot.domain.insight import FirstLabels, Insight, Stage, Unread
from earshot.store.cleaning import clean
from earshot.store.correction_rows import corrected, overlay
from earshot.store.forgetting import retire_digests
from earshot.store.grouping_lock import share_grouping
from earshot.store.insight_rows import FOUND, READ, finding_rows, insight_from, insight_row
from earshot.store.labels import export_labels, labels_from, save_labels
from earshot.store.sql import Sql
from earshot.store.sql import Stage as Table

_Read = TypeVar("_Read", Insight, FirstLabels)
_Held = dict[str, tuple[str, bool]]
"""By conversation: the hash of the text that was read, and whether a stand-in read it."""

_BATCH = 1000
_PLAIN = [name for name in READ.columns if name != "conversation_id"]
_LOCK = """
    select c.id, c.content_hash from conversation c
    where c.id = any(:ids) and not c.deleted order by c.id for update
"""
_HELD = """
    select 'full' as stage, conversation_id, content_hash, provisional from conversation_insights
    where conversation_id = any(:ids)
    union all
    select 'labels', conversation_id, content_hash, provisional from first_labels where conversation_id = any(:ids)
    union all
    select '', conversation_id, '', false from finding where conversation_id = any(:ids)
    union all
    select '', conversation_id, '', false from correction where conversation_id = any(:ids) and undone_at is null
"""
"""No stage: something was found in it, or a person corrected something."""
_UPSERT = f"""
    insert into conversation_insights (conversation_id, {", ".join(_PLAIN)}, updated_at, account, decided_at)
    select r.conversation_id, {", ".join(f"r.{name}" for name in _PLAIN)}, r.created_at, c.account, null
    from read_insight r join conversation c on c.id = r.conversation_id order by r.conversation_id
    on conflict (conversation_id) do update set {", ".join(f"{name} = excluded.{name}" for name in _PLAIN)},
        updated_at = excluded.updated_at, account = excluded.account, decided_at = null
"""
_TOUCH = """
    update theme set stale = true where id in (
        select t.id from theme t where not t.stale and t.id in (
            select f.theme_id from finding f join read_insight i using (conversation_id)
        ) order by t.id for update
    )
"""
"""The themes of everything that is about to be replaced are counted anew: sentiment and account may change too."""
_KEEP = """
    update finding f set position = -1 - r.position, affected_feature = r.affected_feature, quote = r.quote,
        message_id = r.message_id, start_at = r.start_at, end_at = r.end_at, conversation_at = i.conversation_at,
        times_known = i.times_known, account = c.account,
        context = case when r.position = 0 then grown(f.context, said(c.messages, 'customer')) end,
        reply = case when r.position = 0 then grown(f.reply, said(c.messages, 'agent')) end,
        theme_id = case when (f.position, f.conversation_at) = (r.position, i.conversation_at)
            then f.theme_id end
    from read_finding r join read_insight i using (conversation_id) join conversation c on c.id = r.conversation_id
    where f.id = (
        select o.id from finding o where o.conversation_id = r.conversation_id and o.issue_type = r.issue_type
            and o.summary = r.summary order by o.position limit 1
    ) and not exists (
        select from read_finding e where e.conversation_id = r.conversation_id and e.issue_type = r.issue_type
            and e.summary = r.summary and e.position < r.position
    )
"""
_DROP = """
    delete from finding f using read_insight i where f.conversation_id = i.conversation_id and f.position >= 0
"""
_PLACE = """
    update finding f set position = -1 - f.position from read_insight i
    where f.conversation_id = i.conversation_id and f.position < 0
"""
_UNPLACE = """
    with moved as (
        delete from placement p using finding f, read_insight i
        where f.id = p.finding_id and f.conversation_id = i.conversation_id and (
            f.theme_id is null or p.digest <> mention_digest(f.issue_type, f.affected_feature, f.summary, f.quote,
                f.context, f.reply)
        ) returning p.finding_id
    )
    update finding f set theme_id = null from moved m where f.id = m.finding_id and f.theme_id is not null
"""
"""What is compared, or its rank, is another now: the next grouping places the finding anew.

A text that only grew at its end is compared as it was first seen (`grown`), so that a conversation that goes on
does not move.
"""
_ADD = """
    insert into finding (conversation_id, position, issue_type, summary, affected_feature, quote, message_id,
        start_at, end_at, conversation_at, times_known, account, context, reply)
    select r.conversation_id, r.position, r.issue_type, r.summary, r.affected_feature, r.quote, r.message_id,
        r.start_at, r.end_at, i.conversation_at, i.times_known, c.account,
        case when r.position = 0 then said(c.messages, 'customer') end,
        case when r.position = 0 then said(c.messages, 'agent') end
    from read_finding r join read_insight i using (conversation_id) join conversation c on c.id = r.conversation_id
    where not exists (
        select from finding f where f.conversation_id = r.conversation_id and f.position = r.position
    )
    order by i.conversation_at, r.conversation_id, r.position
"""
_OVERTAKEN = """
    with known as (delete from unread where conversation_id = any(:ids))
    delete from first_labels where conversation_id = any(:ids)
"""
_DIGESTS = """
    select mention_digest(f.issue_type, f.affected_feature, f.summary, f.quote, f.context, f.reply)
    from finding f join read_insight i using (conversation_id)
"""
_UNREAD = Table(
    "not_read",
    {"conversation_id": "varchar(255)", "content_hash": "text", "reason": "text", "attempted_at": "timestamptz"},
)
_SAVE_UNREAD = """
    insert into unread (conversation_id, content_hash, reason, attempted_at)
    select conversation_id, content_hash, reason, attempted_at from not_read order by conversation_id
    on conflict (conversation_id) do update set content_hash = excluded.content_hash, reason = excluded.reason,
        attempted_at = excluded.attempted_at
"""
INSIGHT = f"""
    select i.*, {corrected("i")}, (
        select jsonb_agg(jsonb_build_object('issue_type', f.issue_type, 'summary', f.summary,
            'affected_feature', f.affected_feature, 'quote', f.quote, 'message_id', f.message_id,
            'start', f.start_at, 'end', f.end_at) order by f.position)
        from finding f where f.conversation_id = i.conversation_id
    ) as findings
    from conversation_insights i
"""
"""What `insight_from` needs; a condition or order on table i may follow."""
_PRESENT = "join conversation c on c.id = i.conversation_id and c.content_hash = i.content_hash"
_EXPORT = f"{INSIGHT} order by i.conversation_at, i.conversation_id"


class PostgresInsights:
    """`ports.store.Insights` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def save(
        self, insights: Sequence[Insight], unread: Sequence[Unread], *, labels: Sequence[FirstLabels] = ()
    ) -> None:
        """Replace the insights and findings of these conversations; a saved insight clears its Unread.

        Labels are kept beside, and only where there is no full insight of the same text. A provisional insight
        never replaces one that is not. A reading of a text that meanwhile changed or went away is dropped: the
        newer text is still to be read.
        """
        ids = sorted({one.conversation_id for one in (*insights, *unread, *labels)})
        current = {row["id"]: row["content_hash"] for row in await self._sql.rows(_LOCK, ids=ids)}
        held: dict[str, _Held] = {Stage.FULL: {}, Stage.LABELS: {}, "": {}}
        for row in await self._sql.rows(_HELD, ids=ids):
            held[row["stage"]][row["conversation_id"]] = (row["content_hash"], row["provisional"])
        full = held[Stage.FULL]
        await self._save(_welcome(insights, current, held=full), first=not held[""])
        unlabelled = [one for one in labels if full.get(one.conversation_id, ("",))[0] != one.content_hash]
        await save_labels(self._sql, list(_welcome(unlabelled, current, held=held[Stage.LABELS]).values()))
        await self._save_unread(
            {u.conversation_id: u for u in unread if current.get(u.conversation_id) == u.content_hash}
        )

    async def _save(self, insights: dict[str, Insight], *, first: bool) -> None:
        if not insights:
            return
        if first:
            await self._put(insights, again=False)
        else:
            await self.lay(insights)
        await self._sql.run(_OVERTAKEN, ids=list(insights))

    async def lay(self, read: dict[str, Insight]) -> None:
        """Put readings, with what people corrected laid over them, in place of what is held. Rules judge anew."""
        insights = await overlay(self._sql, read)
        await self._put(insights, again=await share_grouping(self._sql, list(insights)))

    async def _put(self, insights: dict[str, Insight], *, again: bool) -> None:
        await self._sql.stage(READ, [insight_row(one) for one in insights.values()])
        await self._sql.stage(FOUND, [row for one in insights.values() for row in finding_rows(one)])
        await self._sql.run(_UPSERT)
        if again:
            await self._replace_findings()
        else:
            await self._sql.run(_ADD)

    async def _replace_findings(self) -> None:
        before = await self._sql.column(_DIGESTS)
        for statement in (_TOUCH, _KEEP, _DROP, _PLACE, _UNPLACE, _ADD):
            await self._sql.run(statement)
        if before:
            await retire_digests(self._sql, {*before} - {*await self._sql.column(_DIGESTS)})

    async def _save_unread(self, unread: dict[str, Unread]) -> None:
        if not unread:
            return
        rows = [(u.conversation_id, u.content_hash, clean(u.reason), u.attempted_at) for u in unread.values()]
        await self._sql.stage(_UNREAD, rows)
        await self._sql.run(_SAVE_UNREAD)

    async def present(self, conversation_id: str) -> tuple[Insight | None, FirstLabels | None]:
        """What is known of a conversation's present text: its insight, else its labels."""
        row = await self._sql.row(f"{INSIGHT} {_PRESENT} where i.conversation_id = :id", id=conversation_id)
        if row is not None:
            return insight_from(row), None
        first = await self._sql.row(
            f"select i.*, {corrected('i')} from first_labels i {_PRESENT} where i.conversation_id = :id",
            id=conversation_id,
        )
        return None, labels_from(first) if first is not None else None

    def export_labels(self) -> AsyncIterator[Sequence[FirstLabels]]:
        """All conversations whose text has labels only, in batches, by conversation time."""
        return export_labels(self._sql)

    async def export(self) -> AsyncIterator[Sequence[Insight]]:
        """All insights in batches, by conversation time."""
        async for rows in self._sql.batches(_EXPORT, size=_BATCH):
            yield [insight_from(row) for row in rows]


def _welcome(readings: Sequence[_Read], current: Mapping[str, str], *, held: _Held) -> dict[str, _Read]:
    """The readings that replace what is held (which is brought up to date), by conversation."""
    welcome: dict[str, _Read] = {}
    for one in readings:
        text, provisional = held.get(one.conversation_id, ("", True))
        better = not provisional and one.provenance.provisional and text == one.content_hash
        if not better and current.get(one.conversation_id) == one.content_hash:
            welcome[one.conversation_id] = one
            held[one.conversation_id] = (one.content_hash, one.provenance.provisional)
    return welcome
