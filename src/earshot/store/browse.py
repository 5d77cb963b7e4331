"""Looking through what is held, page by page (keyset pagination: an index serves every page alike)."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Sequence
from typing import Any

from earshot.domain.action import Action
from earshot.domain.insight import FirstLabels, Insight
from earshot.domain.reading import IssueType
from earshot.ports.browse import ActionQuery, InsightQuery, Place
from earshot.store.correction_rows import corrected
from earshot.store.decisions import COLUMNS, action_from
from earshot.store.insight_rows import insight_from
from earshot.store.insights import INSIGHT
from earshot.store.labels import labels_from
from earshot.store.rollups import Rollups
from earshot.store.searching import saying
from earshot.store.sql import Sql

_IN_TIME = {"since": "i.conversation_at >= :since", "until": "i.conversation_at < :until"}
_AMONG = {
    "issue_types": "i.issue_type = any(:issue_types)",
    "priorities": "i.priority = any(:priorities)",
    "sentiments": "i.sentiment = any(:sentiments)",
    "churn_risks": "i.churn_risk = any(:churn_risks)",
}
_ABOUT = """exists (select from finding f
    where f.conversation_id = i.conversation_id and f.theme_id = :theme)"""
_INSIGHT_AFTER = (
    "(i.conversation_at, i.conversation_id) < (cast(:after_at as timestamptz), cast(:after as varchar))"
)
_ACTION_AFTER = "(a.created_at, a.key) < (cast(:after_at as timestamptz), cast(:after as text))"
_MEMBER = """a.key in (select action_key from action_member where conversation_id = :conversation
    union select key from action where conversation_id = :conversation)"""
_LABELS = f"""
    select l.*, {corrected("l")} from first_labels l join conversation c on c.id = l.conversation_id
    where l.conversation_id = :id and l.content_hash = c.content_hash and not exists (
        select from conversation_insights i
        where i.conversation_id = l.conversation_id and i.content_hash = l.content_hash
    )
"""
_UNREAD = """
    select u.reason from unread u join conversation c on c.id = u.conversation_id
    where c.id = :id and u.content_hash = c.content_hash and not exists (
        select from conversation_insights i
        where i.conversation_id = c.id and i.content_hash = c.content_hash
    )
"""
_HELD = "exists (select from finding f where f.theme_id = t.id)"
_FEWER = """(t.conversations < :count or t.conversations = :count and t.id collate "C" > cast(:after as text))"""


class PostgresBrowse:
    """`ports.browse.Browse` in PostgreSQL."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        self._sql = sql
        self._rollups = rollups

    async def insights(self, query: InsightQuery, *, after: Place | None, limit: int) -> list[Insight]:
        """Insights, newest conversation first."""
        where, values = _insight_conditions(query)
        if query.text.strip():
            said, asked = await saying(self._sql, query.text, column="i.conversation_id")
            where.append(said)
            values |= asked
        if after is not None:
            where.append(_INSIGHT_AFTER)
            values |= {"after_at": after.at, "after": after.id}
        rows = await self._sql.rows(
            f"""{INSIGHT} where {" and ".join(where) or "true"}
            order by i.conversation_at desc, i.conversation_id desc limit :limit""",
            limit=limit,
            **values,
        )
        return [insight_from(row) for row in rows]

    async def insight(self, conversation_id: str) -> Insight | None:
        """The full insight of a conversation."""
        row = await self._sql.row(f"{INSIGHT} where i.conversation_id = :id", id=conversation_id)
        return None if row is None else insight_from(row)

    async def labels(self, conversation_id: str) -> FirstLabels | None:
        """The labels of a conversation's present text where there is no full insight of it."""
        row = await self._sql.row(_LABELS, id=conversation_id)
        return None if row is None else labels_from(row)

    async def excluded(self, conversation_id: str) -> str | None:
        """Why `[pull.filters]` keep a conversation from being read, None where they do not."""
        return await self._sql.value("select excluded from conversation where id = :id", id=conversation_id)

    async def unread(self, conversation_id: str) -> str | None:
        """Why nobody could read a conversation's present text, None where somebody did or nobody tried."""
        return await self._sql.value(_UNREAD, id=conversation_id)

    async def themes(
        self, issue_types: Sequence[IssueType], *, by_count: bool, after: Place | None, limit: int
    ) -> list[Place]:
        """Places of themes: most distinct conversations first, or (not `by_count`) in the order of their ids."""
        await self._rollups.refresh()
        where, values = [_HELD], dict[str, Any]()
        if issue_types:
            where.append("t.issue_type = any(:issue_types)")
            values["issue_types"] = [one.value for one in issue_types]
        if after is not None:
            where.append(_FEWER if by_count else 't.id collate "C" > cast(:after as text)')
            values |= {"after": after.id} | ({"count": after.count} if by_count else {})
        order = 't.conversations desc, t.id collate "C"' if by_count else 't.id collate "C"'
        rows = await self._sql.rows(
            f"select t.id, t.conversations from theme t where {' and '.join(where)} order by {order} limit :limit",
            limit=limit,
            **values,
        )
        return [Place(id=row["id"], count=row["conversations"]) for row in rows]

    async def actions(self, query: ActionQuery, *, after: Place | None, limit: int) -> list[Action]:
        """Actions, newest first."""
        where, values = ["true"], dict[str, Any]()
        if query.status is not None:
            where.append("a.status = :status")
            values["status"] = query.status.value
        if query.kind is not None:
            where.append("a.kind = :kind")
            values["kind"] = query.kind.value
        if query.conversation:
            where.append(_MEMBER)
            values["conversation"] = query.conversation
        if after is not None:
            where.append(_ACTION_AFTER)
            values |= {"after_at": after.at, "after": after.id}
        rows = await self._sql.rows(
            f"""select {COLUMNS} from action a where {" and ".join(where)}
            order by a.created_at desc, a.key desc limit :limit""",
            limit=limit,
            **values,
        )
        return [action_from(row) for row in rows]


def _insight_conditions(query: InsightQuery) -> tuple[list[str], dict[str, Any]]:
    """What a query asks for as conditions on table `i`, with their parameters."""
    where: list[str] = []
    values: dict[str, Any] = {}
    for name, condition in _IN_TIME.items():
        if (moment := getattr(query, name)) is not None:
            where.append(condition)
            values[name] = moment
    for name, condition in _AMONG.items():
        if wanted := getattr(query, name):
            where.append(condition)
            values[name] = [one.value for one in wanted]
    if query.theme:
        where.append(_ABOUT)
        values["theme"] = query.theme
    return where, values
