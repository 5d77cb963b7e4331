"""`earshot themes merge, split, move, rename, undo, history`: what people change, and what became of it."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from earshot.cli.console import out, print_json, print_table
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.cli.themes.drawing import short
from earshot.cli.themes.listing import Limit, ThemeId
from earshot.domain.grouping import Edit, EditKind, Lineage
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.theming.edits import Edited, merge, move, rename, split, undo
from earshot.pipeline.theming.edits import history as past
from earshot.text.escape import for_terminal

Work = Callable[[Earshot], Awaitable[Edited]]

Into = Annotated[str, typer.Argument(metavar="INTO", help="The theme it goes into.")]
Conversations = Annotated[
    list[str], typer.Argument(metavar="CONVERSATION…", help="Conversations, or beginnings or ends of their ids.")
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the change.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]


def merge_command(
    theme: ThemeId, into: Into, *, reason: Reason = "", dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Bring two themes together: the first goes into the second, now and for all that comes later."""
    _do(lambda earshot: merge(earshot.parts, theme, into=into, reason=reason, dry_run=dry_run), as_json=as_json)


def split_command(
    theme: ThemeId,
    conversations: Conversations,
    *,
    title: Annotated[
        str | None, typer.Option("--title", metavar="TEXT", help="What to call the new theme.")
    ] = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take conversations out of a theme into a new one. The two never join again by themselves."""
    _do(
        lambda earshot: split(
            earshot.parts, theme, conversations=conversations, title=title, reason=reason, dry_run=dry_run
        ),
        as_json=as_json,
    )


def move_command(
    conversations: Conversations,
    *,
    theme: Annotated[str, typer.Option("--from", metavar="THEME", help="The theme they are in.")],
    into: Annotated[str, typer.Option("--to", metavar="THEME", help="The theme they belong to.")],
    reason: Reason = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Move conversations from one theme to another; they stay there when they are read again."""
    _do(
        lambda earshot: move(earshot.parts, conversations, theme=theme, into=into, reason=reason, dry_run=dry_run),
        as_json=as_json,
    )


def rename_command(
    theme: ThemeId,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="At most 100 characters.")],
    *,
    description: Annotated[
        str | None, typer.Option("--description", metavar="TEXT", help="A sentence or two about it.")
    ] = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Call a theme something else. No later run changes a name that a person gave."""
    _do(
        lambda earshot: rename(
            earshot.parts, theme, title=title, description=description, reason=reason, dry_run=dry_run
        ),
        as_json=as_json,
    )


def undo_command(
    change: Annotated[str, typer.Argument(metavar="CHANGE", help="The change, or the beginning of its id.")],
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take a change back. `earshot themes history` lists changes with their ids."""
    _do(lambda earshot: undo(earshot.parts, change, dry_run=dry_run), as_json=as_json)


def history_command(
    theme: Annotated[
        str | None, typer.Argument(metavar="[THEME]", help="Only of this theme (or the beginning of its id).")
    ] = None,
    *,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """What people changed, and what happened to themes, newest first."""
    edits, events = go(_history(theme, limit=limit))
    if as_json:
        told = {"changes": edits, "events": events}
        print_json({name: [one.model_dump(mode="json") for one in rows] for name, rows in told.items()})
        return
    ids = [edit.id for edit in edits]
    print_table(("change", "when (UTC)", "who", "what", "why", "taken back"), [_edit_row(e, ids) for e in edits])
    out.print()
    rows = [
        (f"{e.at:%Y-%m-%d %H:%M}", e.change.value, e.theme_id, e.other_id, e.mentions, e.actor, e.reason)
        for e in events
    ]
    print_table(("when (UTC)", "event", "theme", "other", "mentions", "who", "why"), rows)


async def _history(theme: str | None, *, limit: int) -> tuple[list[Edit], list[Lineage]]:
    async with opened(quiet=True) as earshot:
        return await past(earshot.parts, theme, limit=limit)


def _edit_row(edit: Edit, ids: list[str]) -> tuple[str | None, ...]:
    undone = None if edit.undone_at is None else f"{edit.undone_at:%Y-%m-%d %H:%M}"
    return short(edit.id, ids), f"{edit.made_at:%Y-%m-%d %H:%M}", edit.actor, described(edit), edit.reason, undone


def described(edit: Edit) -> str:
    """A change in words."""
    count = len(edit.conversations)
    if edit.kind is EditKind.RENAME:
        return f"{edit.theme_id} is called “{edit.title}”"
    if edit.kind is EditKind.MERGE:
        return f"{edit.theme_id} went into {edit.into_id}"
    verb = "split off" if edit.kind is EditKind.SPLIT else "moved"
    return f"{count} conversation{'s' * (count != 1)} {verb} from {edit.theme_id} to {edit.into_id}"


def _do(work: Work, *, as_json: bool) -> None:
    done = go(_with(work, quiet=as_json))
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    told(done)


async def _with(work: Work, *, quiet: bool) -> Edited:
    async with opened(quiet=quiet) as earshot:
        return await work(earshot)


def told(done: Edited) -> None:
    """Print what a change did, theme by theme."""
    before = {one.id: one for one in done.before}
    rows = [
        (
            before[one.id].conversations if one.id in before else None,
            one.conversations,
            one.title or (before[one.id].title if one.id in before else ""),
            one.id,
        )
        for one in done.after
        if one.id in before or one.conversations
    ]
    edit = done.edit
    undone = edit.undone_at is not None
    if done.dry_run:
        said = "Nothing was changed. This would be taken back" if undone else "Nothing was changed. It would be so"
    else:
        said = "Taken back" if undone else "Done"
    out.print(f"{said}: {for_terminal(described(edit))}.", markup=False)
    print_table(("before", "after", "title", "theme"), rows)
    if not done.dry_run and not undone:
        out.print(f"To take it back: earshot themes undo {short(edit.id)}", markup=False)
