"""`earshot actions deliver`: send now what is due."""

import asyncio
import signal
from typing import Annotated

import typer

from earshot.cli.actions.words import SHORT
from earshot.cli.console import err, out, print_json, print_table
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.domain.delivery import DeliveryState
from earshot.pipeline.acting.acting import act
from earshot.pipeline.acting.looking import Shown, shown
from earshot.pipeline.acting.people import find
from earshot.pipeline.acting.tally import Acted
from earshot.text.escape import for_terminal

_WAITING = frozenset({DeliveryState.PENDING, DeliveryState.UNKNOWN})


def deliver_command(
    *,
    patience: Annotated[
        float,
        typer.Option("--patience", min=0, metavar="SECONDS", help="Wait for retries that fall due within so long."),
    ] = 30.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be sent; nothing leaves.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Plan and send what is due, look up what may have arrived, and stop when only longer waits are left.

    Interrupting is safe: what is under way is finished, the rest waits. The exit code is 1 when something failed.
    """
    if dry_run:
        _show(go(_preview()), as_json=as_json)
        return
    done = go(_deliver(patience, quiet=as_json))
    if as_json:
        print_json(done.model_dump(mode="json"))
    else:
        out.print(done.words, markup=False)
        for problem in done.problems:
            err.print(f"  {for_terminal(problem)}", markup=False)
    if not done.ok:
        raise typer.Exit(1)


async def _deliver(patience: float, *, quiet: bool) -> Acted:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with opened(quiet=quiet) as earshot:
        return await act(earshot.parts, patience=patience, stop=stop)


async def _preview() -> list[Shown]:
    async with opened(quiet=True) as earshot:
        waiting = await find(earshot.parts, [], states=_WAITING)
        return [shown(earshot.parts, one) for one in waiting]


def _show(waiting: list[Shown], *, as_json: bool) -> None:
    if as_json:
        print_json([one.model_dump(mode="json") for one in waiting])
        return
    if not waiting:
        out.print("Nothing waits to be sent.", markup=False)
        return
    rows = [
        (
            f"{one.delivery.not_before:%Y-%m-%d %H:%M:%S}",
            one.delivery.destination,
            f"{one.delivery.op.value} {one.delivery.thing.value}",
            one.delivery.content.title,
            one.problem,
            one.delivery.id[:SHORT],
        )
        for one in waiting
    ]
    print_table(("from (UTC)", "destination", "what", "title", "problem", "id"), rows)
    out.print(
        f"Dry run: {len(waiting):,} would be sent, nothing was. `earshot actions show ID` shows a body.",
        markup=False,
    )
