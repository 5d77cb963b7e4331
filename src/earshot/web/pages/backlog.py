"""The backlog: the ranked table, and one item with its words, its score, its evidence and its way to a tracker."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from earshot.domain.backlog import ItemStatus, ItemType, Urgency
from earshot.errors import BadInput
from earshot.pipeline.backlog.drafting import Drafting, draft
from earshot.pipeline.backlog.planning import Outcome
from earshot.pipeline.pages.backlog.drafting import Outlook, outlook
from earshot.pipeline.pages.backlog.listing import BacklogLine, listing, pages_of
from earshot.ports.pages.backlog import ItemQuery, ItemSort
from earshot.web.pages.cursors import cursor_of, place_of
from earshot.web.pages.shell import Form, Here
from earshot.web.pages.tables import as_csv

router = APIRouter()
Word = Annotated[str, StringConstraints(max_length=200, pattern="^[^\\x00]*$")]
COLUMNS: Final = (
    "rank", "title", "type", "priority", "area", "reach", "impact", "confidence", "effort_weeks", "rice_score",
    "without_enterprise_weight", "customers", "companies", "mrr", "conversations", "first_seen", "last_seen",
    "status", "shipped_at", "rating", "ratings", "tickets", "links", "id", "theme_id", "why",
)  # fmt: skip


class Asked(BaseModel):
    """The parameters of the list."""

    status: list[Word] = Field(default=[], max_length=10)
    issue_type: list[Word] = Field(default=[], max_length=10)
    priority: list[Word] = Field(default=[], max_length=10)
    area: Word = ""
    theme: Word = ""
    q: Word = ""
    sort: Literal[""] | ItemSort = ""
    after: Word = ""
    format: Literal["", "csv"] = ""

    @property
    def query(self) -> ItemQuery:
        """What they ask for. Raises BadInput for unknown values."""
        return ItemQuery(
            statuses=tuple(ItemStatus(one) for one in _known(self.status, ItemStatus)),
            issue_types=tuple(ItemType(one) for one in _known(self.issue_type, ItemType)),
            priorities=tuple(Urgency(one) for one in _known(self.priority, Urgency)),
            area=self.area,
            theme=self.theme,
            text=self.q.strip(),
            sort=self.sort or ItemSort.RANK,
        )


@router.get("/backlog")
async def backlog(desk: Here, asked: Annotated[Asked, Query()]) -> Response:
    """Items by rank or by any factor, filtered; as a page or as a file."""
    query = asked.query
    if asked.format:
        return as_csv("backlog", COLUMNS, _rows(pages_of(desk.parts, query)))
    after = place_of(asked.after)
    view = await listing(desk.parts, query, after=after)
    return desk.show(
        "backlog.html.j2",
        view=view,
        query=query,
        next=cursor_of(view.last),
        views=await desk.views(),
        statuses=list(ItemStatus),
        types=list(ItemType),
        urgencies=list(Urgency),
        sorts=list(ItemSort),
    )


@router.get("/backlog/draft")
async def before_drafting(desk: Here) -> Response:
    """What drafting would do, and what it may cost where a language model is switched on."""
    found: Outlook = await outlook(desk.parts)
    return desk.show("backlog_draft.html.j2", outlook=found, done=None)


@router.post("/backlog/draft")
async def draft_now(desk: Here, form: Form) -> Response:
    """Draft the most frequent themes: by template, or with the model where that was agreed to on the form."""
    with_model = bool(form.get("model"))
    if with_model and not form.get("agreed"):
        raise BadInput("The model costs money: say first that you agree to that.", hint="Or draft by template.")
    done = await draft(desk.parts, with_model=with_model, yes=with_model)
    new = done.count(Outcome.CREATED, Outcome.FLAGGED)
    await desk.note("backlog.draft", "", new=new, model=with_model)
    return desk.to("/backlog", _told(done))


def _told(done: Drafting) -> str:
    """What drafting did, in a sentence."""
    words = {
        Outcome.CREATED: "new",
        Outcome.FLAGGED: "new, but your tracker may have it (see the queue)",
        Outcome.UPDATED: "brought in step",
        Outcome.LINKED: "in your tracker already",
        Outcome.UNCHANGED: "unchanged",
        Outcome.DISCARDED: "discarded before, left so",
    }
    counts = [f"{done.count(outcome)} {text}" for outcome, text in words.items() if done.count(outcome)]
    return f"Drafted: {', '.join(counts)}." if counts else "No theme is frequent enough to become an item yet."


def _known(given: Sequence[str], options: type[ItemStatus | ItemType | Urgency]) -> list[str]:
    """Those given, without empty ones (a form's "any"). Raises BadInput for unknown ones."""
    by_name = {option.value.casefold(): option.value for option in options}
    wanted = [one for one in given if one]
    for one in wanted:
        if one.casefold() not in by_name:
            raise BadInput("A filter of this address is unknown.", hint="Begin on the page without filters.")
    return [by_name[one.casefold()] for one in wanted]


async def _rows(pages: AsyncIterator[Sequence[BacklogLine]]) -> AsyncIterator[list[list[object]]]:
    async for lines in pages:
        yield [_row(line) for line in lines]


def _row(line: BacklogLine) -> list[object]:
    item, evidence, score = line.item, line.item.evidence, line.item.rice.score if line.item.rice else None
    factors = (score.reach, score.impact, score.confidence, score.effort_weeks, score.rice_score) if score else ()
    stars = [rating.stars for rating in line.ratings]
    return [
        line.rank,
        item.text.title,
        item.text.issue_type.value,
        item.text.priority.value,
        line.area,
        *(factors or [None] * 5),
        line.without_weight,
        evidence.customers,
        evidence.companies,
        evidence.mrr,
        evidence.conversations,
        evidence.first_seen,
        evidence.last_seen,
        item.status.value,
        line.shipped.shipped_at if line.shipped else None,
        sum(stars) / len(stars) if stars else None,
        len(stars),
        " ".join(f"{ticket.destination}:{ticket.key} ({ticket.standing})" for ticket in line.tickets),
        " ".join(ticket.url for ticket in line.tickets if ticket.url),
        item.id,
        item.theme_id,
        line.why,
    ]
