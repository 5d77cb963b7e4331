"""What stands behind themes: counts, customers, links, quotes, all from rows."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from earshot.domain.backlog import Evidence, Link
from earshot.domain.report import Window
from earshot.domain.theme import Quote
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql
from earshot.store.windows import WITHIN, before, span

LINKS = 20
"""Conversations listed, the newest."""
ALWAYS = Window(start=datetime(1970, 1, 1, tzinfo=UTC), end=datetime(9999, 1, 1, tzinfo=UTC))
"""All conversations, also those without known times."""

_MEMBER = f"""
    select theme_id, conversation_id, max(account) as account, min(conversation_at) as said_at
    from finding where theme_id = any(:ids) and {WITHIN} group by theme_id, conversation_id
"""
_COUNTS = f"""
    with member as ({_MEMBER})
    select m.theme_id, count(*) as conversations, count(distinct m.account) as customers,
        min(m.said_at) as first_seen, max(m.said_at) as last_seen, avg(i.sentiment_score) as avg_sentiment,
        avg(i.confidence) as confidence
    from member m left join conversation_insights i using (conversation_id) group by m.theme_id
"""
_SHARES = f"""
    with member as ({_MEMBER})
    select theme_id, kind, value, count(*) as n from (
        select m.theme_id, s.kind, s.value from member m join conversation_insights i using (conversation_id)
        cross join lateral (values ('priorities', i.priority), ('churn_risks', i.churn_risk)) as s (kind, value)
        union all
        select c.theme_id, 'segments', a.segment
        from (select distinct theme_id, account from member where account is not null) c
        join account a on a.id = c.account
    ) told where value is not null group by theme_id, kind, value order by theme_id, kind, value
"""
_WORTH = f"""
    with member as ({_MEMBER})
    select c.theme_id, count(*) filter (where a.company) as companies, sum(a.mrr) as mrr
    from (select distinct theme_id, account from member where account is not null) c
    join account a on a.id = c.account group by c.theme_id
"""
_BEFORE = f"""
    select theme_id, count(distinct conversation_id) as n from finding where theme_id = any(:ids) and {WITHIN}
    group by theme_id
"""
_LINKS = f"""
    select t.id as theme_id, q.conversation_id, q.said_at, c.url
    from unnest(cast(:ids as text[])) as t (id) cross join lateral (
        select conversation_id, max(conversation_at) as said_at, max(hour) as hour from finding
        where theme_id = t.id and {WITHIN} group by conversation_id
        order by max(conversation_at) desc, conversation_id collate "C" limit :most
    ) q left join conversation c on c.id = q.conversation_id
    order by t.id, q.said_at desc, q.conversation_id collate "C"
"""
_QUOTES = """
    select f.quote, f.conversation_id, f.conversation_at, c.url, coalesce(f.account, f.conversation_id) as account
    from (
        select quote, conversation_id, conversation_at, account, position from finding
        where theme_id = :id and quote is not null
        order by conversation_at desc, conversation_id collate "C", position limit :limit
    ) f left join conversation c on c.id = f.conversation_id
    order by f.conversation_at desc, f.conversation_id collate "C", f.position
"""


class EvidenceReader:
    """The part of `ports.store.Backlog` that counts evidence."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        self._sql = sql
        self._rollups = rollups

    async def evidence(self, theme_ids: Sequence[str], *, window: Window | None = None) -> dict[str, Evidence]:
        """What stands behind these themes, counted from rows; quotes are left out (`quotes` has them all).

        `segments` counts accounts, `priorities` and `churn_risks` count conversations. A theme without a
        conversation in the window is left out.
        """
        return await count_evidence(self._sql, theme_ids, window=window or ALWAYS)

    async def quotes(self, theme_id: str, *, limit: int) -> list[tuple[Quote, str]]:
        """A theme's verbatim quotes with the account that said each, newest first: to choose from."""
        return [
            (
                Quote(
                    text=row["quote"],
                    conversation_id=row["conversation_id"],
                    url=row["url"],
                    said_at=row["conversation_at"],
                ),
                row["account"],
            )
            for row in await self._sql.rows(_QUOTES, id=theme_id, limit=limit)
        ]


async def count_evidence(sql: Sql, theme_ids: Sequence[str], *, window: Window) -> dict[str, Evidence]:
    """The evidence of themes over a window, without quotes."""
    ids, bounds = list(theme_ids), span(window).bounds
    counts = await sql.rows(_COUNTS, ids=ids, **bounds)
    worth = {row["theme_id"]: row for row in await sql.rows(_WORTH, ids=ids, **bounds)}
    earlier = await sql.rows(_BEFORE, ids=ids, **span(before(window)).bounds)
    past = {row["theme_id"]: row["n"] for row in earlier}
    shares: dict[str, dict[str, dict[str, int]]] = {}
    for row in await sql.rows(_SHARES, ids=ids, **bounds):
        shares.setdefault(row["theme_id"], {}).setdefault(row["kind"], {})[row["value"]] = row["n"]
    links: dict[str, list[Link]] = {}
    for row in await sql.rows(_LINKS, ids=ids, most=LINKS, **bounds):
        link = Link(conversation_id=row["conversation_id"], url=row["url"], said_at=row["said_at"])
        links.setdefault(row["theme_id"], []).append(link)
    return {
        row["theme_id"]: Evidence.model_validate(
            {
                **{name: row[name] for name in ("conversations", "customers", "first_seen", "last_seen")},
                "avg_sentiment": _rounded(row["avg_sentiment"]),
                "confidence": _rounded(row["confidence"]),
                "previous_conversations": past.get(row["theme_id"], 0),
                "links": links.get(row["theme_id"], []),
                **shares.get(row["theme_id"], {}),
                **_worth(worth.get(row["theme_id"])),
            }
        )
        for row in counts
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)


def _worth(row: Any) -> dict[str, Any]:
    return {} if row is None else {"companies": row["companies"], "mrr": row["mrr"]}
