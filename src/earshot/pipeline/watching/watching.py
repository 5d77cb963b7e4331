"""Use case: look at the bounds of the flow, and tell people once when one is left and when it is kept again."""

from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from earshot.act.routing import Route, fallback_of
from earshot.domain.delivery import Planned
from earshot.domain.job import Job, JobName
from earshot.domain.model import Noun
from earshot.domain.pulse import WatchState
from earshot.pipeline.audits.falling import Fall, falls
from earshot.pipeline.parts import Parts
from earshot.pipeline.watching.bounds import Reading, readings
from earshot.pipeline.watching.judging import Judged, News, judge
from earshot.pipeline.watching.settings import WatchSettings
from earshot.pipeline.watching.telling import told
from earshot.ports.store import Unit


class Watched(Noun):
    """What a look found. `problems` are sentences about bounds that are left, `news` names those that changed."""

    looked: bool = True
    problems: tuple[str, ...] = ()
    news: dict[str, str] = {}
    told: int = 0


class _Look(NamedTuple):
    reading: Reading
    judged: Judged


async def watch(parts: Parts, settings: WatchSettings) -> Watched:
    """Look at every bound. One process looks at a time; what is told goes through the outbox, so exactly once.

    Without a destination for `[act] fallback`, states are kept all the same and shown by metrics and doctor.
    """
    if not settings.enabled:
        return Watched(looked=False)
    route = _route(parts)
    fallen = await falls(parts) if settings.drift else ()
    async with parts.store.unit() as unit:
        if not await unit.watch.lock():
            return Watched(looked=False)
        looks = await _look(parts, unit, settings=settings, fallen=fallen, reachable=route is not None)
        await unit.watch.save([look.judged.state for look in looks])
        sent = await _tell(parts, unit, looks=looks, route=route)
        await unit.commit()
    return Watched(
        problems=tuple(_sentence(look.reading) for look in looks if look.judged.state.outside),
        news={look.reading.bound: look.judged.news.value for look in looks if look.judged.news},
        told=sent,
    )


async def _look(
    parts: Parts, unit: Unit, *, settings: WatchSettings, fallen: Sequence[Fall], reachable: bool
) -> list[_Look]:
    now = parts.clock.now()
    day = now.astimezone(ZoneInfo(parts.report.timezone)).date().isoformat()
    pulse = await unit.watch.pulse(now=now, day=day)
    queues = await unit.jobs.queues()
    before = {state.bound: state for state in await unit.watch.states()}
    return [
        _Look(reading, judge(reading, before.get(reading.bound), now=now, reachable=reachable))
        for reading in readings(settings, pulse, queues=queues, now=now, falls=fallen)
    ]


async def _tell(parts: Parts, unit: Unit, *, looks: Sequence[_Look], route: Route | None) -> int:
    if route is None:
        return 0
    now = parts.clock.now()
    plans: list[Planned] = []
    for reading, (state, news) in looks:
        if news is not None and _is_worth_telling(reading, state, news=news):
            plans.append(told(reading, state, news=news, route=route, now=now))
    if not plans:
        return 0
    new = await unit.outbox.save_plans(plans, now=now)
    await unit.jobs.enqueue([Job(name=JobName.DELIVER, key=f"watch/{now:%Y-%m-%dT%H:%M:%S}", priority=10)])
    return new


def _is_worth_telling(reading: Reading, state: WatchState, *, news: News) -> bool:
    """Nothing is kept "again" that was never told as left."""
    return news is not News.KEPT or (reading.tells_kept and state.told_at is not None)


def _route(parts: Parts) -> Route | None:
    abilities = {name: tool.abilities for name, tool in parts.make_tools().items()}
    return fallback_of(parts.act, abilities, dry=parts.dry_tools)


def _sentence(reading: Reading) -> str:
    value = "" if reading.value is None else f" ({reading.value:.3g} {reading.unit}".rstrip() + ")"
    return f"{reading.title}{value}. {reading.advice}"
