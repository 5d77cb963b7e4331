"""Accounts: companies at risk first, and one company with everything that is known of it."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from earshot.domain.customer import Segment
from earshot.pipeline.accounts.risk import HIGH, SOME
from earshot.pipeline.pages.accounts.listing import Listing, Row, listing
from earshot.pipeline.pages.accounts.portrait import LISTED, moods_plot, portrait
from earshot.ports.pages.accounts import DAYS, AccountOrder, AccountQuery
from earshot.web.pages import drawing
from earshot.web.pages.cursors import cursor_of, place_of
from earshot.web.pages.shell import Desk, Here
from earshot.web.pages.tables import as_csv

router = APIRouter()
PAGE = 50
_FILE = 1_000
COLUMNS = (
    "account", "name", "company", "plan", "segment", "mrr", "risk", "conversations", "conversations_before",
    "mean_sentiment", "sentiment_change", "change_is_real", "churn_high", "churn_medium", "critical",
    "open_conversations", "open_matters", "rated", "mean_rating", "ai_handled", "ai_resolved",
    "last_conversation_at",
)  # fmt: skip
ORDERS = {
    AccountOrder.RISK: "Risk",
    AccountOrder.STAKE: "Risk × MRR",
    AccountOrder.MRR: "MRR",
    AccountOrder.CONVERSATIONS: "Conversations",
    AccountOrder.SENTIMENT: "Lowest sentiment",
    AccountOrder.CHURN: "Churn risk",
    AccountOrder.OPEN: "Open matters",
    AccountOrder.LATEST: "Last heard",
}
_PLAIN = r"^[^\x00]*$"


class Asked(BaseModel):
    """What the list's address asks for."""

    sort: AccountOrder = AccountOrder.RISK
    kind: str = Field(default="companies", pattern="^(companies|people|)$")
    segment: str = Field(default="", max_length=100, pattern=_PLAIN)
    plan: str = Field(default="", max_length=200, pattern=_PLAIN)
    q: str = Field(default="", max_length=200, pattern=_PLAIN)
    risk: str = Field(default="", pattern="^(high|some|)$")
    after: str = Field(default="", max_length=1000)
    format: str = Field(default="", pattern="^(csv|)$")


@router.get("/accounts")
async def accounts(desk: Here, asked: Annotated[Asked, Query()]) -> Response:
    """The list, those at risk first."""
    query = AccountQuery(
        order=asked.sort,
        companies={"companies": True, "people": False}.get(asked.kind),
        segment=asked.segment,
        plan=asked.plan,
        words=tuple(asked.q.lower().split()[:8]),
        least_risk={"high": HIGH, "some": SOME}.get(asked.risk, 0),
    )
    if asked.format:
        return as_csv("accounts", COLUMNS, _lines(desk, query))
    shown = await listing(desk.parts, query, after=place_of(asked.after), limit=PAGE)
    return desk.show(
        "accounts.html.j2",
        shown=shown,
        asked=asked,
        filtered=bool(asked.q or asked.segment or asked.plan or asked.risk),
        next=cursor_of(shown.next),
        orders=[(order.value, text) for order, text in ORDERS.items()],
        segments=[one.value for one in Segment],
        plans=[(plan, plan) for plan in shown.plans],
        views=await desk.views(),
    )


@router.get("/accounts/{account_id:path}")
async def account(account_id: str, desk: Here, *, after: Annotated[str, Query(max_length=1000)] = "") -> Response:
    """One account: its figures, its risk line by line, what it raises, who wrote, what came of it."""
    shown = await portrait(desk.parts, account_id, after=place_of(after), listed=desk.most(LISTED))
    rows = f"/conversations?unread=0&account={quote(shown.row.state.id, safe='')}"
    plot = moods_plot(shown, link=rows)
    return desk.show(
        "account.html.j2",
        shown=shown,
        row=shown.row,
        rows=rows,
        figure=drawing.figure(plot),
        next=cursor_of(shown.next),
        days=DAYS,
    )


async def _lines(desk: Desk, query: AccountQuery) -> AsyncIterator[Sequence[Sequence[Any]]]:
    after = None
    while True:
        page: Listing = await listing(desk.parts, query, after=after, limit=_FILE)
        yield [_line(row) for row in page.rows]
        after = page.next
        if after is None:
            return


def _line(row: Row) -> Sequence[Any]:
    state, s, mood = row.state, row.state.standing, row.mood
    return (
        state.id, state.name, state.company, state.plan, state.segment, state.mrr, state.risk, s.conversations,
        s.before, _rounded(mood.mean), _rounded(mood.change), mood.real, s.churn_high, s.churn_medium, s.critical,
        s.open_conversations, s.open_matters, s.rated, _rounded(row.csat), s.ai_handled, s.ai_resolved,
        state.last_at,
    )  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
