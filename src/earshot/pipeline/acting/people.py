"""Use cases: what people do with actions: approve, try again, give up, reopen a destination, silence."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from earshot.act.breaking import resumed
from earshot.act.silencing import FACTS
from earshot.domain.action import INWARD, Action, ActionStatus
from earshot.domain.delivery import Breaker, Delivery, DeliveryState, Health, Silence
from earshot.domain.queue import QueueDecision, QueueKind
from earshot.errors import BadInput, NotFound
from earshot.pipeline.acting.picking import MOST, pick_action, pick_deliveries
from earshot.pipeline.parts import Parts
from earshot.text.escape import one_line

HELD = frozenset({DeliveryState.HELD})
RETRIED = frozenset({DeliveryState.DEAD, DeliveryState.DISCARDED, DeliveryState.PENDING, DeliveryState.UNKNOWN})
FAILED = frozenset({DeliveryState.DEAD})
GIVEN_UP = frozenset(
    {
        DeliveryState.HELD,
        DeliveryState.PENDING,
        DeliveryState.UNKNOWN,
        DeliveryState.DEAD,
        DeliveryState.SUPPRESSED,
    }
)
_REASON_LIMIT = 500
_LONGEST_SILENCE = timedelta(days=90)

Change = Callable[[Delivery], Delivery]


async def held(parts: Parts, prefixes: Sequence[str]) -> list[Delivery]:
    """Deliveries that wait for approval: those of these actions, or all where none is named."""
    return await find(parts, prefixes, states=HELD)


async def find(
    parts: Parts,
    prefixes: Sequence[str],
    *,
    states: Collection[DeliveryState],
    destination: str | None = None,
    cause: str | None = None,
) -> list[Delivery]:
    """Deliveries in these states, oldest first: of these actions (all where none is named), destination and cause.

    `cause` matches what is part of a delivery's cause, whatever its case.
    """
    async with parts.store.unit() as unit:
        if prefixes:
            found = await pick_deliveries(unit, prefixes, states=states)
        else:
            found = list(reversed(await unit.outbox.deliveries(states=states, destination=destination, limit=MOST)))
    wanted = None if cause is None else cause.casefold()
    return [
        one
        for one in found
        if (destination is None or one.destination == destination)
        and (wanted is None or wanted in one.cause.casefold())
    ]


async def approve(parts: Parts, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Let exactly these go as they were planned; those that were still held. What is sent is what was shown."""

    def approved(delivery: Delivery) -> Delivery:
        now = parts.clock.now()
        update = {"state": DeliveryState.PENDING, "approved_by": parts.actor, "cause": "", "not_before": now}
        return delivery.model_copy(update=update)

    return await _change(parts, deliveries, change=approved, only_from=HELD)


async def retry(parts: Parts, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Try these again at once, with all their attempts; what may have arrived is still looked up before."""

    def renewed(delivery: Delivery) -> Delivery:
        state = DeliveryState.UNKNOWN if delivery.state is DeliveryState.UNKNOWN else DeliveryState.PENDING
        now = parts.clock.now()
        update = {"state": state, "attempts": 0, "not_before": now, "cause": "", "ended_at": None}
        return delivery.model_copy(update={**update, "created_at": now})

    return await _change(parts, deliveries, change=renewed, only_from=RETRIED)


async def discard(parts: Parts, deliveries: Sequence[Delivery], *, reason: str = "") -> list[Delivery]:
    """Give these up; those that were not under way or done."""
    because = f"discarded by {parts.actor}{f': {one_line(reason)[:_REASON_LIMIT]}' if reason else ''}"

    def given_up(delivery: Delivery) -> Delivery:
        update = {"state": DeliveryState.DISCARDED, "cause": because, "ended_at": parts.clock.now()}
        return delivery.model_copy(update=update)

    return await _change(parts, deliveries, change=given_up, only_from=GIVEN_UP)


async def sorted_out(parts: Parts, prefixes: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those that name entries of the queue, as whole keys, and the others as they are."""
    inside: list[str] = []
    outside: list[str] = []
    async with parts.store.unit() as unit:
        for prefix in prefixes:
            action = await pick_action(unit, prefix)
            if action.kind in INWARD:
                inside.append(action.key)
            else:
                outside.append(prefix)
    return inside, outside


async def take_off(
    parts: Parts, prefixes: Sequence[str], *, status: ActionStatus = ActionStatus.DISCARDED, reason: str = ""
) -> list[Action]:
    """Take entries off the product manager's queue, as done or not needed; those that still waited there.

    Who did it and why is kept. BadInput for actions that are no entries of the queue.
    """
    done: list[Action] = []
    async with parts.store.unit() as unit:
        for prefix in prefixes:
            action, now = await pick_action(unit, prefix), parts.clock.now()
            if action.kind not in INWARD:
                raise BadInput(f"{action.key} is not in the queue: it is {action.kind.value}.")
            if await unit.decisions.take_off(action.key, status=status, before=ActionStatus.PENDING, now=now):
                done.append(action.model_copy(update={"status": status}))
                answer = "take" if status is ActionStatus.COMPLETED else "drop"
                decision = QueueDecision(
                    kind=QueueKind.ACTIONS,
                    subject=action.key,
                    answer=answer,
                    reason=one_line(reason)[:_REASON_LIMIT],
                    actor=parts.actor,
                    before={"status": status.value},
                    at=now,
                )
                await unit.pages.queue.note(decision)
        await unit.commit()
    return done


async def resume(parts: Parts, destination: str) -> Health:
    """Open a paused, broken or disabled destination again; NotFound where it was never used."""
    async with parts.store.unit() as unit:
        known = {health.destination: health for health in await unit.outbox.health()}
        if destination not in known:
            used = ", ".join(sorted(known)) or "none"
            raise NotFound(f"The destination {destination!r} was never used.", hint=f"Used so far: {used}.")
        health = resumed(known[destination])
        await unit.outbox.save_health(health)
        await unit.commit()
    return health


async def silence(
    parts: Parts, matchers: Mapping[str, str], *, until: datetime, reason: str, everything: bool = False
) -> Silence:
    """Suppress what matches until then. BadInput for unknown matchers, none at all, or an end in the past."""
    now = parts.clock.now()
    _check_silence(matchers, until=until, now=now, everything=everything)
    added = Silence(
        id=parts.ids.new(),
        matchers=dict(matchers),
        until=until,
        reason=one_line(reason)[:_REASON_LIMIT],
        author=parts.actor,
        at=now,
    )
    async with parts.store.unit() as unit:
        await unit.outbox.silence(added)
        await unit.commit()
    return added


async def silences(parts: Parts, *, every: bool = False) -> list[Silence]:
    """Silences in force; with `every`, also those that ended."""
    async with parts.store.unit() as unit:
        return await unit.outbox.silences(now=None if every else parts.clock.now())


async def lift(parts: Parts, prefix: str) -> Silence:
    """End a silence now; NotFound or BadInput unless one in force begins so."""
    now = parts.clock.now()
    async with parts.store.unit() as unit:
        found = [one for one in await unit.outbox.silences(now=now) if prefix and one.id.startswith(prefix)]
        if len(found) != 1:
            wrong = BadInput if found else NotFound
            raise wrong(
                f"{len(found) or 'No'} silence{'s' if len(found) > 1 else ''} in force begin{'' if found else 's'} "
                f"with {prefix!r}.",
                hint="`earshot actions silences` lists them.",
            )
        lifted = found[0].model_copy(update={"until": now})
        await unit.outbox.silence(lifted)
        await unit.commit()
    return lifted


async def healths(parts: Parts) -> list[Health]:
    """How every destination fares: those that were used, and those that are switched on."""
    async with parts.store.unit() as unit:
        known = {health.destination: health for health in await unit.outbox.health()}
    fresh = {name: Health(destination=name) for name in parts.make_tools()}
    return [{**fresh, **known}[name] for name in sorted(fresh | known)]


def is_usable(health: Health) -> bool:
    """Whether a destination takes something without a person's help."""
    return health.breaker in {Breaker.CLOSED, Breaker.OPEN}


def _check_silence(matchers: Mapping[str, str], *, until: datetime, now: datetime, everything: bool) -> None:
    unknown = sorted(set(matchers) - set(FACTS))
    if unknown:
        raise BadInput(f"A silence cannot match {unknown[0]!r}.", hint=f"It can: {', '.join(FACTS)}.")
    if not matchers and not everything:
        raise BadInput(
            "A silence without a matcher would silence everything.", hint="Add --everything if you mean it."
        )
    if until <= now:
        raise BadInput("The silence would end in the past.")
    if until - now > _LONGEST_SILENCE:
        raise BadInput(f"A silence lasts at most {_LONGEST_SILENCE.days} days, so that none is forgotten.")


async def _change(
    parts: Parts, deliveries: Sequence[Delivery], *, change: Change, only_from: Collection[DeliveryState]
) -> list[Delivery]:
    now = parts.clock.now()
    done: list[Delivery] = []
    async with parts.store.unit() as unit:
        for one in deliveries:
            after = change(one)
            if await unit.outbox.change(after, only_from=only_from, now=now):
                done.append(after)
        await unit.commit()
    return done
