"""Lists of conversations, index-backed at any size, and what stands around one."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Mapping, Sequence
from typing import Any

from earshot.domain.call import Call
from earshot.domain.customer import Customer
from earshot.ports.browse import Place
from earshot.ports.pages.conversations import ConversationQuery, Listed, Topic
from earshot.store.call_rows import call_from
from earshot.store.correction_rows import corrected
from earshot.store.searching import saying
from earshot.store.sql import Sql

_FULL = "conversation_insights i left join conversation c on c.id = i.conversation_id"
_LABELS = "first_labels i join conversation c on c.id = i.conversation_id"
_UNREAD = "unread u join conversation c on c.id = u.conversation_id and c.content_hash = u.content_hash"
_ALL = "conversation c"
_HAS_INSIGHT = """exists (select from conversation_insights r
    where r.conversation_id = i.conversation_id and r.content_hash = i.content_hash)"""
_AMONG = {
    "issue_types": "i.issue_type",
    "priorities": "i.priority",
    "sentiments": "i.sentiment",
    "churn_risks": "i.churn_risk",
    "areas": "i.affected_feature",
}
_EQUAL = {
    "state": "c.state = :state",
    "plan": "c.customer->>'plan' = :plan",
    "tag": "c.tags @> array[cast(:tag as text)]",
    "classifier": ":classifier in (i.classifier, i.model)",
}
_DETAILS = f"""
    select t.conversation_id as id, t.at, c.id is not null as held, c.title, c.state, c.customer,
        c.account, c.url, c.excluded, coalesce(c.times_known, i.times_known) as times_known,
        i.conversation_id is not null as is_full, l.conversation_id is not null as is_labels,
        i.content_hash <> c.content_hash as stale, {corrected("t")},
        coalesce(i.provisional, l.provisional) as provisional, i.summary, i.affected_feature as area,
        coalesce(i.issue_type, l.issue_type) as issue_type, coalesce(i.priority, l.priority) as priority,
        coalesce(i.sentiment, l.sentiment) as sentiment, coalesce(i.churn_risk, l.churn_risk) as churn_risk,
        coalesce(i.confidence, l.confidence) as confidence, coalesce(i.classifier, l.classifier) as classifier,
        u.reason, i.account as read_account,
        (select left(m->>'text', 200) from jsonb_array_elements(c.messages) m
            where m->>'author' = 'customer' and m->>'text' <> '' limit 1) as opening
    from unnest(cast(:ids as varchar[]), cast(:times as timestamptz[])) with ordinality
        as t (conversation_id, at, n)
    left join conversation c on c.id = t.conversation_id
    left join conversation_insights i on i.conversation_id = t.conversation_id
    left join first_labels l on l.conversation_id = t.conversation_id and i.conversation_id is null
    left join unread u on u.conversation_id = t.conversation_id and u.content_hash = c.content_hash
    order by t.n
"""
_TOPICS = """
    select f.position, t.id, t.title, t.conversations from finding f join theme t on t.id = f.theme_id
    where f.conversation_id = :id order by f.position
"""


class PostgresConversationPages:
    """`ports.pages.Conversations` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def page(self, query: ConversationQuery, *, after: Place | None, limit: int) -> list[Listed]:
        """Conversations, newest first."""
        source, at, key = _driven(query)
        where, values = await self._conditions(query, at=at, key=key)
        if after is not None:
            where.append(f"({at}, {key}) < (cast(:after_at as timestamptz), cast(:after as varchar))")
            values |= {"after_at": after.at, "after": after.id}
        found = await self._sql.rows(
            f"""select {key} as id, {at} as at from {source} where {" and ".join(where)}
            order by {at} desc, {key} desc limit :limit""",
            limit=limit,
            **values,
        )
        ids, times = [row["id"] for row in found], [row["at"] for row in found]
        return [_listed(row) for row in await self._sql.rows(_DETAILS, ids=ids, times=times)]

    async def count(self, query: ConversationQuery, *, most: int) -> int:
        """How many there are, counted up to `most`."""
        source, at, key = _driven(query)
        where, values = await self._conditions(query, at=at, key=key)
        counted = f"select from {source} where {' and '.join(where)} limit :most"
        return await self._sql.value(f"select count(*) from ({counted}) as counted", most=most, **values)

    async def areas(self, *, limit: int) -> list[str]:
        """Product areas that themes have, by name."""
        statement = "select distinct area from theme where area is not null order by area limit :limit"
        return await self._sql.column(statement, limit=limit)

    async def calls(self, conversation_id: str, *, limit: int) -> list[Call]:
        """Calls of models about a conversation, oldest first."""
        rows = await self._sql.rows(
            """select * from (
                select * from llm_api_logs where conversation_id = :id
                order by created_at desc, id desc limit :limit
            ) newest order by created_at, id""",
            id=conversation_id,
            limit=limit,
        )
        return [call_from(row) for row in rows]

    async def topics(self, conversation_id: str) -> Sequence[Topic]:
        """The themes of its findings, by position."""
        return [Topic.model_validate(dict(row)) for row in await self._sql.rows(_TOPICS, id=conversation_id)]

    async def _conditions(self, query: ConversationQuery, *, at: str, key: str) -> tuple[list[str], dict[str, Any]]:
        where, values = _conditions(query, at=at, key=key)
        if query.text.strip():
            said, asked = await saying(self._sql, query.text, column=key)
            where.append(said)
            values |= asked
        return where, values


def _driven(query: ConversationQuery) -> tuple[str, str, str]:
    """What a list walks through: tables, the time it is ordered by, and the column of ids."""
    if query.unread:
        return _UNREAD, "c.spoken_at", "c.id"
    if query.labels:
        return _LABELS, "i.conversation_at", "i.conversation_id"
    if query.unread is False or query.of_readings:
        return _FULL, "i.conversation_at", "i.conversation_id"
    return _ALL, "c.spoken_at", "c.id"


def _conditions(query: ConversationQuery, *, at: str, key: str) -> tuple[list[str], dict[str, Any]]:
    read = at.startswith("i.")
    where = [f"not {_HAS_INSIGHT}"] if query.labels else ["true"] if read else ["not c.deleted"]
    values: dict[str, Any] = {}
    for name, sign in (("since", ">="), ("until", "<")):
        if (moment := getattr(query, name)) is not None:
            where += [f"{at} {sign} :{name}", f"{'i' if read else 'c'}.times_known"]
            values[name] = moment
    for name, column in _AMONG.items():
        if wanted := getattr(query, name):
            where.append(f"{column} = any(:{name})")
            values[name] = [str(getattr(one, "value", one)) for one in wanted]
    for name, condition in _EQUAL.items():
        if asked := getattr(query, name):
            where.append(condition)
            values[name] = asked
    more, told = _more(query, key=key, read=read)
    return where + more, values | told


def _more(query: ConversationQuery, *, key: str, read: bool) -> tuple[list[str], dict[str, Any]]:
    where: list[str] = []
    values: dict[str, Any] = {}
    if query.account:
        where.append(f"{'i.account' if read and not query.labels else 'c.account'} = :account")
        values["account"] = query.account
    if query.segments:
        where.append("i.customer_segment = any(:segments)")
        values["segments"] = [one.value for one in query.segments]
    if query.theme:
        where.append(f"exists (select from finding f where f.conversation_id = {key} and f.theme_id = :theme)")
        values["theme"] = query.theme
    if query.below is not None:
        where.append("i.confidence < :below")
        values["below"] = query.below
    if query.corrected:
        where.append(f"{key} in (select k.conversation_id from correction k where k.undone_at is null)")
    return where, values


def _listed(row: Mapping[str, Any] | Any) -> Listed:
    plain = ("id", "at", "title", "opening", "url", "summary", "issue_type", "priority", "sentiment", "churn_risk",
             "area", "confidence", "classifier", "excluded", "held")  # fmt: skip
    return Listed(
        **{name: row[name] for name in plain},
        times_known=row["times_known"] is not False,
        state=row["state"] or "unknown",
        account=row["account"] or row["read_account"],
        customer=None if row["customer"] is None else Customer.model_validate_json(row["customer"]),
        stage="full" if row["is_full"] else "labels" if row["is_labels"] else "",
        stale=bool(row["stale"]),
        provisional=bool(row["provisional"]),
        corrected=tuple(row["corrected"] or ()),
        unread=row["reason"],
    )
