"""Use cases: actions as people look at them: a list with states and links, and one with everything about it."""

from collections import Counter
from collections.abc import Collection, Sequence

from earshot.domain.action import INWARD, Action, ActionKind, ActionMember, ActionStatus
from earshot.domain.delivery import Delivery, DeliveryState, Dossier, Link
from earshot.domain.model import Noun
from earshot.pipeline.acting.picking import MOST, pick_action
from earshot.pipeline.acting.sending import order_of
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit
from earshot.text.render.plain import to_plain

_MEMBERS = 50
_NEWEST = 5_000
"""So many are looked through."""
_INSIDE = {
    ActionKind.ADD_TO_PM_QUEUE: "in the PM queue",
    ActionKind.INCREMENT_FEATURE_COUNTER: "counted as features",
}


class ListedAction(Noun):
    """An action with its deliveries, newest first."""

    action: Action
    deliveries: tuple[Delivery, ...] = ()

    @property
    def url(self) -> str | None:
        """Where the newest thing that was made can be looked at."""
        return next((one.receipt.url for one in self.deliveries if one.receipt and one.receipt.url), None)


class Listing(Noun):
    """Actions as they are listed. `more` are beyond the limit, `left_out` counts others by what they are."""

    rows: tuple[ListedAction, ...]
    more: int = 0
    left_out: dict[str, int] = {}


class Shown(Noun):
    """A delivery with its body as it would be, or was, sent. `problem` is what its tool would refuse."""

    delivery: Delivery
    preview: str
    problem: str = ""


class ActionPortrait(Noun):
    """Everything about an action. `members` are the newest; `dossier` is None where its conversation is gone."""

    action: Action
    members: tuple[ActionMember, ...] = ()
    dossier: Dossier | None = None
    deliveries: tuple[Shown, ...] = ()
    links: tuple[Link, ...] = ()


async def listed(
    parts: Parts,
    *,
    status: ActionStatus | None = None,
    states: Collection[DeliveryState] = (),
    destination: str | None = None,
    every: bool = False,
    limit: int,
) -> Listing:
    """Actions, newest first; with `states` or `destination`, those that have such a delivery.

    Without any selection, rehearsals and what stays inside are only counted, unless `every` is wanted.
    """
    async with parts.store.unit() as unit:
        if states or destination:
            actions = await _with_deliveries(unit, states, destination=destination, limit=limit)
            shown, left_out = [one for one in actions if status is None or one.status is status], {}
        else:
            found = await unit.decisions.list(status, limit=_NEWEST)
            shown, left_out = (found, {}) if every or status is not None else _outward(found)
        by_action = await _deliveries(unit, shown[:limit])
    rows = [ListedAction(action=one, deliveries=tuple(by_action.get(one.key, ()))) for one in shown[:limit]]
    return Listing(rows=tuple(rows), more=max(0, len(shown) - limit), left_out=left_out)


async def portrait(parts: Parts, prefix: str) -> ActionPortrait:
    """One action, by the beginning of its id or of one of its deliveries' ids."""
    async with parts.store.unit() as unit:
        action = await pick_action(unit, prefix)
        deliveries = await unit.outbox.deliveries(action_keys=[action.key], limit=MOST)
        own = {one.object_key for one in deliveries}
        links = await unit.outbox.links(subject_id=action.subject_id)
        return ActionPortrait(
            action=action,
            members=tuple(await unit.decisions.members(action.key, limit=_MEMBERS)),
            dossier=await unit.outbox.dossier(action.key),
            deliveries=tuple(shown(parts, one) for one in deliveries),
            links=tuple(one for one in links if one.action_key == action.key or one.object_key in own),
        )


def shown(parts: Parts, delivery: Delivery) -> Shown:
    """A delivery with what its tool would send; in plain words where its tool is switched off."""
    tool = parts.make_tools().get(delivery.destination)
    if tool is None:
        preview = f"{delivery.content.title}\n\n{to_plain(delivery.content.body)}"
        return Shown(delivery=delivery, preview=preview, problem=f"{delivery.destination} is not switched on")
    order = order_of(delivery)
    return Shown(delivery=delivery, preview=tool.preview(order), problem=tool.check(order))


def _outward(actions: Sequence[Action]) -> tuple[list[Action], dict[str, int]]:
    """Those that act outside for real, and how many of the others there are."""
    kept: list[Action] = []
    left_out: Counter[str] = Counter()
    for action in actions:
        if action.kind in INWARD:
            left_out[_INSIDE[action.kind]] += 1
        elif action.dry_run:
            left_out["in dry run"] += 1
        else:
            kept.append(action)
    return kept, dict(left_out)


async def _with_deliveries(
    unit: Unit, states: Collection[DeliveryState], *, destination: str | None, limit: int
) -> list[Action]:
    found = await unit.outbox.deliveries(states=states, destination=destination, limit=_NEWEST)
    keys = list(dict.fromkeys(one.action_key for one in found))[:limit]
    actions = await unit.decisions.get(keys)
    return sorted(actions, key=lambda action: keys.index(action.key))


async def _deliveries(unit: Unit, actions: Sequence[Action]) -> dict[str, list[Delivery]]:
    by_action: dict[str, list[Delivery]] = {}
    if actions:
        keys = [action.key for action in actions]
        for delivery in await unit.outbox.deliveries(action_keys=keys, limit=MOST):
            by_action.setdefault(delivery.action_key, []).append(delivery)
    return by_action
