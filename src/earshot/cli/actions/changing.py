"""`earshot actions approve`, `retry`, `discard` and `resume`: what people decide."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import typer

from earshot.cli.actions.listing import print_shown
from earshot.cli.actions.words import STATES, Destination, Ids, short
from earshot.cli.asking import asker
from earshot.cli.console import out, print_json, print_table
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.domain.delivery import Delivery, DeliveryState, Health
from earshot.pipeline.acting import people
from earshot.pipeline.acting.looking import Shown, shown
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.parts import Parts

Agree = Annotated[bool, typer.Option("--yes", help="Do it without being asked.")]
Cause = Annotated[
    str | None, typer.Option("--cause", metavar="TEXT", help="All whose reason contains this; see `actions show`.")
]
Every = Annotated[bool, typer.Option("--all", help="All of them.")]
Doing = Callable[[Parts, Sequence[Delivery]], Awaitable[list[Delivery]]]


def approve_command(
    ids: Ids = None,
    *,
    to: Destination = None,
    every: Every = False,
    yes: Agree = False,
    as_json: AsJson = False,
) -> None:
    """Show what waits for approval exactly as it will be sent, ask, and let it go with the next delivery."""
    _wanted(ids, to, every=every)
    go(_decide(ids or [], to=to, cause=None, states=people.HELD, doing=people.approve, yes=yes, as_json=as_json))
    if not as_json:
        out.print("Sent by the next `earshot run`, or now: earshot actions deliver", markup=False)


def retry_command(
    ids: Ids = None, *, to: Destination = None, cause: Cause = None, every: Every = False, as_json: AsJson = False
) -> None:
    """Try failed deliveries again: those named, or all of a destination or of one cause."""
    _wanted(ids, to or cause, every=every)
    states = people.RETRIED if ids else people.FAILED
    go(_decide(ids or [], to=to, cause=cause, states=states, doing=people.retry, yes=True, as_json=as_json))
    if not as_json:
        out.print("Sent by the next `earshot run`, or now: earshot actions deliver", markup=False)


def discard_command(
    ids: Ids = None,
    *,
    to: Destination = None,
    cause: Cause = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with your name.")] = "",
    yes: Agree = False,
    as_json: AsJson = False,
) -> None:
    """Give deliveries up that are not done yet, or take entries off the PM queue; your reason stays with them."""
    _wanted(ids, to or cause, every=False)
    outside = go(_take_off(ids, reason=reason, as_json=as_json)) if ids else []
    if ids and not outside:
        return

    async def doing(parts: Parts, deliveries: Sequence[Delivery]) -> list[Delivery]:
        return await people.discard(parts, deliveries, reason=reason)

    states = people.GIVEN_UP
    go(_decide(outside, to=to, cause=cause, states=states, doing=doing, yes=yes or bool(ids), as_json=as_json))


def resume_command(
    destination: Annotated[str, typer.Argument(metavar="DESTINATION", help="jira, slack, webhook:n8n, …")],
    *,
    as_json: AsJson = False,
) -> None:
    """Open a paused or disabled destination again, after its token or its other side was put right."""
    health = go(_resume(destination))
    if as_json:
        print_json(health.model_dump(mode="json"))
    else:
        out.print(f"{destination} is open again; what waits for it goes with the next delivery.", markup=False)


def _wanted(ids: list[str] | None, selection: str | None, *, every: bool) -> None:
    if not ids and not selection and not every:
        raise typer.BadParameter("name an ID, or select with --to, --cause or --all where it is offered")


async def _take_off(ids: Sequence[str], *, reason: str, as_json: bool) -> list[str]:
    """Take those off the queue that are its entries; the other ids."""
    async with opened(quiet=as_json) as earshot:
        inside, outside = await people.sorted_out(earshot.parts, ids)
        done = await people.take_off(earshot.parts, inside, reason=reason)
    if as_json and inside and not outside:
        print_json([one.model_dump(mode="json") for one in done])
    elif inside and not as_json:
        out.print(f"{len(done)} of {len(inside)} taken off the queue.", markup=False)
    return outside


async def _resume(destination: str) -> Health:
    async with opened(quiet=True) as earshot:
        return await people.resume(earshot.parts, destination)


async def _decide(
    ids: Sequence[str],
    *,
    to: str | None,
    cause: str | None,
    states: frozenset[DeliveryState],
    doing: Doing,
    yes: bool,
    as_json: bool,
) -> None:
    async with opened(quiet=as_json) as earshot:
        found = await people.find(earshot.parts, ids, states=states, destination=to, cause=cause)
        if not found:
            _tell([], as_json=as_json)
            return
        if not (yes or as_json):
            _ask(earshot, [shown(earshot.parts, one) for one in found])
        _tell(await doing(earshot.parts, found), as_json=as_json)


def _ask(earshot: Earshot, found: Sequence[Shown]) -> None:
    for one in found:
        print_shown(one)
    ask = asker(earshot.parts.progress)
    if ask is None:
        raise typer.BadParameter("nobody can be asked here; look at what is printed and add --yes")
    if not ask(f"{len(found)} as shown: go ahead?"):
        raise typer.Exit(1)


def _tell(done: Sequence[Delivery], *, as_json: bool) -> None:
    if as_json:
        print_json([one.model_dump(mode="json", exclude={"content"}) for one in done])
        return
    if not done:
        out.print("Nothing to do.", markup=False)
        return
    rows = [(STATES[one.state], one.destination, one.thing.value, one.op.value, short(one.id)) for one in done]
    print_table(("now", "destination", "what", "", "id"), rows)
