"""States of actions and deliveries in words, and small pieces that the commands share."""

from typing import Annotated

import typer

from earshot.domain.action import INWARD, Action, ActionStatus
from earshot.domain.delivery import Delivery, DeliveryState
from earshot.pipeline.acting.looking import ListedAction

SHORT = 12
"""Characters of an id that are shown; the beginning is enough to name it."""

STATES: dict[DeliveryState, str] = {
    DeliveryState.HELD: "waits for approval",
    DeliveryState.PENDING: "to be sent",
    DeliveryState.SENDING: "being sent",
    DeliveryState.UNKNOWN: "may have arrived",
    DeliveryState.DONE: "done",
    DeliveryState.DRY: "dry run",
    DeliveryState.DEAD: "failed",
    DeliveryState.SUPPRESSED: "suppressed",
    DeliveryState.DISCARDED: "discarded",
}
_STATUSES: dict[ActionStatus, str] = {
    ActionStatus.PENDING: "waits",
    ActionStatus.COMPLETED: "done",
    ActionStatus.FAILED: "failed",
    ActionStatus.DISCARDED: "discarded",
}
_MOST_URGENT = (
    DeliveryState.DEAD,
    DeliveryState.HELD,
    DeliveryState.UNKNOWN,
    DeliveryState.SENDING,
    DeliveryState.PENDING,
    DeliveryState.SUPPRESSED,
    DeliveryState.DONE,
    DeliveryState.DRY,
    DeliveryState.DISCARDED,
)

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="Ids of actions or of single deliveries; the beginning is enough."),
]
ActionId = Annotated[
    str, typer.Argument(metavar="ID", help="The id of an action or of a delivery; the beginning is enough.")
]
Destination = Annotated[
    str | None, typer.Option("--to", metavar="NAME", help="Only this destination: jira, slack, webhook:n8n, …")
]


def short(identifier: str) -> str:
    """The beginning of an id, enough to type."""
    return identifier[:SHORT]


def state_words(listed: ListedAction) -> str:
    """Where an action stands: what most needs a person's eye first."""
    action = listed.action
    if not listed.deliveries:
        return _without_deliveries(action)
    worst = min(listed.deliveries, key=lambda one: _MOST_URGENT.index(one.state)).state
    return STATES[worst]


def where_words(listed: ListedAction) -> str:
    """The destinations of an action."""
    if listed.action.kind in INWARD:
        return "here"
    return ", ".join(dict.fromkeys(one.destination for one in reversed(listed.deliveries))) or "–"


def attempts_words(delivery: Delivery) -> str:
    """What was tried, and the reason where something went wrong."""
    tried = f"{delivery.attempts} attempt{'' if delivery.attempts == 1 else 's'}"
    status = f"last answer {delivery.last_status}" if delivery.last_status else ""
    return "; ".join(filter(None, (tried, status, delivery.cause, delivery.note)))


def _without_deliveries(action: Action) -> str:
    if action.dry_run and action.status is ActionStatus.PENDING:
        return "dry run"
    return _STATUSES[action.status]
