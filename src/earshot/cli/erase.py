"""`earshot erase`: remove a person or a conversation everywhere."""

from typing import Annotated

import typer

from earshot.cli.console import out, print_json
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.pipeline.people import Erased


def command(
    *,
    contact: Annotated[str | None, typer.Option("--contact", help="A contact's id or e-mail address.")] = None,
    conversation: Annotated[str | None, typer.Option("--conversation", help="A conversation's id.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove raw JSON, messages, insights, quotes, actions and caches of a person, and show that nothing is left.

    This cannot be undone. Only fingerprints stay, so that the next sync does not bring the data back. Backups made
    earlier still hold it, and so does the source until it is deleted there. Tickets and messages that Earshot made
    of it are named: remove them by hand.
    """
    if (contact is None) == (conversation is None):
        raise typer.BadParameter("give either --contact or --conversation")
    if not yes:
        typer.confirm(f"Erase everything about {contact or conversation}?", abort=True, err=True)
    done = go(_erase(contact, conversation))
    if as_json:
        print_json(done.model_dump())
    else:
        for table, rows in sorted(done.removed.items()):
            out.print(f"{table}: {rows:,} removed", markup=False)
        for one in done.outside:
            out.print(f"Remove by hand at {one.destination}: {one.thing} {one.where}", markup=False)
        out.print("Nothing is left." if not done.left else f"STILL MENTIONED in {done.left}", markup=False)
    if done.left:
        raise typer.Exit(1)


async def _erase(contact: str | None, conversation: str | None) -> Erased:
    async with opened(quiet=True) as earshot:
        return await earshot.erase(contact=contact, conversation=conversation)
