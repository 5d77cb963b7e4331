"""One leased delivery: sent, or looked up where nobody knows whether it arrived, and its end written down."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from random import Random
from typing import NamedTuple

from earshot.act.breaking import fared
from earshot.act.judging import MAY_HAVE_BEEN_SENT, after, resend_of
from earshot.act.settings import ActSettings
from earshot.domain.delivery import Delivery, DeliveryState, Op, Order, Outcome, Result
from earshot.ports.clock import Clock
from earshot.ports.meter import Meter, NoMeter
from earshot.ports.store import Store, Unit
from earshot.ports.tool import Resend, Tool

MARGIN = 5.0
"""Seconds before the end of a lease at which a request is given up: nobody sends under a lease that is over."""

TOO_MANY = 429
LONGEST_HOLD = 3600.0
"""Seconds for which a destination that says when to come again is left alone at most."""
NEVER_MADE = "what it was to change was never made"
"""Why a change is given up whose thing does not exist."""

Ask = Callable[[Order], Awaitable[Outcome]]


class Fare(NamedTuple):
    """How one try went, for the destination's health."""

    outcome: Outcome
    seconds: float


def order_of(delivery: Delivery) -> Order:
    """What a tool is asked to do for a delivery."""
    return Order(
        object_key=delivery.object_key,
        request_key=delivery.id,
        thing=delivery.thing,
        op=delivery.op,
        content=delivery.content,
        receipt=None if delivery.op is Op.CREATE else delivery.receipt,
        again=delivery.maybe_arrived,
        since=delivery.created_at,
    )


class Courier:
    """Carries the leased deliveries of one worker to their tools, and writes down what became of them."""

    def __init__(
        self,
        store: Store,
        tools: Mapping[str, Tool],
        *,
        settings: ActSettings,
        clock: Clock,
        dice: Random,
        meter: Meter | None = None,
    ) -> None:
        self._store, self._tools = store, tools
        self._meter = meter or NoMeter()
        self._settings, self._clock, self._dice = settings, clock, dice

    async def carry(self, delivery: Delivery) -> Delivery | None:
        """Send it, or settle it where it may have arrived; as it stands now, None when the lease was lost."""
        tool = self._tools[delivery.destination]
        if delivery.op is not Op.CREATE and delivery.receipt is None:
            return await self._end(delivery, DeliveryState.DISCARDED, cause=NEVER_MADE)
        doubtful = delivery.state is DeliveryState.UNKNOWN
        delivery = delivery.model_copy(update={"maybe_arrived": delivery.maybe_arrived or doubtful})
        resend = resend_of(delivery, tool.abilities)
        if doubtful and resend is Resend.NEVER:
            return await self._end(delivery, DeliveryState.DONE, note=MAY_HAVE_BEEN_SENT)
        looks_up = delivery.maybe_arrived and resend is Resend.LOOK_UP
        return await self._try(delivery, _look_up_first(tool) if looks_up else tool.deliver)

    async def _try(self, delivery: Delivery, ask: Ask) -> Delivery | None:
        began = self._clock.monotonic()
        left = self._seconds_left(delivery)
        if left <= 0:
            return None
        with self._meter.span(f"deliver {delivery.destination}") as span:
            span.note(delivery=delivery.id, thing=delivery.thing.value, op=delivery.op.value)
            outcome = await _asked(ask, order_of(delivery), seconds=left)
            span.note(result=outcome.result.value, status=outcome.status or 0)
        spent = self._clock.monotonic() - began
        self._meter.observe("earshot_action_seconds", spent, destination=delivery.destination)
        stands = after(
            delivery,
            outcome,
            abilities=self._tools[delivery.destination].abilities,
            settings=self._settings,
            now=self._clock.now(),
            dice=self._dice.random(),
        )
        return await self._record(stands, Fare(outcome, spent))

    async def _end(
        self, delivery: Delivery, state: DeliveryState, *, cause: str = "", note: str = ""
    ) -> Delivery | None:
        update = {"state": state, "cause": cause, "note": note, "ended_at": self._clock.now()}
        return await self._record(delivery.model_copy(update=update), None)

    async def _record(self, delivery: Delivery, fare: Fare | None) -> Delivery | None:
        now = self._clock.now()
        async with self._store.unit() as unit:
            kept = await unit.outbox.record(delivery, now=now)
            if fare is not None:
                await self._note_health(unit, delivery.destination, fare=fare)
            await unit.commit()
        return delivery if kept else None

    async def _note_health(self, unit: Unit, destination: str, *, fare: Fare) -> None:
        health = fared(
            await unit.outbox.health_of(destination),
            fare.outcome,
            seconds=fare.seconds,
            settings=self._settings,
            now=self._clock.now(),
        )
        await unit.outbox.save_health(health)
        if fare.outcome.status == TOO_MANY and fare.outcome.retry_after:
            wait = timedelta(seconds=min(fare.outcome.retry_after, LONGEST_HOLD))
            await unit.outbox.hold_back(destination, until=self._clock.now() + wait)

    def _seconds_left(self, delivery: Delivery) -> float:
        if delivery.lease_until is None:
            return 0.0
        return (delivery.lease_until - self._clock.now()).total_seconds() - MARGIN


def _look_up_first(tool: Tool) -> Ask:
    """Done when it is found; sent when it surely is not there; otherwise what the look-up said.

    What was just looked up is sent without `again`: the tool would look a second time, and every further request is
    one more that can fail.
    """

    async def ask(order: Order) -> Outcome:
        found = await tool.find(order)
        if found.result is not Result.REJECTED:
            return found
        return await tool.deliver(order.model_copy(update={"again": False}))

    return ask


async def _asked(ask: Ask, order: Order, *, seconds: float) -> Outcome:
    """What the tool said. A tool that takes too long, or breaks, may have done it."""
    try:
        async with asyncio.timeout(seconds):
            return await ask(order)
    except TimeoutError:
        return Outcome(result=Result.UNKNOWN, reason="it took longer than its lease")
    except Exception as error:  # noqa: BLE001 (a mistake in one tool must not stop the others)
        return Outcome(result=Result.UNKNOWN, reason=f"the connector failed: {type(error).__name__}")
