"""Use case: do what a schedule says, for one of its times, and keep how it went."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from earshot.domain.schedule import Chore, Schedule, ScheduleState
from earshot.errors import EarshotError, Transient
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.parts import Parts
from earshot.pipeline.scheduling.auditing import draw_sample
from earshot.pipeline.scheduling.order import Conditions, Done, Order
from earshot.pipeline.scheduling.reading import run_daily, sync_up
from earshot.pipeline.scheduling.reports import write_report
from earshot.pipeline.scheduling.sweeping import sweep

log = logging.getLogger(__name__)
_CHORES: Mapping[Chore, Callable[[Parts, Order], Awaitable[Done]]] = {
    Chore.RUN: run_daily,
    Chore.SYNC: sync_up,
    Chore.REPORT: write_report,
    Chore.AUDIT: draw_sample,
    Chore.SWEEP: sweep,
}


async def do(earshot: Earshot, schedule: Schedule, *, tick: datetime, conditions: Conditions) -> Done:
    """Do it now, and keep how it went. Idempotent: the same time done twice changes nothing more."""
    parts = earshot.parts
    await _begin(parts, schedule.name, tick=tick)
    try:
        done = await _CHORES[schedule.chore](parts, Order(schedule, tick, conditions))
    except EarshotError as error:
        words = " ".join(filter(None, (str(error), error.hint)))
        done = Done(ok=False, words=words, again=isinstance(error, Transient))
    except asyncio.CancelledError:
        await _end(parts, schedule.name, done=Done(ok=False, words="It was interrupted; what was done is kept."))
        raise
    except Exception as error:
        # the error's own text may hold a customer's words
        words = f"It ended with an error of the program ({type(error).__name__})."
        await _end(parts, schedule.name, done=Done(ok=False, words=words))
        raise
    await _end(parts, schedule.name, done=done)
    level = logging.WARNING if not done.ok else logging.DEBUG if done.idle else logging.INFO
    log.log(level, "Schedule %s: %s", schedule.name, done.words)
    return done


async def _begin(parts: Parts, name: str, *, tick: datetime) -> None:
    now = parts.clock.now()

    def begun(state: ScheduleState) -> ScheduleState:
        last = tick if state.last_tick is None else max(state.last_tick, tick)
        return state.model_copy(update={"last_tick": last, "started_at": now})

    await _change(parts, name, change=begun)


async def _end(parts: Parts, name: str, *, done: Done) -> None:
    now = parts.clock.now()

    def ended(state: ScheduleState) -> ScheduleState:
        return state.model_copy(update={"ended_at": now, "ok": done.ok, "outcome": done.words})

    await _change(parts, name, change=ended)


async def _change(parts: Parts, name: str, *, change: Callable[[ScheduleState], ScheduleState]) -> None:
    async with parts.store.unit() as unit:
        await unit.schedules.lock()
        known = {state.name: state for state in await unit.schedules.states()}
        await unit.schedules.save(change(known.get(name) or ScheduleState(name=name)))
        await unit.commit()
