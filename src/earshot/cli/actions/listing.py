"""`earshot actions list` and `show`."""

from collections.abc import Iterator
from typing import Annotated

import typer

from earshot.act.queue import describe
from earshot.cli.actions.words import (
    STATES,
    ActionId,
    Destination,
    attempts_words,
    short,
    state_words,
    where_words,
)
from earshot.cli.console import out, print_json, print_table
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.domain.action import Action, ActionStatus
from earshot.domain.delivery import DeliveryState
from earshot.pipeline.acting.looking import ActionPortrait, ListedAction, Listing, Shown, listed, portrait
from earshot.pipeline.exporting import action_row
from earshot.text.escape import for_terminal, visible
from earshot.text.wording import counted

_COLUMNS = ("when (UTC)", "state", "what", "where", "rule", "conversation", "link", "id")
_MEMBERS = 10


def list_command(
    *,
    status: Annotated[ActionStatus | None, typer.Option("--status", help="Only those in this state.")] = None,
    state: Annotated[
        list[DeliveryState] | None,
        typer.Option("--state", help="Only those with a delivery that stands so; may be repeated."),
    ] = None,
    to: Destination = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also dry runs and what stays inside Earshot (queue, counters).")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List actions, newest first: what, about whom, by which rule, where it went and where it stands."""
    found = go(_list(status, state or [], to=to, every=every, limit=limit))
    if as_json:
        print_json([_row(one) for one in found.rows])
        return
    if found.rows:
        print_table(_COLUMNS, [_line(one) for one in found.rows])
    elif not found.left_out:
        out.print("No such actions.", markup=False)
    if found.more:
        out.print(f"… and {found.more:,} more (--limit)", markup=False)
    if found.left_out:
        told = ", ".join(f"{count:,} {words}" for words, count in sorted(found.left_out.items()))
        out.print(f"Not shown: {told} (--all)", markup=False)


def show_command(action: ActionId, *, as_json: AsJson = False) -> None:
    """Show one action: why, what is sent exactly as it is sent, what was tried and what the other side said."""
    found = go(_portrait(action))
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    for name, told in _facts(found):
        out.print(f"{name + ':':<14} {for_terminal(told)}", markup=False)
    for one in found.deliveries:
        print_shown(one)
    if not found.deliveries:
        out.print("\nNothing is planned for it yet.", markup=False)


def print_shown(one: Shown) -> None:
    """Print a delivery: where and what, its attempts, and its body as it would be sent."""
    delivery = one.delivery
    out.print()
    out.print(
        f"{delivery.op.value} {delivery.thing.value} at {for_terminal(delivery.destination)}: "
        f"{STATES[delivery.state]}  ({short(delivery.id)})",
        markup=False,
        style="bold",
    )
    out.print(f"  {for_terminal(attempts_words(delivery))}", markup=False)
    if one.problem:
        out.print(f"  Problem: {for_terminal(one.problem)}", markup=False)
    if delivery.receipt:
        out.print(f"  At: {for_terminal(delivery.receipt.url or delivery.receipt.external_id)}", markup=False)
    for line in visible(one.preview).splitlines():
        out.print(f"  | {line}", markup=False)


async def _list(
    status: ActionStatus | None, states: list[DeliveryState], *, to: str | None, every: bool, limit: int
) -> Listing:
    async with opened(quiet=True) as earshot:
        return await listed(earshot.parts, status=status, states=states, destination=to, every=every, limit=limit)


async def _portrait(action: str) -> ActionPortrait:
    async with opened(quiet=True) as earshot:
        return await portrait(earshot.parts, action)


def _row(one: ListedAction) -> dict[str, object]:
    told = {"state": state_words(one), "url": one.url}
    deliveries = [
        delivery.model_dump(mode="json", exclude={"content", "worker", "lease_until"})
        for delivery in one.deliveries
    ]
    return {**action_row(one.action).model_dump(mode="json"), **told, "deliveries": deliveries}


def _line(one: ListedAction) -> tuple[object, ...]:
    action = one.action
    return (
        f"{action.created_at:%Y-%m-%d %H:%M}",
        state_words(one),
        describe(action.model_copy(update={"dry_run": False})),
        where_words(one),
        action.rule,
        action.conversation_id,
        one.url,
        short(action.key),
    )


def _facts(found: ActionPortrait) -> Iterator[tuple[str, str]]:
    action = found.action
    yield "Action", f"{describe(action)}  ({action.key})"
    yield "State", state_words(ListedAction(action=action, deliveries=tuple(d.delivery for d in found.deliveries)))
    yield "Rule", action.rule
    yield "Why", action.reason
    if action.suspect:
        yield "Suspect", action.suspect
    yield from _evidence(found, action)
    for link in found.links:
        place = link.receipt.url or link.receipt.external_id if link.receipt else "not made yet"
        yield "Stands at", f"{link.destination} {link.thing.value}: {place} ({link.standing.value})"


def _evidence(found: ActionPortrait, action: Action) -> Iterator[tuple[str, str]]:
    if dossier := found.dossier:
        said, by = counted(dossier.conversations, "conversation"), counted(dossier.customers, "customer")
        suspects = f", {dossier.suspects:,} suspect ones not counted" if dossier.suspects else ""
        yield "Behind it", f"{said} of {by}{suspects}"
    members = found.members[:_MEMBERS]
    more = len(found.members) - len(members)
    ids = [f"{one.conversation_id}{' (suspect)' if one.suspect else ''}" for one in members]
    yield "Conversations", ", ".join(ids or [action.conversation_id]) + (f" and {more} more" if more else "")
