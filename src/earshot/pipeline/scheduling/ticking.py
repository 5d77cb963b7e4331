"""Use case: what falls due by a schedule becomes a job, once, on however many machines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from earshot.domain.job import Job, JobName
from earshot.domain.schedule import CatchUp, Chore, Schedule, ScheduleState
from earshot.pipeline.parts import Parts
from earshot.pipeline.scheduling.keys import key_of
from earshot.pipeline.scheduling.times import last_time, next_time

LATE = timedelta(minutes=10)
"""A time is missed when nobody was at work for so long after it."""
PRIORITY = 100
"""Chores go before the reading of a backlog."""
BELIEVED = {
    Chore.RUN: timedelta(hours=12),
    Chore.SYNC: timedelta(hours=2),
    Chore.REPORT: timedelta(hours=1),
    Chore.AUDIT: timedelta(hours=1),
    Chore.SWEEP: timedelta(minutes=10),
}
"""For so long a chore that did not end is believed to be under way; its next time waits."""
WAITS_FOR: Mapping[Chore, frozenset[Chore]] = {
    Chore.SYNC: frozenset({Chore.RUN}),
    Chore.REPORT: frozenset({Chore.RUN}),
    Chore.AUDIT: frozenset({Chore.RUN}),
}
"""A sync has nothing to do beside a run, and a report shows, an audit draws from, what the
run of the same hour brought."""
_ORDER = tuple(Chore)


async def tick(parts: Parts, schedules: Sequence[Schedule], *, now: datetime) -> int:
    """Enqueue what is due, in one transaction with what is due next; how many jobs are new.

    A schedule never seen before, or whose times were changed, begins with its next time, never at once.
    """
    async with parts.store.unit() as unit:
        await unit.schedules.lock()
        known = {state.name: state for state in await unit.schedules.states()}
        after, jobs = plan(schedules, known, now=now)
        new = await unit.jobs.enqueue(jobs) if jobs else 0
        for name, state in after.items():
            if state != known.get(name):
                await unit.schedules.save(state)
        if gone := sorted(known.keys() - after.keys()):
            await unit.schedules.forget(gone)
        await unit.commit()
    return new


def plan(
    schedules: Sequence[Schedule], known: Mapping[str, ScheduleState], *, now: datetime
) -> tuple[dict[str, ScheduleState], list[Job]]:
    """How schedules stand from now on, and the jobs that are due."""
    round_ = _Round(dict(known), now=now)
    ordered = sorted(schedules, key=lambda schedule: (_ORDER.index(schedule.chore), schedule.name))
    chores = {schedule.name: schedule.chore for schedule in ordered}
    jobs = [job for schedule in ordered for job in round_.advance(schedule, chores)]
    return {name: state for name, state in round_.states.items() if name in chores}, jobs


def under_way(state: ScheduleState, chore: Chore, *, now: datetime) -> bool:
    """Whether a chore was enqueued or begun and has not ended, as far as that can be believed."""
    if state.started_at is None or (state.ended_at is not None and state.ended_at >= state.started_at):
        return False
    return now - state.started_at < BELIEVED[chore]


@dataclass
class _Round:
    states: dict[str, ScheduleState]
    now: datetime

    def advance(self, schedule: Schedule, chores: Mapping[str, Chore]) -> list[Job]:
        """The jobs of one schedule that is due; its state moves on."""
        state = self.states.get(schedule.name) or ScheduleState(name=schedule.name)
        if not schedule.enabled:
            self.states[schedule.name] = state.model_copy(update={"next_at": None})
            return []
        state = state.model_copy(update={"next_at": self._expected(schedule, state)})
        due = state.next_at is not None and state.next_at <= self.now
        if due and not self._must_wait(schedule, chores):
            state, wanted = self._due(schedule, state)
        else:
            wanted = None
        self.states[schedule.name] = state
        return [] if wanted is None else [_job(schedule, wanted)]

    def _expected(self, schedule: Schedule, state: ScheduleState) -> datetime | None:
        """The next time by the settings as they are; what is due stays due while it still is a time of theirs."""
        cron, zone, at = schedule.cron, schedule.timezone, state.next_at
        if at is not None and at <= self.now and at == next_time(cron, zone, after=at - timedelta(seconds=1)):
            return at
        # another machine's clock may go a little before: what it did is not due again
        return next_time(cron, zone, after=max(self.now, state.last_tick or self.now))

    def _must_wait(self, schedule: Schedule, chores: Mapping[str, Chore]) -> bool:
        awaited = WAITS_FOR.get(schedule.chore, frozenset())
        return any(
            under_way(state, chores[name], now=self.now)
            for name, state in self.states.items()
            if name == schedule.name or chores.get(name) in awaited
            if name in chores
        )

    def _due(self, schedule: Schedule, state: ScheduleState) -> tuple[ScheduleState, datetime | None]:
        """Which of the times that passed is done, and how the schedule stands after it."""
        first = state.next_at or self.now
        cron, zone = schedule.cron, schedule.timezone
        chosen = first
        if schedule.catch_up is not CatchUp.ALL:
            chosen = last_time(cron, zone, until=self.now, since=first) or first
        following = next_time(cron, zone, after=chosen)
        missed = schedule.catch_up is CatchUp.NONE and self.now - chosen > LATE
        done = state.last_tick is not None and chosen <= state.last_tick
        if missed or done:
            return state.model_copy(update={"next_at": following}), None
        update = {"next_at": following, "last_tick": chosen, "started_at": self.now}
        return state.model_copy(update=update), chosen


def _job(schedule: Schedule, moment: datetime) -> Job:
    return Job(name=JobName.TASK, key=key_of(schedule.name, moment), priority=PRIORITY)
