"""`earshot backlog`: what to build next, why, and in whose words."""

import typer

from earshot.cli.backlog.changing import different_command, draft_command, same_command, set_command
from earshot.cli.backlog.importing import duplicates_command, import_command
from earshot.cli.backlog.listing import list_command, show_command, show_list
from earshot.cli.backlog.pushing import push_command

app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)


@app.callback()
def backlog(context: typer.Context) -> None:
    """What to build next: themes as backlog items, ranked by RICE. Without a command: the list.

    Counts, reach and scores are reckoned by code from your conversations; what you set stays as you set it.
    """
    if context.invoked_subcommand is None:
        show_list((), limit=50, explain=False, as_json=False)


app.command("list")(list_command)
app.command("show")(show_command)
app.command("draft")(draft_command)
app.command("set")(set_command)
app.command("push")(push_command)
app.command("import")(import_command)
app.command("duplicates")(duplicates_command)
app.command("same")(same_command)
app.command("different")(different_command)
