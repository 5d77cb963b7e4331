"""`earshot themes`: what customers talk about, and putting right how it was grouped."""

from typing import Annotated

import typer

from earshot.cli.options import AsJson, Since, Until
from earshot.cli.themes.adjudicating import adjudicate_command, consolidate_command
from earshot.cli.themes.doubting import decide_command, doubts_command, proposals_command, refuse_command
from earshot.cli.themes.editing import (
    history_command,
    merge_command,
    move_command,
    rename_command,
    split_command,
    undo_command,
)
from earshot.cli.themes.listing import list_command, show_command, show_list

app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)


@app.callback()
def themes(
    context: typer.Context,
    *,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """What customers talk about, with real frequencies. Without a command: the list.

    Themes are found by code and put right by people: what you merge, split, move or rename stays so.
    """
    if context.invoked_subcommand is None:
        show_list(since, until, limit=limit, as_json=as_json)


app.command("list")(list_command)
app.command("show")(show_command)
app.command("merge")(merge_command)
app.command("split")(split_command)
app.command("move")(move_command)
app.command("rename")(rename_command)
app.command("undo")(undo_command)
app.command("history")(history_command)
app.command("proposals")(proposals_command)
app.command("refuse")(refuse_command)
app.command("doubts")(doubts_command)
app.command("decide")(decide_command)
app.command("adjudicate")(adjudicate_command)
app.command("consolidate")(consolidate_command)
