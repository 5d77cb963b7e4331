"""Judging what was just heard or read, and having what follows done: actions at once, themes soon after."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from earshot.decide.subjects import URGENT
from earshot.domain.action import INWARD, Action, ActionStatus
from earshot.domain.conversation import Conversation
from earshot.domain.insight import Stage
from earshot.domain.job import Job, JobName
from earshot.pipeline.deciding import Decided, decide_on
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit

ACT_URGENT = 80
DELIVER = 40
THEME = 60
"""Priorities of the jobs that follow."""
PAGER = "pagerduty"
GATHER = timedelta(seconds=1)
"""What is read within so long gets its themes together."""


async def judge(
    parts: Parts,
    unit: Unit,
    *,
    ids: Sequence[str],
    now: datetime,
    themed: bool = False,
    stored: Sequence[Conversation] = (),
) -> list[Decided]:
    """Judge conversations of which something new is known, and enqueue what follows. The caller commits.

    `themed`: they were just given their themes, so that no job for that follows. `stored`: those of them that the
    caller holds as they are stored.
    """
    decided = await decide_on(parts, unit, ids=ids, now=now, stored=stored)
    jobs = act_jobs(parts, [action for one in decided for action in one.actions])
    if not themed and any(
        one.facts.insight.stage != Stage.LABELS and "theme" in one.facts.lacking for one in decided
    ):
        jobs.append(theme_job(now))
    if jobs:
        await unit.jobs.enqueue(jobs)
    return decided


async def judge_read(parts: Parts, ids: Sequence[str]) -> None:
    """The same in a transaction of its own, for what a worker read."""
    async with parts.store.unit() as unit:
        await judge(parts, unit, ids=ids, now=parts.clock.now())
        await unit.commit()


def theme_job(now: datetime) -> Job:
    """The job that gives themes to what is read in this second; it runs when that is over, so none is missed."""
    at = _next_second(now)
    return Job(name=JobName.THEME, key=f"{at:%Y-%m-%dT%H:%M:%SZ}", run_at=at, priority=THEME)


def act_jobs(parts: Parts, actions: Sequence[Action]) -> list[Job]:
    """The jobs for what is to be done outside, none where nothing is. What pages somebody does not wait."""
    outward = [one for one in actions if one.kind not in INWARD and one.status is ActionStatus.PENDING]
    if not outward:
        return []
    pages = [act_job(parts)] if any(_pages(parts, one) for one in outward) else []
    return [*pages, deliver_job(parts)]


def act_job(parts: Parts) -> Job:
    """A job to page now. Its key is new, so that no job that is under way swallows it, and carries the trace."""
    key = f"{parts.ids.new()}/{parts.meter.traceparent()}".rstrip("/")
    return Job(name=JobName.ACT, key=key, priority=ACT_URGENT)


def deliver_job(parts: Parts) -> Job:
    """A job to act on what this second brings: when it is over, so that a stream costs one round a second."""
    at = _next_second(parts.clock.now())
    return Job(name=JobName.DELIVER, key=f"{at:%Y-%m-%dT%H:%M:%SZ}", run_at=at, priority=DELIVER)


def trace_of(keys: Sequence[str]) -> str:
    """The trace that the first of these jobs to act carries, "" where none does."""
    found = (trace for key in keys if (trace := key.partition("/")[2]).startswith("00-"))
    return next(found, "")


def _pages(parts: Parts, action: Action) -> bool:
    routed = PAGER in parts.act.routes.get(action.kind, [])
    return not action.dry_run and (action.kind in URGENT or routed)


def _next_second(now: datetime) -> datetime:
    """The second after the next: whoever decided in this one has committed by then."""
    return datetime.fromtimestamp(int(now.timestamp()) + 1, UTC) + GATHER
