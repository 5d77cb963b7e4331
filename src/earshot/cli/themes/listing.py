"""`earshot themes list` and `earshot themes show`."""

from typing import Annotated, Any

import typer

from earshot.cli.console import out, print_json, print_table
from earshot.cli.options import AsJson, Since, Until
from earshot.cli.session import go, moment, opened
from earshot.cli.themes.drawing import bars, difference, short, sparkline
from earshot.domain.grouping import Decider
from earshot.pipeline.exporting import theme_row
from earshot.pipeline.theming.looking import Listed, Overview, Portrait, Sureness, overview, portrait
from earshot.text.escape import for_terminal, safe_url

ThemeId = Annotated[str, typer.Argument(metavar="THEME", help="The theme, or the beginning of its id.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="How many.")]
_COLUMNS = (
    "conv.",
    "customers",
    "companies",
    "MRR",
    "trend",
    "±",
    "sentiment",
    "kind",
    "area",
    "title",
    "id",
)
_SAID = {
    Decider.SCORE: "by their score",
    Decider.MODEL: "by a language model",
    Decider.PERSON: "by a person",
}


def list_command(*, since: Since = None, until: Until = None, limit: Limit = 20, as_json: AsJson = False) -> None:
    """List themes by how many conversations raise them, with customers, revenue, trend and feeling.

    The trend has one block a week; ± compares with the span of equal length before.
    """
    show_list(since, until, limit=limit, as_json=as_json)


def show_list(since: str | None, until: str | None, *, limit: int, as_json: bool) -> None:
    """Print the list."""
    found = go(_overview(since, until, limit=limit))
    if as_json:
        print_json([listed_json(one) for one in found.themes])
        return
    ids = [one.theme.id for one in found.themes]
    begins = "the beginning" if found.window.everything else f"{found.window.start:%Y-%m-%d}"
    title = f"Themes from {begins} to {found.window.end:%Y-%m-%d}"
    print_table(_COLUMNS, [_row(one, ids, whole=found.window.everything) for one in found.themes], title=title)
    if found.unplaced:
        out.print(f"{found.unplaced:,} mentions have no theme yet; the next `earshot run` gives them one.")


def show_command(
    theme: ThemeId,
    *,
    members: Annotated[int, typer.Option("--members", min=0, help="How many of its newest members to show.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show everything about one theme: counts, trend, how sure it is, members with quotes, history, backlog."""
    found = go(_portrait(theme, members=members))
    if as_json:
        print_json({**found.model_dump(mode="json"), "theme": listed_json(Listed(theme=found.theme))})
        return
    _show_head(found)
    _show_trend(found)
    _show_members(found)
    _show_past(found)


async def _overview(since: str | None, until: str | None, *, limit: int) -> Overview:
    async with opened(quiet=True) as earshot:
        return await overview(earshot.parts, since=moment(since), until=moment(until), limit=limit)


async def _portrait(theme: str, *, members: int) -> Portrait:
    async with opened(quiet=True) as earshot:
        return await portrait(earshot.parts, theme, members=members)


def listed_json(one: Listed) -> dict[str, Any]:
    """The theme in its export form, and what only the list has."""
    return {
        **theme_row(one.theme, ()).model_dump(mode="json", exclude={"conversation_ids"}),
        "description": one.theme.description,
        "companies": one.theme.companies,
        "previous_frequency": one.theme.previous_conversations,
        "weeks": list(one.weeks),
    }


def _row(one: Listed, ids: list[str], *, whole: bool) -> tuple[str | int | float | None, ...]:
    theme = one.theme
    return (
        theme.conversations,
        theme.customers,
        theme.companies,
        None if theme.mrr is None else round(theme.mrr),
        sparkline(one.weeks),
        None if whole else difference(theme.conversations, theme.previous_conversations),
        theme.avg_sentiment,
        theme.issue_type.value,
        theme.area,
        theme.title,
        short(theme.id, ids),
    )


def _show_head(found: Portrait) -> None:
    theme = found.theme
    out.print(for_terminal(theme.title), style="bold", markup=False)
    if more := theme.description.removeprefix(theme.title).lstrip(" .!?…"):
        out.print(for_terminal(more), markup=False)
    rows = [
        ("id", theme.id),
        ("kind", theme.issue_type.value),
        ("area", theme.area),
        ("conversations", theme.conversations),
        ("customers", theme.customers),
        ("companies", theme.companies),
        ("MRR", None if theme.mrr is None else f"{theme.mrr:,.2f}"),
        ("sentiment", theme.avg_sentiment),
        ("segments", ", ".join(theme.segments) or None),
        ("first seen", f"{theme.first_seen:%Y-%m-%d %H:%M} UTC"),
        ("last seen", f"{theme.last_seen:%Y-%m-%d %H:%M} UTC"),
        ("how sure", _sure(found.sureness)),
    ]
    out.print()
    print_table(("", ""), rows)


def _sure(sureness: Sureness) -> str:
    by = ", ".join(f"{count:,} placed {_SAID[who]}" for who, count in sorted(sureness.decided_by.items()))
    if sureness.mean is None:
        return f"nothing to compare yet ({by})"
    return f"{sureness.mean:.0%} on average, {sureness.least or 0:.0%} at least ({by})"


def _show_trend(found: Portrait) -> None:
    if any(found.weeks):
        out.print()
        print_table(("week from", "conversations"), bars(found.weeks, found.window))


def _show_members(found: Portrait) -> None:
    for member in found.members:
        mention, placed = member.mention, member.placement
        odds = "founder" if placed.probability is None else f"{placed.probability:.0%}"
        who = f", {for_terminal(member.customer)}" if member.customer else ""
        out.print()
        out.print(
            f"{mention.said_at:%Y-%m-%d}  {for_terminal(mention.conversation_id)}{who}  ({odds})", markup=False
        )
        out.print(f"  {for_terminal(mention.summary)}", markup=False)
        if mention.quote:
            out.print(f"  “{for_terminal(mention.quote)}”", markup=False)
        if placed.reason:
            out.print(f"  why here: {for_terminal(placed.reason)}", markup=False)
        if url := safe_url(member.url):
            out.print(f"  {url}", markup=False)
    left = found.theme.conversations - len({member.mention.conversation_id for member in found.members})
    if left > 0:
        out.print(f"\n… and {left:,} more conversations (--members shows more).")


def _show_past(found: Portrait) -> None:
    if found.twins:
        rows = [(t.item_id, "ours" if t.ours else t.standing.value, t.status, t.title, t.url) for t in found.twins]
        out.print()
        print_table(("backlog item", "", "status", "title", "address"), rows)
    if found.proposals:
        here = found.theme.id
        pairs = [(p.other_id if p.one_id == here else p.one_id, p.probability, p.reason) for p in found.proposals]
        out.print()
        print_table(("may be one with", "probability", "why"), pairs)
    if found.lineage:
        rows = [
            (f"{e.at:%Y-%m-%d %H:%M}", e.change.value, e.theme_id, e.other_id, e.actor, e.reason)
            for e in found.lineage
        ]
        out.print()
        print_table(("when (UTC)", "what", "theme", "other", "who", "why"), rows)
