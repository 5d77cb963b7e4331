"""`earshot actions`: what the rules decided, what became of it, and what people do about it."""

import typer

from earshot.cli.actions.changing import approve_command, discard_command, resume_command, retry_command
from earshot.cli.actions.delivering import deliver_command
from earshot.cli.actions.health import health_command
from earshot.cli.actions.listing import list_command, show_command
from earshot.cli.actions.silencing import silence_command, silences_command

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def actions() -> None:
    """What the rules decided and what became of it. Nothing is sent by a rule before you switch it on."""


app.command("list")(list_command)
app.command("show")(show_command)
app.command("approve")(approve_command)
app.command("retry")(retry_command)
app.command("discard")(discard_command)
app.command("deliver")(deliver_command)
app.command("silence")(silence_command)
app.command("silences")(silences_command)
app.command("resume")(resume_command)
app.command("health")(health_command)
