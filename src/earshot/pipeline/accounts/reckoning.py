"""Use case: standings of accounts are counted again where something changed."""

from datetime import datetime

from earshot.pipeline.accounts.risk import VERSION, points_of
from earshot.pipeline.parts import Parts
from earshot.ports.pages.accounts import Reckoning
from earshot.ports.store import Unit

AT_ONCE = 300
"""So many accounts are counted while a page is made; more wait for the next run or the next page."""
COUNTED = 10_000
"""Up to where waiting accounts are counted."""


async def reckon(parts: Parts) -> int:
    """Count all that wait; for the end of a run. How many were."""
    async with parts.store.unit() as unit:
        done = await unit.pages.accounts.reckon(reckoning(parts), points_of)
        await unit.commit()
    return done


async def freshen(parts: Parts, unit: Unit) -> int:
    """Count some that wait while a page is made, and say how many still wait. The caller commits."""
    terms = reckoning(parts)
    await unit.pages.accounts.reckon(terms, points_of, most=AT_ONCE)
    return await unit.pages.accounts.waiting(terms, most=COUNTED)


def reckoning(parts: Parts, now: datetime | None = None) -> Reckoning:
    """How standings are counted at the moment."""
    zone = parts.report.timezone
    return Reckoning(now=now or parts.clock.now(), timezone=zone, formula=f"{VERSION}/{zone}")
