"""What becomes of a delivery after a try: done, again later, to be looked up, or given up."""

from datetime import datetime, timedelta
from typing import Any

from earshot.act.backoff import EVENT_TRIES, parks, wait
from earshot.act.settings import ActSettings
from earshot.domain.delivery import Delivery, DeliveryState, Op, Outcome, Result, Thing
from earshot.ports.tool import Abilities, Resend

MAY_HAVE_BEEN_SENT = "may have been sent"
"""The note of a delivery of which nobody can know whether it arrived, and which is not sent again."""
GONE = "gone"
"""The cause of a delivery whose thing, or whose destination, is not there any more."""

_OTHERS_FAULT = frozenset({Result.AUTH_FAILED, Result.PAUSED})
"""The destination waits for a person; the row is kept and the try is not counted."""

_UNDER_WAY = frozenset({DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN})


def after(
    delivery: Delivery, outcome: Outcome, *, abilities: Abilities, settings: ActSettings, now: datetime, dice: float
) -> Delivery:
    """The delivery after it was tried. `dice` is from 0 to 1. The try is counted unless only the door was shut.

    Its lease stays: the store compares it before it writes.
    """
    tried = _tried(delivery, outcome, now=now)
    if outcome.result is Result.DELIVERED:
        return _end(tried, DeliveryState.DONE, now=now)
    if outcome.result in (Result.REJECTED, Result.GONE):
        return _end(tried, DeliveryState.DEAD, now=now, cause=_refusal(outcome))
    if outcome.result in _OTHERS_FAULT:
        return _waits(tried, outcome.reason, until=now)
    if outcome.result is Result.UNKNOWN:
        tried = tried.model_copy(update={"maybe_arrived": True})
        if resend_of(tried, abilities) is Resend.NEVER:
            return _end(tried, DeliveryState.DONE, now=now, note=MAY_HAVE_BEEN_SENT)
        if resend_of(tried, abilities) is Resend.LOOK_UP and not _is_over(tried, settings, now=now):
            return _to_look_up(tried, outcome, abilities=abilities, settings=settings, now=now, dice=dice)
    if _is_over(tried, settings, now=now):
        return _end(tried, DeliveryState.DEAD, now=now, cause=_exhaustion(tried, outcome))
    seconds = wait(tried.attempts, asked=outcome.retry_after, thing=tried.thing, settings=settings, dice=dice)
    return _waits(tried, outcome.reason, until=now + timedelta(seconds=seconds))


def is_overdue(delivery: Delivery, settings: ActSettings, *, now: datetime) -> bool:
    """Whether people must be told of a page by other means: it failed, or waited too long, tried or not."""
    if delivery.thing is not Thing.PAGE or delivery.op is not Op.CREATE:
        return False
    waited = now - delivery.created_at >= timedelta(minutes=settings.page_give_up_minutes)
    return delivery.state is DeliveryState.DEAD or (delivery.state in _UNDER_WAY and waited)


def resend_of(delivery: Delivery, abilities: Abilities) -> Resend:
    """How a delivery is settled that may have arrived. A change in place says the same twice and is sent again."""
    if delivery.op is Op.UPDATE and delivery.receipt is not None and delivery.thing is not Thing.MAIL:
        return Resend.SAME_KEY
    return abilities.resend.get(delivery.thing, Resend.NEVER)


def _tried(delivery: Delivery, outcome: Outcome, *, now: datetime) -> Delivery:
    counts = outcome.result not in _OTHERS_FAULT and not parks(outcome.retry_after)
    told: dict[str, Any] = {
        "attempts": delivery.attempts + counts,
        "first_tried_at": (delivery.attempts and delivery.first_tried_at) or now,
        "last_status": outcome.status,
        "receipt": outcome.receipt or delivery.receipt,
        "note": outcome.note or delivery.note,
    }
    return delivery.model_copy(update=told)


def _end(delivery: Delivery, state: DeliveryState, *, now: datetime, cause: str = "", note: str = "") -> Delivery:
    ended: dict[str, Any] = {"state": state, "cause": cause, "ended_at": now, "note": note or delivery.note}
    return delivery.model_copy(update=ended)


def _waits(
    delivery: Delivery, cause: str, *, until: datetime, state: DeliveryState = DeliveryState.PENDING
) -> Delivery:
    waits: dict[str, Any] = {"state": state, "cause": cause, "not_before": until}
    return delivery.model_copy(update=waits)


def _to_look_up(
    delivery: Delivery, outcome: Outcome, *, abilities: Abilities, settings: ActSettings, now: datetime, dice: float
) -> Delivery:
    """Asked once the other side's search has caught up, and then ever more rarely."""
    waited = wait(delivery.attempts, asked=outcome.retry_after, thing=delivery.thing, settings=settings, dice=dice)
    until = now + timedelta(seconds=max(abilities.settle_after, waited))
    return _waits(delivery, outcome.reason, until=until, state=DeliveryState.UNKNOWN)


def _is_over(delivery: Delivery, settings: ActSettings, *, now: datetime) -> bool:
    """Whether the tries are used up; a webhook has its own longer schedule, a page a shorter time."""
    if delivery.thing is Thing.EVENT:
        return delivery.attempts >= EVENT_TRIES
    if delivery.attempts >= settings.attempts:
        return True
    page = delivery.thing is Thing.PAGE
    most = timedelta(minutes=settings.page_give_up_minutes) if page else timedelta(hours=settings.give_up_hours)
    return now - (delivery.first_tried_at or delivery.created_at) >= most


def _refusal(outcome: Outcome) -> str:
    if outcome.result is Result.GONE:
        return GONE
    fields = f" ({', '.join(outcome.fields)})" if outcome.fields else ""
    return f"refused: {outcome.reason or outcome.status or 'no reason given'}{fields}"


def _exhaustion(delivery: Delivery, outcome: Outcome) -> str:
    tries = "1 try" if delivery.attempts == 1 else f"{delivery.attempts} tries"
    return f"given up after {tries}: {outcome.reason or outcome.status or 'no reason given'}"
