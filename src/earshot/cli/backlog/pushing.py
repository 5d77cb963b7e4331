"""`earshot backlog push`: an approved item becomes a ticket or note elsewhere."""

from typing import Annotated, Literal

import typer

from earshot.cli.asking import asker
from earshot.cli.backlog.listing import ItemId
from earshot.cli.console import err, out, print_json
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.errors import BadInput
from earshot.pipeline.backlog.pushing import Draft, How, Pushed, push
from earshot.ports.progress import Progress
from earshot.text.escape import for_terminal, visible

_WORDS = {
    How.CREATED: "Made {key} at {to}: {url}",
    How.LINKED: "{key} at {to} stands for it already, so it is linked and no second one was made: {url}",
    How.THERE: "It is there already: {key} at {to}: {url}",
    How.WAITS: "{to} did not take it yet ({why}); the next run tries again.",
    How.FAILED: "{to} refused it: {why}",
    How.DRY: "Dry run: nothing was sent to {to}. {why}",
    How.REFUSED: "Nothing was sent.",
}


def push_command(
    item: ItemId,
    *,
    to: Annotated[
        Literal["jira", "linear", "productboard"] | None,
        typer.Option("--to", help="Where to; left out: the first of jira, linear that is enabled."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be sent.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Send it without being asked.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an approved item a ticket or note, exactly as shown, with links both ways. Never a second one.

    Where the theme has a ticket there already (of a rule, or imported from your tracker), it is linked instead.
    The exit code is 1 when nothing is there at the end.
    """
    done = go(_push(item, to, dry_run=dry_run, yes=yes, as_json=as_json))
    if as_json:
        print_json(done.model_dump(mode="json"))
    else:
        _tell(done)
    if done.how in {How.FAILED, How.REFUSED, How.WAITS}:
        raise typer.Exit(1)


async def _push(item: str, to: str | None, *, dry_run: bool, yes: bool, as_json: bool) -> Pushed:
    async with opened(quiet=True) as earshot:
        parts = earshot.parts

        def agree(draft: Draft) -> bool:
            return _agreed(draft, parts.progress)

        return await push(parts, item, to=to, dry_run=dry_run, agree=None if yes or as_json else agree)


def _agreed(draft: Draft, progress: Progress) -> bool:
    _show(draft.preview)
    ask = asker(progress)
    if ask is None:
        raise BadInput("Nobody can be asked here.", hint="Look at --dry-run, then add --yes.")
    return ask(f"Send this to {draft.delivery.destination}?")


def _show(preview: str) -> None:
    for line in visible(preview).splitlines():
        err.print(f"  | {line}", markup=False)


def _tell(done: Pushed) -> None:
    if done.how is How.DRY:
        _show(done.preview)
    told = _WORDS[done.how].format(to=done.destination, key=done.key, url=done.url or "no link", why=done.why)
    out.print(f"“{for_terminal(done.title)}”: {for_terminal(told)}", markup=False)
