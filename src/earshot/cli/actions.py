"""`earshot actions`: what the rules decided."""

from typing import Annotated

import typer

from earshot.act.queue import describe
from earshot.cli.console import print_json, print_table
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.domain.action import Action, ActionStatus
from earshot.pipeline.exporting import action_row

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def actions() -> None:
    """What the rules decided. Nothing is sent yet: every action is a dry run."""


@app.command("list")
def list_actions(
    *,
    status: Annotated[ActionStatus | None, typer.Option("--status", help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List actions, newest first: what, about whom, by which rule and why."""
    found = go(_list(status, limit))
    if as_json:
        print_json([action_row(action).model_dump(mode="json") for action in found])
        return
    rows = [
        (f"{a.created_at:%Y-%m-%d %H:%M}", a.status.value, describe(a), a.rule, a.conversation_id) for a in found
    ]
    print_table(("when", "state", "what", "rule", "conversation"), rows)


async def _list(status: ActionStatus | None, limit: int) -> list[Action]:
    async with opened(quiet=True) as earshot, earshot.parts.store.unit() as unit:
        return await unit.decisions.list(status, limit=limit)
