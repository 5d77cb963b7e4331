"""`earshot backlog draft`, `set`, `same` and `different`: what changes the backlog."""

from typing import Annotated

import typer

from earshot.cli.asking import asker
from earshot.cli.backlog.listing import ItemId, twin_words
from earshot.cli.console import out, print_json, print_table
from earshot.cli.options import AsJson, Yes
from earshot.cli.session import go, opened
from earshot.domain.backlog import Standing
from earshot.pipeline.backlog.deciding import Said, say
from earshot.pipeline.backlog.drafting import TOP, Drafted, Drafting, draft
from earshot.pipeline.backlog.editing import FIELDS, EditedItem, clear_field, set_field
from earshot.pipeline.backlog.planning import Outcome
from earshot.text.escape import for_terminal

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with your name and the time.")]
ThemeId = Annotated[
    str,
    typer.Argument(metavar="THEME", help="The theme's id, or the id of its backlog item; the beginning is enough."),
]
Key = Annotated[str, typer.Argument(metavar="KEY", help="The existing item's key, such as ENG-7.")]


def draft_command(
    themes: Annotated[
        list[str] | None, typer.Argument(metavar="[THEME]...", help="Themes by id; the beginning is enough.")
    ] = None,
    *,
    top: Annotated[
        int | None, typer.Option("--top", min=1, help=f"The so many most frequent themes (no theme named: {TOP}).")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would happen; no model is asked.")
    ] = False,
    no_llm: Annotated[bool, typer.Option("--no-llm", help="Formula and template only; nothing is spent.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make themes into backlog items. Again: items are brought in step, what you set stays.

    What stands in your tracker already (`earshot backlog import`) gets no second item; what may is flagged.
    """
    done = go(_draft(themes or [], top, dry_run=dry_run, with_model=not no_llm, yes=yes, quiet=as_json))
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    rows = [
        (d.outcome.value, d.score and f"{d.score:,.2f}", d.conversations, d.title, twin_words(d.twins), d.item_id)
        for d in done.drafted
    ]
    if rows:
        print_table(("what", "score", "conv.", "title", "in your tracker", "id"), rows)
    out.print(_summary(done), markup=False)


def set_command(
    item: ItemId,
    field: Annotated[str, typer.Argument(metavar="FIELD", help=f"One of {', '.join(FIELDS)}.")],
    values: Annotated[
        list[str] | None, typer.Argument(metavar="[VALUE]...", help="Lists take several values; texts need quotes.")
    ] = None,
    *,
    reason: Reason = "",
    clear: Annotated[bool, typer.Option("--clear", help="Give the field back to Earshot.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set a field of an item; nothing that comes later overwrites it. RICE is reckoned again with your factor.

    Reach is accounts per quarter, effort person-weeks; impact is .25, .5, 1, 2 or 3, confidence .5, .8 or 1.
    """
    if clear == bool(values):
        raise typer.BadParameter("give VALUE, or --clear to give the field back")
    done = go(_set(item, field, values or [], reason=reason, clear=clear))
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    out.print(
        f"{done.item.id}: {field} was {for_terminal(done.before)}, is {for_terminal(done.after)}.", markup=False
    )
    if done.item.rice:
        out.print(f"RICE score: {done.item.rice.score.rice_score:,.2f}", markup=False)


def same_command(theme: ThemeId, key: Key, *, reason: Reason = "", as_json: AsJson = False) -> None:
    """Say that a theme is an existing item. Its own draft is discarded; your word is remembered."""
    _say(theme, key, same=True, reason=reason, as_json=as_json)


def different_command(theme: ThemeId, key: Key, *, reason: Reason = "", as_json: AsJson = False) -> None:
    """Say that a theme is not an existing item. Your word is remembered."""
    _say(theme, key, same=False, reason=reason, as_json=as_json)


def _say(theme: str, key: str, *, same: bool, reason: str, as_json: bool) -> None:
    done = go(_said(theme, key, same=same, reason=reason))
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    word = "is" if same else "is not"
    out.print(
        f"“{for_terminal(done.theme_title)}” {word} {for_terminal(done.key)}, “{for_terminal(done.title)}”.",
        markup=False,
    )
    if done.discarded:
        out.print(f"Item {done.discarded} was discarded.", markup=False)
    if done.revived:
        out.print(f"Item {done.revived} is back.", markup=False)


async def _draft(
    themes: list[str], top: int | None, *, dry_run: bool, with_model: bool, yes: bool, quiet: bool
) -> Drafting:
    async with opened(quiet=quiet) as earshot:
        ask = asker(earshot.parts.progress)
        return await draft(
            earshot.parts, themes=themes, top=top, dry_run=dry_run, with_model=with_model, yes=yes, ask=ask
        )


async def _set(item: str, field: str, values: list[str], *, reason: str, clear: bool) -> EditedItem:
    async with opened(quiet=True) as earshot:
        if clear:
            return await clear_field(earshot.parts, item, field=field, reason=reason)
        return await set_field(earshot.parts, item, field=field, values=values, reason=reason)


async def _said(theme: str, key: str, *, same: bool, reason: str) -> Said:
    async with opened(quiet=True) as earshot:
        return await say(earshot.parts, theme, item=key, same=same, reason=reason)


def _summary(done: Drafting) -> str:
    if not done.drafted:
        return "No theme is frequent enough yet ([prioritise] least_conversations); name one to draft it anyway."
    new = done.count(Outcome.CREATED, Outcome.FLAGGED)
    told = [
        f"{new} new",
        f"{done.count(Outcome.UPDATED)} brought in step",
        f"{done.count(Outcome.UNCHANGED)} unchanged",
        f"{done.count(Outcome.LINKED)} in your tracker already",
    ]
    if flagged := done.count(Outcome.FLAGGED):
        told.append(f"{flagged} of the new may be in it (earshot backlog duplicates)")
    if there := sum(_is_there(one) for one in done.drafted):
        told.append(f"{there} of yours stand in it too (earshot backlog duplicates --all)")
    if discarded := done.count(Outcome.DISCARDED):
        told.append(f"{discarded} that you discarded")
    return f"{'Dry run, nothing was kept: ' if done.dry_run else ''}{', '.join(told)}."


def _is_there(one: Drafted) -> bool:
    """Whether an item of ours turned out to be an existing one."""
    ours = one.outcome in {Outcome.UPDATED, Outcome.UNCHANGED}
    return ours and any(twin.standing is Standing.SAME for twin in one.twins)
