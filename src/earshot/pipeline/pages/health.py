"""Use case: how Earshot fares: what came in, what waits, who works, how others answer, its bounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from earshot.domain.delivery import Breaker, Health
from earshot.domain.job import LANES, HeldJob, JobName, Queue, WorkerSign
from earshot.domain.pulse import Pulse, WatchState
from earshot.domain.schedule import ScheduleState
from earshot.errors import NotFound
from earshot.pipeline.audits.falling import falls
from earshot.pipeline.parts import Parts
from earshot.pipeline.scheduling.schedules import schedules_of
from earshot.pipeline.scheduling.settings import ScheduleSettings
from earshot.pipeline.watching.bounds import Reading, readings
from earshot.pipeline.watching.gathering import see
from earshot.pipeline.watching.settings import WatchSettings
from earshot.ports.pages.costs import Answers, Database
from earshot.ports.pages.overview import Standing
from earshot.report.intervals import share_interval

HELD = 50
NEWEST = 5_000
"""Calls of models that percentiles are taken over."""
DAY = timedelta(hours=24)
OVERDUE = timedelta(minutes=10)
_WELL = frozenset({"ok", "refused", "rate_limited", "cancelled"})


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A watched bound: its value now, and since when it is left (None: kept)."""

    reading: Reading
    left_since: datetime | None


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A schedule with how it stands. `late`: its time passed and nobody did it."""

    name: str
    chore: str
    cron: str
    timezone: str
    enabled: bool
    state: ScheduleState | None
    late: bool


@dataclass(frozen=True, kw_only=True)
class Provider:
    """How a model answered in a day. `failed` is a share with its 95% interval over `answers.seen` calls."""

    answers: Answers
    failures: int
    failed: float
    low: float
    high: float

    @property
    def errors(self) -> str:
        """Failed calls by how they ended."""
        some = sorted(self.answers.outcomes.items(), key=lambda pair: -pair[1])
        return ", ".join(f"{name} {n:,}" for name, n in some if name not in _WELL)


@dataclass(frozen=True, kw_only=True)
class HealthView:
    """The page. `problems` are sentences about what is wrong now; empty: nothing is."""

    now: datetime
    standing: Standing
    pulse: Pulse
    lag: timedelta | None
    queues: tuple[tuple[str, Queue], ...]
    held: tuple[HeldJob, ...]
    workers: tuple[WorkerSign, ...]
    destinations: tuple[Health, ...]
    providers: tuple[Provider, ...]
    schedules: tuple[Planned, ...]
    bounds: tuple[Bound, ...]
    database: Database
    problems: tuple[str, ...]


async def look(parts: Parts, *, watch: WatchSettings, schedule: ScheduleSettings) -> HealthView:
    """Everything at one moment."""
    seen, now = await see(parts), parts.clock.now()
    async with parts.store.unit() as unit:
        held = await unit.jobs.held(limit=HELD)
        destinations = await unit.outbox.health()
        answers = await unit.pages.costs.answers(now - DAY, newest=NEWEST)
        database = await unit.pages.costs.database()
        standing = await unit.pages.overview.standing()
    fallen = await falls(parts) if watch.enabled and watch.drift else ()
    found = readings(watch, seen.pulse, queues=seen.queues, now=now, falls=fallen) if watch.enabled else ()
    bounds = _bounds(found, seen.bounds)
    planned = _planned(schedule, seen.schedules, now=now, zone=parts.report.timezone)
    return HealthView(
        now=now,
        standing=standing,
        pulse=seen.pulse,
        lag=None if seen.pulse.read_until is None else max(timedelta(0), now - seen.pulse.read_until),
        queues=tuple((_lane(queue.name), queue) for queue in seen.queues),
        held=tuple(held),
        workers=seen.workers,
        destinations=tuple(destinations),
        providers=tuple(_provider(one) for one in answers),
        schedules=planned,
        bounds=bounds,
        database=database,
        problems=_problems(
            bounds,
            planned=planned,
            standing=standing,
            destinations=destinations,
            idle=_idle(seen.queues, seen.workers),
        ),
    )


async def retry(parts: Parts, number: int) -> None:
    """Give a job that gave up another life. NotFound when it no longer waits for that."""
    async with parts.store.unit() as unit:
        if not await unit.jobs.requeue([number]):
            raise NotFound("This job is not held any more.", hint="Look at the page as it is now.")
        await unit.commit()


async def discard(parts: Parts, number: int) -> None:
    """Drop a job that gave up. NotFound when it is gone."""
    async with parts.store.unit() as unit:
        if not await unit.jobs.discard([number]):
            raise NotFound("This job is not held any more.", hint="Look at the page as it is now.")
        await unit.commit()


def _lane(name: str) -> str:
    return LANES[JobName(name)].value if name in {one.value for one in JobName} else ""


def _idle(queues: Sequence[Queue], workers: Sequence[WorkerSign]) -> int:
    """Jobs that are due while nobody is at work."""
    return 0 if workers else sum(queue.due for queue in queues)


def _provider(answers: Answers) -> Provider:
    failures = sum(n for name, n in answers.outcomes.items() if name not in _WELL)
    interval = share_interval(failures, answers.seen)
    low, high = (interval.low, interval.high) if interval else (0.0, 1.0)
    return Provider(answers=answers, failures=failures, failed=failures / max(1, answers.seen), low=low, high=high)


def _bounds(found: Sequence[Reading], states: Sequence[WatchState]) -> tuple[Bound, ...]:
    left = {state.bound: state.since for state in states if state.outside}
    return tuple(Bound(reading=one, left_since=left.get(one.bound)) for one in found)


def _planned(
    settings: ScheduleSettings, states: Sequence[ScheduleState], *, now: datetime, zone: str
) -> tuple[Planned, ...]:
    known = {state.name: state for state in states}
    return tuple(
        Planned(
            name=one.name,
            chore=one.chore.value,
            cron=one.cron,
            timezone=one.timezone,
            enabled=one.enabled,
            state=known.get(one.name),
            late=one.enabled and _late(known.get(one.name), now),
        )
        for one in schedules_of(settings, zone=zone)
    )


def _late(state: ScheduleState | None, now: datetime) -> bool:
    return state is not None and state.next_at is not None and now - state.next_at > OVERDUE


def _problems(
    bounds: Sequence[Bound],
    *,
    planned: Sequence[Planned],
    standing: Standing,
    destinations: Sequence[Health],
    idle: int,
) -> tuple[str, ...]:
    told = [f"{one.reading.title}. {one.reading.advice}" for one in bounds if one.left_since]
    if standing.run_ok is False:
        told.append("The last run failed; `earshot run` in a terminal says why.")
    if standing.completeness and not standing.completeness.complete:
        told.append("The last sync left gaps: they stand below, and the next sync tries them again.")
    if idle:
        told.append(f"{idle:,} jobs are due and no worker is at work; start one: `earshot worker`.")
    told += [f"The schedule {one.name} is overdue; is a worker at work?" for one in planned if one.late]
    told += [
        f"The schedule {one.name} failed the last time: {one.state.outcome}"
        for one in planned
        if one.state and one.state.ok is False
    ]
    told += [
        f"{one.destination} is {one.breaker.value}: {one.reason or 'it does not answer'}; what goes there waits."
        for one in destinations
        if one.breaker in {Breaker.OPEN, Breaker.DISABLED}
    ]
    return tuple(told)
