"""`earshot themes`: what customers talk about."""

from typing import Annotated

import typer

from earshot.cli.console import print_json, print_table
from earshot.cli.options import AsJson, Since, Until
from earshot.cli.session import go, moment, opened
from earshot.domain.report import Window
from earshot.domain.theme import Theme
from earshot.pipeline.exporting import theme_row
from earshot.pipeline.reporting import window_of


def command(
    *,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List themes by how many conversations raise them, with customers, revenue and feeling."""
    window, themes = go(_themes(since, until, limit=limit))
    if as_json:
        print_json([theme_row(theme).model_dump(mode="json") for theme in themes])
        return
    title = f"Themes from {window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}"
    rows = [
        (t.conversations, t.customers, t.issue_type.value, t.area, t.title, t.mrr, t.avg_sentiment) for t in themes
    ]
    print_table(("conv.", "customers", "kind", "area", "title", "MRR", "sentiment"), rows, title=title)


async def _themes(since: str | None, until: str | None, *, limit: int) -> tuple[Window, list[Theme]]:
    async with opened(quiet=True) as earshot:
        window = window_of(earshot.parts, since=moment(since), until=moment(until))
        async with earshot.parts.store.unit() as unit:
            return window, await unit.themes.top(window, limit=limit)
