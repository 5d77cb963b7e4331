"""Themes with their counts, over a window of conversation time or over all time."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from earshot.domain.report import Window
from earshot.domain.theme import Quote, Theme
from earshot.ports.theme_store import Member
from earshot.store.placements import MENTION, PLACE, TOLD, member_from
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql
from earshot.store.windows import CUT, EDGE_HOURS, ROLLED, WHOLE_DAYS, WITHIN, before, cut_hours, span

QUOTES = 20
"""Quotes given for a theme, each from another conversation: reports show a few and link to the others."""
WEEK = timedelta(days=7)

_TOP = f"""
    /* top themes */ select theme_id, sum(n) as n, sum(score) as score from (
        select theme_id, n, score from theme_day where {WHOLE_DAYS}
        union all
        select theme_id, n, score from theme_hour where {EDGE_HOURS}
        union all
        select m.theme_id, 1, coalesce(i.sentiment_score, 0) from (
            select distinct theme_id, conversation_id from finding where theme_id is not null and {CUT}
        ) m left join conversation_insights i using (conversation_id)
    ) counted group by theme_id order by n desc, theme_id limit :limit
"""
_THESE = f"""
    /* these themes */ select theme_id, sum(n) as n, sum(score) as score from (
        select theme_id, n, score from theme_hour where theme_id = any(:ids) and {ROLLED}
        union all
        select m.theme_id, 1, coalesce(i.sentiment_score, 0) from (
            select distinct theme_id, conversation_id from finding where theme_id = any(:ids) and {CUT}
        ) m left join conversation_insights i using (conversation_id)
    ) counted group by theme_id
"""
_BEFORE = f"""
    /* top themes: window before */ select theme_id, sum(n) as n from (
        select theme_id, n from theme_hour where theme_id = any(:ids) and {ROLLED}
        union all
        select theme_id, count(distinct conversation_id) from finding where theme_id = any(:ids) and {CUT}
        group by theme_id
    ) counted group by theme_id
"""
_CUSTOMERS = f"""
    /* top themes: customers and MRR */ select c.theme_id, count(*) as customers,
        count(*) filter (where a.company) as companies, sum(a.mrr) as mrr,
        array_agg(distinct a.segment) filter (where a.segment is not null) as segments
    from (
        select distinct theme_id, account from finding where theme_id = any(:ids) and account is not null
            and {WITHIN}
    ) c left join account a on a.id = c.account group by c.theme_id
"""
_QUOTES = f"""
    /* top themes: quotes */ select t.id as theme_id, q.quote, q.conversation_id, q.conversation_at, c.url
    from unnest(cast(:ids as text[])) as t (id) cross join lateral (
        select distinct on (conversation_id) quote, conversation_id, conversation_at from (
            select quote, conversation_id, conversation_at from finding
            where theme_id = t.id and quote is not null and {WITHIN}
            order by hour desc limit 60
        ) newest order by conversation_id, conversation_at desc
    ) q left join conversation c on c.id = q.conversation_id
    order by t.id, q.conversation_at desc, q.conversation_id
"""
_MEMBERS = f"""
    select {MENTION}, {PLACE}, c.url, coalesce(c.customer->>'company', c.customer->>'name') as customer
    from (
        select * from finding where theme_id = :id order by conversation_at desc, conversation_id collate "C",
            position limit :limit
    ) f join placement p on p.finding_id = f.id left join conversation c on c.id = f.conversation_id {TOLD}
    order by f.conversation_at desc, f.conversation_id collate "C", f.position
"""
_WEEKS = f"""
    select theme_id, sum(n)::int as n,
        cast(ceil(extract(epoch from cast(:until as timestamptz) - at) / 604800) as int) - 1 as ago
    from (
        select theme_id, hour + interval '30 minutes' as at, n from theme_hour
        where theme_id = any(:ids) and hour > '-infinity' and {ROLLED}
        union all
        select theme_id, conversation_at, 1 from (
            select distinct theme_id, conversation_id, conversation_at from finding
            where theme_id = any(:ids) and hour > '-infinity' and {CUT}
        ) m
    ) counted group by theme_id, ago
"""
"""`cut` are the hours in which a week ends, too; hours of the roll-up lie whole in one week."""
_SINCE = "select min(conversation_at) from finding where theme_id = any(:ids) and hour > '-infinity'"
_ALWAYS = Window(start=datetime(1970, 1, 1, tzinfo=UTC), end=datetime(9999, 1, 1, tzinfo=UTC))
"""All conversations, also those without known times."""
_NOTHING: dict[str, Any] = {"n": 0, "score": 0.0}


class ThemeCounts:
    """The part of `ports.store.Themes` that counts."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        self._sql = sql
        self._rollups = rollups

    async def top(self, window: Window, *, limit: int) -> list[Theme]:
        """Themes by distinct conversations in the window, with customers, MRR, quotes and the window before."""
        await self._rollups.refresh()
        here = span(window)
        ranked = await self._sql.rows(_TOP, limit=limit, **here.bounds, **here.days)
        return await self._themes({row["theme_id"]: row for row in ranked}, window)

    async def get(self, theme_ids: Sequence[str], *, window: Window | None = None) -> list[Theme]:
        """These themes with all their counts, in that order, those that exist; over all time without a window."""
        await self._rollups.refresh()
        window = window or _ALWAYS
        rows = await self._sql.rows(_THESE, ids=list(theme_ids), **span(window).bounds)
        counted = {row["theme_id"]: row for row in rows}
        return await self._themes({one: counted.get(one, _NOTHING) for one in theme_ids}, window)

    async def find(self, prefix: str) -> list[str]:
        """Ids of living themes that begin so."""
        return list(
            await self._sql.column(
                """select id from theme where starts_with(id, :prefix)
                    and exists (select from finding f where f.theme_id = theme.id) order by id collate "C" """,
                prefix=prefix,
            )
        )

    async def conversations(self, theme_ids: Sequence[str]) -> dict[str, list[str]]:
        """The conversations that raise each of these themes, newest first."""
        rows = await self._sql.rows(
            """select theme_id,
                array_agg(conversation_id order by said_at desc, conversation_id collate "C") as raised
            from (
                select theme_id, conversation_id, max(conversation_at) as said_at from finding
                where theme_id = any(:ids) group by theme_id, conversation_id
            ) once group by theme_id""",
            ids=list(theme_ids),
        )
        return {row["theme_id"]: list(row["raised"]) for row in rows}

    async def members(self, theme_id: str, *, limit: int) -> list[Member]:
        """What is in a theme, newest first."""
        rows = await self._sql.rows(_MEMBERS, id=theme_id, limit=limit)
        return [member_from(row) for row in rows]

    async def weeks(self, theme_ids: Sequence[str], *, window: Window) -> dict[str, list[int]]:
        """Distinct conversations by week of the window, oldest first, for each theme.

        Weeks are counted back from the window's end, so that the newest is whole; a window over all time begins
        with the first conversation of any of these themes.
        """
        await self._rollups.refresh()
        here, start = span(window), window.start
        if here.first == "-infinity":
            start = await self._sql.value(_SINCE, ids=list(theme_ids)) or window.end
        length = max(1, -(-(window.end - start) // WEEK))
        weeks = {one: [0] * length for one in theme_ids}
        end = window.end.astimezone(UTC)
        cut = sorted({*here.cut, *cut_hours(end - n * WEEK for n in range(length + 1))})
        bounds = {**here.bounds, "cut": cut}
        for row in await self._sql.rows(_WEEKS, ids=list(theme_ids), until=window.end, **bounds):
            weeks[row["theme_id"]][max(0, length - 1 - row["ago"])] += row["n"]
        return weeks

    async def _themes(self, counted: Mapping[str, Any], window: Window) -> list[Theme]:
        ids = list(counted)
        if not ids:
            return []
        here = span(window).bounds
        heads = {
            row["id"]: row for row in await self._sql.rows("select * from theme where id = any(:ids)", ids=ids)
        }
        earlier = await self._sql.rows(_BEFORE, ids=ids, **span(before(window)).bounds)
        past = {row["theme_id"]: int(row["n"]) for row in earlier}
        customers = await self._sql.rows(_CUSTOMERS, ids=ids, **here)
        worth = {row["theme_id"]: row for row in customers}
        quotes = await self._quotes(ids, here)
        return [
            _theme(row, heads[one], worth=worth.get(one)).model_copy(
                update={
                    "previous_conversations": past.get(one, 0),
                    "quotes": tuple(quotes.get(one, [])[:QUOTES]),
                }
            )
            for one, row in counted.items()
            if one in heads and heads[one]["first_seen"]
        ]

    async def _quotes(self, ids: Sequence[str], bounds: Mapping[str, object]) -> dict[str, list[Quote]]:
        found: dict[str, list[Quote]] = {}
        for row in await self._sql.rows(_QUOTES, ids=list(ids), **bounds):
            quote = Quote(
                text=row["quote"],
                conversation_id=row["conversation_id"],
                url=row["url"],
                said_at=row["conversation_at"],
            )
            found.setdefault(row["theme_id"], []).append(quote)
        return found


def _theme(row: Any, head: Any, *, worth: Any) -> Theme:
    n = int(row["n"])
    return Theme(
        id=head["id"],
        issue_type=head["issue_type"],
        area=head["area"],
        title=head["title"],
        description=head["description"],
        first_seen=head["first_seen"],
        last_seen=head["last_seen"],
        conversations=n,
        customers=worth["customers"] if worth else 0,
        companies=worth["companies"] if worth else 0,
        mrr=worth["mrr"] if worth else None,
        avg_sentiment=round(row["score"] / n, 4) if n else None,
        segments=tuple(sorted(worth["segments"] or ())) if worth else (),
    )
