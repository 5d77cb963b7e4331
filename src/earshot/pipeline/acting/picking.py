"""Which actions and deliveries a person means who types the beginning of an id."""

from collections.abc import Collection, Sequence

from earshot.domain.action import Action
from earshot.domain.delivery import Delivery, DeliveryState
from earshot.errors import BadInput, NotFound
from earshot.ports.store import Unit

MOST = 10_000
"""Deliveries handled by one command."""
_SHOWN = 5


async def pick_action(unit: Unit, prefix: str) -> Action:
    """The one action whose key, or one of whose deliveries' ids, begins so; NotFound or BadInput otherwise."""
    found = await unit.decisions.find(prefix, limit=_SHOWN + 1) if prefix else []
    exact = [action for action in found if action.key == prefix]
    found = exact or found
    if not found:
        raise NotFound(f"There is no action {prefix!r}.", hint="`earshot actions list` shows them with their ids.")
    if len(found) > 1:
        some = ", ".join(action.key[:12] for action in found[:_SHOWN])
        raise BadInput(f"{prefix!r} is the beginning of several ids: {some}.", hint="Type more of the id.")
    return found[0]


async def pick_deliveries(
    unit: Unit, prefixes: Sequence[str], *, states: Collection[DeliveryState] = ()
) -> list[Delivery]:
    """The deliveries of these actions (or those of these ids), oldest first, in these states."""
    picked: dict[str, Delivery] = {}
    for prefix in prefixes:
        action = await pick_action(unit, prefix)
        every = await unit.outbox.deliveries(action_keys=[action.key], limit=MOST)
        own = [] if action.key.startswith(prefix) else [one for one in every if one.id.startswith(prefix)]
        chosen = [one for one in own or every if not states or one.state in states]
        if not chosen:
            raise NotFound(_nothing(prefix, every, states=states))
        picked |= {one.id: one for one in reversed(chosen)}
    return list(picked.values())


def _nothing(prefix: str, every: Sequence[Delivery], *, states: Collection[DeliveryState]) -> str:
    wanted = " or ".join(sorted(state.value for state in states))
    there = ", ".join(sorted({f"{one.destination} {one.state.value}" for one in every}))
    return (
        f"Nothing of {prefix!r} is {wanted}{f' (it is: {there})' if there else ', and nothing is planned for it'}."
    )
