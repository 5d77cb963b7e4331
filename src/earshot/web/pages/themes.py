"""Themes: the list of a window, and one theme with everything that is known of it."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from earshot.domain.customer import Segment
from earshot.domain.reading import IssueType
from earshot.pipeline.pages.themes.listing import UNPLACED, Row, listing
from earshot.pipeline.pages.themes.portrait import (
    CUSTOMERS,
    DAYS,
    Gone,
    conversations_of,
    portrait,
    quotes,
    trend_plot,
)
from earshot.pipeline.pages.themes.windows import ALL, USUAL, window_of
from earshot.ports.pages.themes import ThemeOrder, ThemeQuery
from earshot.ports.store import Member
from earshot.web.pages import drawing
from earshot.web.pages.cursors import cursor_of, place_of
from earshot.web.pages.shell import Desk, Here
from earshot.web.pages.tables import as_csv

router = APIRouter()
PAGE = 50
_FILE = 500
_PLAIN = r"^[^\x00]*$"
SPANS = (("7d", "7 days"), (USUAL, "30 days"), ("90d", "90 days"), ("365d", "a year"), (ALL, "all time"))
ORDERS = {
    ThemeOrder.CONVERSATIONS: "Conversations",
    ThemeOrder.CUSTOMERS: "Customers",
    ThemeOrder.MRR: "MRR",
    ThemeOrder.RISING: "Rising",
    ThemeOrder.NEWEST: "Newest",
}
COLUMNS = (
    "theme", "title", "issue_type", "area", "conversations", "conversations_before", "change_is_real", "customers",
    "companies", "mrr", "mean_sentiment", "segments", "first_seen", "last_seen", "backlog_item", "backlog_status",
    "rice_score",
)  # fmt: skip
QUOTES = (
    "conversation", "said_at", "customer", "summary", "quote", "sure", "decided_by", "reason", "url",
)  # fmt: skip
After = Annotated[str, Query(max_length=1000)]
"""Where a page begins."""


class Asked(BaseModel):
    """What the list's address asks for."""

    sort: ThemeOrder = ThemeOrder.CONVERSATIONS
    issue_type: list[IssueType | str] = Field(default=[], max_length=10)
    area: list[str] = Field(default=[], max_length=20)
    segment: str = Field(default="", max_length=100, pattern=_PLAIN)
    since: str = Field(default="", max_length=40, pattern=_PLAIN)
    until: str = Field(default="", max_length=40, pattern=_PLAIN)
    q: str = Field(default="", max_length=200, pattern=_PLAIN)
    after: str = Field(default="", max_length=1000)
    format: str = Field(default="", pattern="^(csv|)$")


@router.get("/themes")
async def themes(desk: Here, asked: Annotated[Asked, Query()]) -> Response:
    """The themes of a window, the most raised first."""
    query = _query(desk, asked)
    if asked.format:
        return as_csv("themes", COLUMNS, _lines(desk, query))
    shown = await listing(desk.parts, query, after=place_of(asked.after), limit=PAGE)
    since = asked.since or USUAL
    return desk.show(
        "themes.html.j2",
        shown=shown,
        query=query,
        asked=asked,
        since=since,
        next=cursor_of(shown.next),
        most=UNPLACED,
        rows_of=partial(_rows, query),
        spans=[*SPANS, *([] if since in dict(SPANS) else [(since, since)])],
        orders=[(order.value, text) for order, text in ORDERS.items()],
        kinds=[one.value for one in IssueType],
        areas=[(one, one) for one in dict.fromkeys([*shown.areas, *query.areas])],
        segments=[one.value for one in Segment],
        views=await desk.views(),
    )


@router.get("/themes/{theme_id}")
async def theme(theme_id: str, desk: Here, *, after: After = "") -> Response:
    """One theme. One that went into another leads there."""
    try:
        customers = desk.most(CUSTOMERS)
        shown = await portrait(desk.parts, theme_id, after=place_of(after), customers=customers)
    except Gone as gone:
        return desk.to(f"/themes/{gone.heir}", f"{gone} This is the theme that it became part of.")
    if desk.table == "quotes":
        return as_csv("theme-quotes", QUOTES, _quotes(desk, theme_id))
    return desk.show(
        "theme.html.j2",
        shown=shown,
        theme=shown.theme,
        figure=drawing.figure(trend_plot(shown)),
        rows=conversations_of(theme_id),
        recent=conversations_of(theme_id, since=shown.lately.window.start),
        days=DAYS,
        next=cursor_of(shown.next),
    )


def _query(desk: Desk, asked: Asked) -> ThemeQuery:
    now, zone = desk.parts.clock.now(), desk.parts.report.timezone
    return ThemeQuery(
        window=window_of(asked.since.strip(), asked.until.strip(), now=now, zone=zone),
        order=asked.sort,
        issue_types=tuple(IssueType(one) for one in asked.issue_type if one in set(IssueType)),
        areas=tuple(filter(None, asked.area)),
        segment=asked.segment,
        words=tuple(asked.q.lower().split()[:8]),
    )


def _rows(query: ThemeQuery, theme_id: str) -> str:
    """The address of the conversations behind a theme in the list's window."""
    if query.window.everything:
        return conversations_of(theme_id)
    return conversations_of(theme_id, since=query.window.start, until=query.window.end)


async def _lines(desk: Desk, query: ThemeQuery) -> AsyncIterator[Sequence[Sequence[Any]]]:
    after = None
    while True:
        page = await listing(desk.parts, query, after=after, limit=_FILE)
        yield [_line(row) for row in page.rows]
        after = page.next
        if after is None:
            return


async def _quotes(desk: Desk, theme_id: str) -> AsyncIterator[Sequence[Sequence[Any]]]:
    after = None
    while True:
        found, after = await quotes(desk.parts, theme_id, after=after, limit=_FILE)
        yield [_quote(one) for one in found]
        if after is None:
            return


def _quote(one: Member) -> Sequence[Any]:
    said, place = one.mention, one.placement
    return (
        said.conversation_id, said.said_at, one.customer, said.summary, said.quote, place.probability,
        place.decided_by.value, place.reason, one.url,
    )  # fmt: skip


def _line(row: Row) -> Sequence[Any]:
    theme, change, item = row.theme, row.change, row.item
    return (
        theme.id, theme.title, theme.issue_type.value, theme.area, theme.conversations,
        change.before if change else None, change.real if change else None, theme.customers, theme.companies,
        theme.mrr, theme.avg_sentiment, " ".join(theme.segments), theme.first_seen, theme.last_seen,
        item.id if item else None, item.status.value if item else None, item.score if item else None,
    )  # fmt: skip
