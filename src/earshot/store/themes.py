"""Themes and which finding belongs to which."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json
from collections.abc import Mapping, Sequence
from typing import Any

from earshot.domain.report import Window
from earshot.domain.theme import Grouping, KnownTheme, Lexicon, OpenFinding, Quote, Theme
from earshot.store.cleaning import clean, clean_or_none
from earshot.store.rollups import Rollups
from earshot.store.scrubbing import normalize
from earshot.store.sql import Sql, Stage
from earshot.store.windows import CUT, EDGE_HOURS, ROLLED, WHOLE_DAYS, WITHIN, before, span

QUOTES = 20
"""Quotes given for a theme, each from another conversation: reports show a few and link to the others."""

CONTEXT = 600
"""How much of the customer's first message goes with a conversation's own matter, in characters."""

_MEMBER = Stage("theme_member", {"finding_id": "bigint", "theme_id": "text"})
_TOUCHED = Stage(
    "touched_theme",
    {
        "id": "text",
        "issue_type": "text",
        "area": "text",
        "title": "text",
        "normalized_title": "text",
        "centre": "jsonb",
        "size": "integer",
    },
)
_SAVE = """
    insert into theme (id, issue_type, area, title, normalized_title, centre, size)
    select id, issue_type, area, title, normalized_title, centre, size from touched_theme order by id
    on conflict (id) do update set issue_type = excluded.issue_type, area = excluded.area, title = excluded.title,
        normalized_title = excluded.normalized_title, centre = excluded.centre, size = excluded.size, stale = true
"""
_JOIN = "update finding f set theme_id = m.theme_id from theme_member m where f.id = m.finding_id"
_OPEN = """
    select f.id, f.conversation_id, f.issue_type, f.affected_feature as area, f.summary, f.quote,
        f.conversation_at as said_at, said.context
    from finding f left join lateral (
        select left(m.message ->> 'text', :length) as context
        from conversation c cross join lateral jsonb_array_elements(c.messages) with ordinality as m (message, at)
        where f.position = 0 and c.id = f.conversation_id and m.message ->> 'author' = 'customer'
        order by m.at limit 1
    ) said on true
    where f.theme_id is null order by f.conversation_at, f.id limit :limit
"""
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
_BEFORE = f"""
    /* top themes: window before */ select theme_id, sum(n) as n from (
        select theme_id, n from theme_hour where theme_id = any(:ids) and {ROLLED}
        union all
        select theme_id, count(distinct conversation_id) from finding where theme_id = any(:ids) and {CUT}
        group by theme_id
    ) counted group by theme_id
"""
_CUSTOMERS = f"""
    /* top themes: customers and MRR */ select c.theme_id, count(*) as customers, sum(a.mrr) as mrr,
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


class PostgresThemes:
    """`ports.store.Themes` in PostgreSQL."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        self._sql = sql
        self._rollups = rollups

    async def open_findings(self, limit: int) -> list[OpenFinding]:
        """Findings without a theme, by conversation time and id."""
        rows = await self._sql.rows(_OPEN, limit=limit, length=CONTEXT)
        return [OpenFinding.model_validate(dict(row)) for row in rows]

    async def known(self) -> list[KnownTheme]:
        """All living themes with their centres."""
        rows = await self._sql.rows("select id, issue_type, area, title, centre, size from theme order by id")
        return [KnownTheme.model_validate({**row, "centre": json.loads(row["centre"])}) for row in rows]

    async def lexicon(self) -> Lexicon:
        """The stored term counts."""
        row = await self._sql.row("select documents, frequencies from lexicon")
        if row is None:
            return Lexicon()
        return Lexicon(documents=row["documents"], frequencies=json.loads(row["frequencies"]))

    async def save(self, grouping: Grouping) -> None:
        """Store memberships, new and touched themes and the lexicon; their counts follow at the next reading."""
        await self._sql.stage(_TOUCHED, [_theme_row(theme) for theme in grouping.themes])
        await self._sql.run(_SAVE)
        await self._sql.stage(_MEMBER, grouping.members.items())
        await self._sql.run(_JOIN)
        await self._sql.run(
            """insert into lexicon (documents, frequencies) values (:documents, cast(:frequencies as jsonb))
            on conflict (only_row) do update set documents = excluded.documents,
                frequencies = excluded.frequencies""",
            documents=grouping.lexicon.documents,
            frequencies=clean(json.dumps(grouping.lexicon.frequencies)),
        )

    async def top(self, window: Window, *, limit: int) -> list[Theme]:
        """Themes by distinct conversations in the window, with customers, MRR, quotes and the window before."""
        await self._rollups.refresh()
        here = span(window)
        ranked = await self._sql.rows(_TOP, limit=limit, **here.bounds, **here.days)
        ids = [row["theme_id"] for row in ranked]
        if not ids:
            return []
        heads = {
            row["id"]: row for row in await self._sql.rows("select * from theme where id = any(:ids)", ids=ids)
        }
        earlier = await self._sql.rows(_BEFORE, ids=ids, **span(before(window)).bounds)
        customers = await self._sql.rows(_CUSTOMERS, ids=ids, **here.bounds)
        past = {row["theme_id"]: int(row["n"]) for row in earlier}
        worth = {row["theme_id"]: row for row in customers}
        quotes = await self._quotes(ids, here.bounds)
        return [
            _theme(row, heads[row["theme_id"]], worth=worth.get(row["theme_id"])).model_copy(
                update={
                    "previous_conversations": past.get(row["theme_id"], 0),
                    "quotes": tuple(quotes.get(row["theme_id"], [])[:QUOTES]),
                }
            )
            for row in ranked
            if row["theme_id"] in heads
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


def _theme_row(theme: KnownTheme) -> tuple[Any, ...]:
    title = clean(theme.title)
    centre = clean(json.dumps(theme.centre))
    return theme.id, theme.issue_type.value, clean_or_none(theme.area), title, normalize(title), centre, theme.size


def _theme(row: Any, head: Any, *, worth: Any) -> Theme:
    n = int(row["n"])
    return Theme(
        id=head["id"],
        issue_type=head["issue_type"],
        area=head["area"],
        title=head["title"],
        first_seen=head["first_seen"],
        last_seen=head["last_seen"],
        conversations=n,
        customers=worth["customers"] if worth else 0,
        mrr=worth["mrr"] if worth else None,
        avg_sentiment=round(row["score"] / n, 4),
        segments=tuple(sorted(worth["segments"] or ())) if worth else (),
    )
