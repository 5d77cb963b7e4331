"""What a process shows of itself: alive, ready, and its metrics."""

import asyncio
from collections.abc import Callable, Mapping

from earshot.errors import EarshotError
from earshot.pipeline.parts import Parts
from earshot.pipeline.watching.gathering import Gauges
from earshot.telemetry.exposing import Show, Shown
from earshot.telemetry.meter import CONTENT_TYPE, PrometheusMeter

PATIENCE = 3.0
"""Seconds that the database gets to answer."""

Hindrance = Callable[[], str]
"""Why this process cannot take work now, in words; "" when it can."""


def no_hindrance() -> str:
    """None."""
    return ""


def pages_of(parts: Parts, meter: PrometheusMeter, *, hindrance: Hindrance = no_hindrance) -> Mapping[str, Show]:
    """The pages /healthz, /readyz and /metrics of a process, by path."""
    gauges = Gauges(parts, meter)

    async def ready() -> Shown:
        why = hindrance() or await problem(parts)
        return Shown(status=503 if why else 200, body=f"{why or 'ready'}\n".encode())

    async def metrics() -> Shown:
        await gauges.refresh()
        return Shown(body=await asyncio.to_thread(meter.exposition), type=CONTENT_TYPE)

    return {"/healthz": alive, "/readyz": ready, "/metrics": metrics}


async def alive() -> Shown:
    """The process answers, whatever else is wrong."""
    return Shown(body=b"alive\n")


async def problem(parts: Parts) -> str:
    """Why the database cannot be used, in words that hold no address or secret; "" when it can."""
    try:
        async with asyncio.timeout(PATIENCE), parts.store.unit() as unit:
            return await unit.watch.problem()
    except TimeoutError:
        return f"the database did not answer within {PATIENCE:.0f} s"
    except EarshotError:
        return "the database cannot be reached"
