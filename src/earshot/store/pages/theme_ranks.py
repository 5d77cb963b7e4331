"""Themes of a window in the order of a number: which stand on a page, decided by roll-ups and one index."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Sequence
from typing import Any

from earshot.domain.report import Window
from earshot.ports.browse import Place
from earshot.ports.pages.themes import Known, Moods, ThemeOrder, ThemeQuery
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql
from earshot.store.windows import THEMES, WITHIN, before, over, span

_WORTH = """
    select c.theme_id, {value} as value from (
        select distinct theme_id, account from finding where theme_id is not null and account is not null
            and {within}
    ) c {join} group by c.theme_id"""
_VALUES = {
    ThemeOrder.CONVERSATIONS: "cast(w.n as bigint)",
    ThemeOrder.CUSTOMERS: "coalesce(cast(v.value as bigint), 0)",
    ThemeOrder.MRR: "coalesce(cast(v.value as bigint), 0)",
    ThemeOrder.RISING: """cast(sign(w.n - coalesce(v.value, 0)) * round(cast(1000000 as bigint) * greatest(0,
        abs(w.n - coalesce(v.value, 0)) - 1) / sqrt(cast(w.n + coalesce(v.value, 0) as float8))) as bigint)""",
    ThemeOrder.NEWEST: "cast(floor(extract(epoch from t.first_seen) * 1000000) as bigint)",
}
"""The number of each order, a whole one: cents, millionths of a standard score, microseconds."""
_BESIDE = {
    ThemeOrder.CUSTOMERS: _WORTH.format(value="count(*)", within=WITHIN, join=""),
    ThemeOrder.MRR: _WORTH.format(
        value="round(100 * sum(a.mrr))", within=WITHIN, join="join account a on a.id = c.account"
    ),
    ThemeOrder.RISING: f"select theme_id, n as value from ({over(THEMES, 'past_')}) past",
}


_KNOWN = """
    select (select count(*) from (select from finding where theme_id is null limit :most) open) as unplaced,
        (select max(backfill_from) from sync_state) as held_since
"""
_MOODS = f"""
    select count(*) as conversations, avg(i.sentiment_score) as mean, stddev_samp(i.sentiment_score) as deviation,
        count(*) filter (where i.churn_risk = 'HIGH') as churn_high
    from (select distinct conversation_id from finding where theme_id = :id and {WITHIN}) m
    join conversation_insights i using (conversation_id)
"""
_SEARCH = """
    select id, conversations from theme where {where} and conversations > 0
    order by conversations desc, id limit :limit
"""


class ThemeRanks:
    """The part of `ports.pages.ThemePages` that ranks."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        self._sql = sql
        self._rollups = rollups

    async def known(self, *, most: int) -> Known:
        """How many mentions have no theme yet, counted up to `most`; from when the store holds everything."""
        row = await self._sql.row(_KNOWN, most=most)
        return Known.model_validate(dict(row or {"unplaced": 0}))

    async def moods(self, theme_id: str, window: Window) -> Moods:
        """The sentiment of a theme's conversations in a window."""
        row = await self._sql.row(_MOODS, id=theme_id, **span(window).bounds)
        return Moods.model_validate(dict(row or {}))

    async def search(self, words: Sequence[str], *, limit: int) -> list[Place]:
        """Themes whose titles hold all these words, by conversations over all time, which are the `count`."""
        where, values = _titled(words)
        rows = await self._sql.rows(_SEARCH.format(where=" and ".join(where) or "true"), limit=limit, **values)
        return [Place(id=row["id"], count=row["conversations"]) for row in rows]

    async def areas(self) -> list[str]:
        """The product areas that themes have."""
        return list(
            await self._sql.column("select distinct area from theme where area is not null order by 1 limit 500")
        )

    async def ranked(self, query: ThemeQuery, *, after: Place | None, limit: int) -> list[Place]:
        """Places of themes in the order asked for; `count` is the number they are ranked by."""
        await self._rollups.refresh()
        here, past = span(query.window), span(before(query.window))
        values: dict[str, Any] = {**here.bounds, **here.days}
        if query.order is ThemeOrder.RISING:
            values |= {f"past_{name}": value for name, value in {**past.bounds, **past.days}.items()}
        where, more = _conditions(query)
        if after is not None:
            where.append('(value < :value or value = :value and id collate "C" > cast(:after as text))')
            more |= {"value": after.count or 0, "after": after.id}
        beside = _BESIDE.get(query.order)
        join = f"left join ({beside}) v on v.theme_id = t.id" if beside else ""
        rows = await self._sql.rows(
            f"""/* ranked themes */ select id, value from (
                select t.id, t.issue_type, t.area, t.title, t.segments, {_VALUES[query.order]} as value
                from ({THEMES}) w join theme t on t.id = w.theme_id {join}
            ) ranked where {" and ".join(where) or "true"} order by value desc, id collate "C" limit :limit""",
            limit=limit,
            **values,
            **more,
        )
        return [Place(id=row["id"], count=row["value"]) for row in rows]


def _conditions(query: ThemeQuery) -> tuple[list[str], dict[str, Any]]:
    where: list[str] = []
    values: dict[str, Any] = {}
    if query.issue_types:
        where.append("issue_type = any(:issue_types)")
        values["issue_types"] = [one.value for one in query.issue_types]
    if query.areas:
        where.append("area = any(:areas)")
        values["areas"] = list(query.areas)
    if query.segment:
        where.append(":segment = any(segments)")
        values["segment"] = query.segment
    titled, more = _titled(query.words)
    return [*where, *titled], values | more


def _titled(words: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    values: dict[str, Any] = {f"word{n}": word for n, word in enumerate(words)}
    return [f"position(:{name} in lower(title)) > 0" for name in values], values
