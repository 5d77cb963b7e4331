"""Read what was found: insights, themes, the backlog, and the figures of a report."""

from typing import Annotated

from fastapi import APIRouter, Query

from earshot.domain.rows import InsightRow, ThemeRow
from earshot.pipeline import browsing
from earshot.pipeline.backlog.looking import backlog, item_portrait, item_rows
from earshot.pipeline.reporting import report
from earshot.ports.browse import Place
from earshot.report.as_json import ReportDocument, to_document
from earshot.web.api.asked import BacklogAsked, InsightsAsked, ThemesAsked
from earshot.web.api.forms import BacklogEntry
from earshot.web.api.pages import Id, PageOf, When, moment
from earshot.web.api.problems import Refused
from earshot.web.api.session import Session

router = APIRouter()


@router.get("/insights", tags=["Insights"])
async def list_insights(parts: Session, asked: Annotated[InsightsAsked, Query()]) -> PageOf[InsightRow]:
    """Insights in the export form, newest conversation first. Times are of conversations, `until` excluded.

    Pages never repeat or skip what was there when the first was read; newer insights are on a new first page.
    """
    query = asked.query(parts.clock.now())
    rows, last = await browsing.insights(parts, query, after=asked.after, limit=asked.limit)
    return PageOf(items=rows, next=asked.next(last))


@router.get("/insights/{conversation_id:path}", tags=["Insights"])
async def read_insight(conversation_id: Id, parts: Session) -> InsightRow:
    """The full reading of a conversation, in the export form."""
    return await browsing.insight(parts, conversation_id)


@router.get("/themes", tags=["Themes"])
async def list_themes(parts: Session, asked: Annotated[ThemesAsked, Query()]) -> PageOf[ThemeRow]:
    """Themes in the export form: over all time page by page, or the top of a window (`since`, one page)."""
    if asked.since is not None or asked.until is not None:
        return PageOf(items=await _top(parts, asked))
    by_count, after = asked.order == "frequency", asked.after
    if after is not None and by_count and after.count is None:
        raise Refused(400, "The cursor is not one of ours.", hint="Begin again without `cursor`.")
    rows, last = await browsing.themes(parts, asked.issue_type, by_count=by_count, after=after, limit=asked.limit)
    return PageOf(items=rows, next=asked.next(last))


async def _top(parts: Session, asked: ThemesAsked) -> list[ThemeRow]:
    if asked.cursor:
        raise Refused(400, "A window of themes has one page.", hint="Leave `cursor` or `since` and `until` out.")
    now = parts.clock.now()
    since, until = moment(asked.since, now=now), moment(asked.until, now=now)
    return await browsing.top_themes(
        parts, since=since, until=until, issue_types=asked.issue_type, limit=asked.limit
    )


@router.get("/themes/{theme_id}", tags=["Themes"])
async def read_theme(theme_id: Id, parts: Session) -> ThemeRow:
    """A theme over all time, in the export form; 404 says where it went when it was merged."""
    return await browsing.theme(parts, theme_id)


@router.get("/backlog", tags=["Backlog"])
async def list_backlog(parts: Session, asked: Annotated[BacklogAsked, Query()]) -> PageOf[BacklogEntry]:
    """Backlog items by rank, in the export form; given up ones only when asked for."""
    listed = await backlog(parts, statuses=asked.status)
    page = listed[_begin([one.item.id for one in listed], asked.after) :][: asked.limit + 1]
    shown = page[: asked.limit]
    async with parts.store.unit() as unit:
        rows = await item_rows(unit, [one.item for one in shown])
    entries = [
        BacklogEntry(**dict(row), rank=one.rank, why=one.why, duplicates=list(one.twins))
        for one, row in zip(shown, rows, strict=True)
    ]
    last = Place(id=shown[-1].item.id, count=shown[-1].rank) if len(page) > asked.limit else None
    return PageOf(items=entries, next=asked.next(last))


@router.get("/backlog/{item_id}", tags=["Backlog"])
async def read_item(item_id: Id, parts: Session) -> BacklogEntry:
    """A backlog item by its id or its theme's."""
    found = await item_portrait(parts, item_id)
    return BacklogEntry(**dict(found.row), rank=found.rank, why=found.why, duplicates=list(found.twins))


@router.get("/reports/summary", tags=["Reports"])
async def read_summary(parts: Session, *, since: When = None, until: When = None) -> ReportDocument:
    """The figures of a report over a window of conversation time, as `earshot report --format json` gives them."""
    now = parts.clock.now()
    start, end = moment(since, now=now), moment(until, now=now)
    if start is not None and start >= (end or now):
        raise Refused(422, "The window ends before it begins.", hint="Give `since` before `until`.")
    return to_document(await report(parts, since=start, until=end))


def _begin(ids: list[str], after: Place | None) -> int:
    """Where the next page of a ranking begins: after the last item shown, or where it stood if it is gone."""
    if after is None:
        return 0
    return ids.index(after.id) + 1 if after.id in ids else (after.count or 0)
