"""`earshot rules`: write them, try them on the past, switch them on step by step, and ask why."""

import typer

from earshot.cli.rules.explaining import explain_command
from earshot.cli.rules.listing import check_command, history_command, list_command
from earshot.cli.rules.switching import dry_run_command, off_command, on_command
from earshot.cli.rules.testing import trial_command

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def rules() -> None:
    """The rules that decide on actions: `when` is a CEL expression over insight, customer, conversation, theme.

    A rule is tried on the past (test), switched on for a share of conversations or all (on), back into dry run
    (dry-run) or off. A rule whose text changes is back in dry run.
    """


app.command("list")(list_command)
app.command("check")(check_command)
app.command("test")(trial_command)
app.command("explain")(explain_command)
app.command("on")(on_command)
app.command("dry-run")(dry_run_command)
app.command("off")(off_command)
app.command("history")(history_command)
