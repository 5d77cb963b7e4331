"""What `earshot doctor` says of queues, workers, webhooks, schedules and bounds."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from earshot.domain.pulse import Pulse, WatchState
from earshot.domain.schedule import ScheduleState
from earshot.pipeline.audits.falling import falls
from earshot.pipeline.checking import Check, Grade
from earshot.pipeline.parts import Parts
from earshot.pipeline.watching.bounds import Reading, readings
from earshot.pipeline.watching.figures import Seen
from earshot.pipeline.watching.gathering import see
from earshot.pipeline.watching.settings import WatchSettings

OVERDUE = timedelta(minutes=10)
"""A schedule whose time passed so long ago is kept by nobody."""
_STATUS = "earshot worker --status"


async def check_flow(parts: Parts, settings: WatchSettings, *, listens: bool) -> list[Check]:
    """The queue, its workers, webhooks, schedules and bounds. `listens`: there is a secret for webhooks."""
    seen, now = await see(parts), parts.clock.now()
    fallen = await falls(parts) if settings.drift else ()
    found = readings(settings, seen.pulse, queues=seen.queues, now=now, falls=fallen)
    return [
        _queues(seen),
        _workers(seen),
        _webhooks(seen.pulse, now=now, listens=listens),
        *_schedules(seen.schedules, now=now),
        *_bounds(seen.bounds, found),
    ]


def _queues(seen: Seen) -> Check:
    waiting, running = (sum(getattr(one, name) for one in seen.queues) for name in ("waiting", "running"))
    held = sum(one.held for one in seen.queues)
    text = f"{waiting:,} jobs wait, {running:,} are under way."
    if not held:
        return Check(name="jobs", grade=Grade.OK, text=text)
    return Check(
        name="jobs", grade=Grade.NOTE, text=f"{text} {held:,} gave up.", hint=f"See which and why: {_STATUS}"
    )


def _workers(seen: Seen) -> Check:
    due = sum(one.due for one in seen.queues)
    if seen.workers:
        hosts = len({one.host for one in seen.workers})
        lanes = ", ".join(sorted({one.lane.value for one in seen.workers}))
        where = "this or another machine" if hosts == 1 else f"{hosts} machines"
        return Check(
            name="workers", grade=Grade.OK, text=f"{len(seen.workers)} at work on {where}; lanes: {lanes}."
        )
    if due:
        text, hint = f"None is at work, and {due:,} jobs are due.", "Start one: earshot worker"
        return Check(name="workers", grade=Grade.FAILED, text=text, hint=hint)
    if seen.schedules:
        text, hint = "None is at work: schedules and webhooks wait.", "Start one: earshot worker"
        return Check(name="workers", grade=Grade.NOTE, text=text, hint=hint)
    return Check(name="workers", grade=Grade.OK, text="None is at work; nothing waits for one.")


def _webhooks(pulse: Pulse, *, now: datetime, listens: bool) -> Check:
    name = "webhooks"
    if pulse.webhook_latest is not None:
        ago = _span(now - pulse.webhook_latest)
        return Check(name=name, grade=Grade.OK, text=f"The last one came {ago} ago; {pulse.inbox_waiting:,} wait.")
    if not listens:
        text = "Not in use (INTERCOM_CLIENT_SECRET is not set); syncs bring everything."
        return Check(name=name, grade=Grade.OK, text=text)
    hint = "Run earshot serve, and give its address to Intercom: docs/realtime.md."
    return Check(name=name, grade=Grade.NOTE, text="None has come yet.", hint=hint)


def _schedules(states: Sequence[ScheduleState], *, now: datetime) -> list[Check]:
    return [_schedule(state, now=now) for state in states]


def _schedule(state: ScheduleState, *, now: datetime) -> Check:
    name = f"schedule {state.name}"
    if state.next_at is not None and now - state.next_at > OVERDUE:
        text = f"It was due at {state.next_at:%Y-%m-%d %H:%M} UTC, and nobody did it."
        return Check(name=name, grade=Grade.FAILED, text=text, hint="Start a worker: earshot worker")
    due = "It never comes again." if state.next_at is None else f"Next at {state.next_at:%Y-%m-%d %H:%M} UTC."
    if state.ok is False:
        hint = "Run it by hand to see more: earshot schedule run " + state.name
        return Check(name=name, grade=Grade.NOTE, text=f"{due} The last time failed: {state.outcome}", hint=hint)
    return Check(name=name, grade=Grade.OK, text=due)


def _bounds(states: Sequence[WatchState], found: Sequence[Reading]) -> list[Check]:
    """Bounds that are left. What waits for a person's approval is no failure."""
    left = {state.bound for state in states if state.outside}
    return [
        Check(
            name=f"bound {one.bound}",
            grade=Grade.NOTE if one.again else Grade.FAILED,
            text=f"{one.title}.",
            hint=one.advice,
        )
        for one in found
        if one.bound in left
    ]


def _span(age: timedelta) -> str:
    seconds = max(0.0, age.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
