"""`earshot worker`: do what webhooks, rules and schedules ask for; see queues, workers and jobs that gave up."""

from typing import Annotated, Literal

import typer

from earshot.cli.options import AsJson
from earshot.cli.worker.held import discard_command, held_command, requeue_command
from earshot.cli.worker.running import Asked, run_worker
from earshot.cli.worker.status import show_status

app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)


@app.callback()
def worker(
    context: typer.Context,
    *,
    lane: Annotated[
        Literal["all", "live", "background"],
        typer.Option("--lane", help="What to serve: what cannot wait (live), what can (background), or all."),
    ] = "all",
    live: Annotated[
        int | None, typer.Option("--live", min=1, help="Real-time jobs at once (default: [workers] live).")
    ] = None,
    background: Annotated[
        int | None,
        typer.Option("--background", min=1, help="Background jobs at once (default: [workers] background)."),
    ] = None,
    status: Annotated[bool, typer.Option("--status", help="Show queues and workers, and end.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="With --status: show again every two seconds.")] = False,
    as_json: AsJson = False,
    leashed: Annotated[bool, typer.Option("--leashed", hidden=True)] = False,
) -> None:
    """Work until told to stop: hear webhooks, act, read, and keep schedules. Start as many as you like, anywhere.

    All workers share one PostgreSQL (DATABASE_URL) and alike settings; nothing is done twice. SIGTERM or Ctrl-C
    ends in good order ([workers] grace_seconds), once more ends at once; what was not finished goes back to the
    queue.

    Jobs that failed too often are kept: `earshot worker held` shows them, `requeue` tries them again.
    """
    if context.invoked_subcommand is not None:
        return
    if status or watch:
        show_status(watch=watch, as_json=as_json)
    else:
        run_worker(Asked(lane=lane, live=live, background=background, leashed=leashed))


app.command("held")(held_command)
app.command("requeue")(requeue_command)
app.command("discard")(discard_command)
