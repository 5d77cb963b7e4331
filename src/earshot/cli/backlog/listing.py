"""`earshot backlog list` and `show`: the ranking, and one item with everything known of it."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import typer
from rich.markdown import Markdown

from earshot.cli.console import out, print_json, print_table
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.domain.backlog import BacklogItem, ItemStatus, Standing
from earshot.domain.grouping import Decider
from earshot.pipeline.backlog.looking import ItemPortrait, ListedItem, backlog, item_portrait, listed_rows
from earshot.pipeline.backlog.twins import Twin
from earshot.prioritise.guide_shape import jira_row
from earshot.prioritise.markdown import render_markdown
from earshot.text.escape import for_terminal
from earshot.text.wording import number, weeks

_HEADING = re.compile(r"^\*\*(.+)\*\*$", re.MULTILINE)
"""A part's title; nothing a customer wrote can look so, because its asterisks are escaped."""
COLUMNS = (
    "rank",
    "score",
    "reach",
    "impact",
    "conf.",
    "effort",
    "conv.",
    "customers",
    "MRR",
    "prio",
    "kind",
    "title",
    "status",
    "id",
)
WORDED_BY = {Decider.SCORE: "the template", Decider.MODEL: "a language model", Decider.PERSON: "a person"}
ItemId = Annotated[str, typer.Argument(metavar="ID", help="The item's id or its theme's; the beginning is enough.")]
Statuses = Annotated[
    list[ItemStatus] | None,
    typer.Option("--status", help="Only those that stand there; may be repeated. Left out: all but discarded."),
]


def list_command(
    *,
    status: Statuses = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, the highest score first.")] = 50,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show how each score was reckoned, and why it stands above the next.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the backlog by RICE score: (reach × impact × confidence) / effort.

    "= ENG-7" after a title: that item stands in your tracker already; "? ENG-7": it may be the same, you decide.
    """
    show_list(status or (), limit=limit, explain=explain, as_json=as_json)


def show_command(
    item: ItemId,
    *,
    form: Annotated[
        Literal["text", "md", "json", "jira"],
        typer.Option(
            "--format", help="text for the terminal, md to paste, json the export's row, jira the guide's."
        ),
    ] = "text",
    project: Annotated[str, typer.Option("--project", metavar="KEY", help="Your project, for jira.")] = "ENG",
    as_json: AsJson = False,
) -> None:
    """Show one item: problem, evidence with links, quotes, criteria, the reckoning, duplicates, its history."""
    found, currency = go(_portrait(item))
    if as_json:
        print_json(found.model_dump(mode="json"))
    elif form == "json":
        print_json(found.row.model_dump(mode="json"))
    elif form == "jira":
        print_json(jira_row(found.item, project, currency=currency).model_dump(mode="json"))
    elif form == "md":
        typer.echo(render_markdown(found.item, currency=currency, heading=True), nl=False)
    else:
        _show(found, currency=currency)


def show_list(statuses: Sequence[ItemStatus], *, limit: int, explain: bool, as_json: bool) -> None:
    """Print the ranking."""
    listed, rows = go(_listed(statuses))
    if as_json:
        print_json(rows[:limit])
        return
    if not listed:
        out.print("No backlog items yet. `earshot backlog draft` makes them from your themes.", markup=False)
        return
    shown = listed[:limit]
    print_table(COLUMNS, [_row(one) for one in shown], title=f"{len(listed):,} backlog items by RICE score")
    if len(listed) > limit:
        out.print(f"… and {len(listed) - limit:,} more (--limit)", markup=False)
    if explain:
        for one in shown:
            _explain(one)


def twin_words(twins: Sequence[Twin]) -> str:
    """The likeliest existing item beside a theme, in short."""
    if not twins:
        return ""
    sign = "=" if twins[0].standing is Standing.SAME else "?"
    return f"{sign} {twins[0].key}"


async def _listed(statuses: Sequence[ItemStatus]) -> tuple[list[ListedItem], list[dict[str, object]]]:
    async with opened(quiet=True) as earshot:
        listed = await backlog(earshot.parts, statuses=statuses)
        return listed, await listed_rows(earshot.parts, listed)


async def _portrait(item: str) -> tuple[ItemPortrait, str]:
    async with opened(quiet=True) as earshot:
        return await item_portrait(earshot.parts, item), earshot.parts.report.currency


def _row(one: ListedItem) -> tuple[object, ...]:
    item, score = one.item, one.item.rice.score if one.item.rice else None
    title = " ".join(filter(None, (item.text.title, twin_words(one.twins))))
    mrr = item.evidence.mrr
    return (
        one.rank,
        score and f"{score.rice_score:,.2f}",
        score and score.reach,
        score and number(score.impact),
        score and number(score.confidence),
        score and weeks(score.effort_weeks),
        item.evidence.conversations,
        item.evidence.customers,
        None if mrr is None else round(mrr),
        item.text.priority.value,
        item.text.issue_type.value,
        title,
        item.status.value,
        item.id,
    )


def _explain(one: ListedItem) -> None:
    out.print()
    out.print(f"{one.rank}. {for_terminal(one.item.text.title)}", markup=False, style="bold")
    for line in one.item.rice.lines if one.item.rice else ():
        out.print(f"   {for_terminal(line)}", markup=False)
    if one.why:
        out.print(f"   Above number {one.rank + 1}: {for_terminal(one.why)}.", markup=False)


def _show(found: ItemPortrait, *, currency: str) -> None:
    item = found.item
    out.print(for_terminal(item.text.title), markup=False, style="bold")
    for name, told in _facts(found):
        out.print(f"{name + ':':<12} {for_terminal(told)}", markup=False)
    out.print()
    out.print(Markdown(_HEADING.sub(r"### \1\n", render_markdown(item, currency=currency))), soft_wrap=False)
    if found.twins:
        rows = [
            (_STANDINGS[t.standing], f"{t.probability:.0%}", t.key, t.title, t.status, t.decided_by.value, t.reason)
            for t in found.twins
        ]
        out.print()
        columns = ("standing", "sure", "key", "title", "status", "said by", "why")
        print_table(columns, rows, title="In your tracker")
    if found.edits:
        edits = [
            (f"{e.at:%Y-%m-%d %H:%M}", e.actor, e.field, "given back" if e.value is None else e.value, e.reason)
            for e in found.edits
        ]
        out.print()
        print_table(("when (UTC)", "who", "field", "set to", "why"), edits, title="History")


_STANDINGS = {Standing.SAME: "the same", Standing.UNSURE: "may be the same", Standing.DIFFERENT: "different"}


def _facts(found: ItemPortrait) -> Iterator[tuple[str, str]]:
    item = found.item
    place = f"number {found.rank} of {found.of}" if found.rank else "not ranked"
    yield "Rank", f"{place}{f', above the next: {found.why}' if found.why else ''}"
    yield "Status", item.status.value
    yield "What", _what(item)
    if item.text.labels:
        yield "Labels", ", ".join(item.text.labels)
    if item.text.components:
        yield "Components", ", ".join(item.text.components)
    yield "Worded by", WORDED_BY[item.drafted_by]
    if item.edited:
        yield "Set by you", ", ".join(name.replace("_", " ") for name in item.edited)
    yield "Ids", f"item {item.id}, theme {item.theme_id}"


def _what(item: BacklogItem) -> str:
    points = item.text.story_points
    told = f"{item.text.issue_type.value}, {item.text.priority.value}"
    return f"{told}, {points} story point{'' if points == 1 else 's'}" if points else told
