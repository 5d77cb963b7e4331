"""Use case: people are told by other means of pages that did not go out, and of how much a storm held back."""

from collections.abc import Sequence
from datetime import timedelta

from earshot.act.judging import is_overdue
from earshot.act.planning import fall_back
from earshot.act.routing import Route, fallback_of
from earshot.act.storm import CAPPED, summaries
from earshot.domain.delivery import Delivery, DeliveryState, Op, Planned, Thing
from earshot.pipeline.acting.planning import Planner, beside

LATELY = timedelta(hours=24)
"""Older failures are told by `earshot actions health` alone."""
MOST = 1_000
_WAITING = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.DEAD)


async def warn(planner: Planner, *, settled: bool) -> list[Delivery]:
    """Plan what people must be told besides; new deliveries. Calling again plans the same, and so nothing new."""
    parts = planner.parts
    abilities = {name: tool.abilities for name, tool in planner.tools.items()}
    route = fallback_of(parts.act, abilities, dry=planner.dry)
    if route is None:
        return []
    async with parts.store.unit() as unit:
        pages = await unit.outbox.deliveries(states=_WAITING, thing=Thing.PAGE, limit=MOST)
        held = await unit.outbox.deliveries(states=(DeliveryState.SUPPRESSED,), limit=MOST)
        since = parts.clock.now() - LATELY
        storms = _storms([one for one in held if one.created_at >= since], planner, route=route, settled=settled)
        failed = _failed_pages([one for one in pages if one.created_at >= since], planner, route=route)
        planned = [*failed, *storms]
        if not planned:
            return []
        keys = {row.action_key for one in planned for row in one.deliveries}
        before = {one.id for one in await unit.outbox.deliveries(action_keys=keys, limit=MOST)}
        if not await unit.outbox.save_plans(planned, now=parts.clock.now()):
            return []
        await unit.commit()
    return [row for one in planned for row in one.deliveries if row.id not in before]


def _failed_pages(rows: Sequence[Delivery], planner: Planner, *, route: Route) -> list[Planned]:
    """Pages that were refused, and those that have waited too long, whatever they wait for."""
    now = planner.parts.clock.now()
    failed = [
        row
        for row in rows
        if row.op is Op.CREATE and (row.state is DeliveryState.DEAD or is_overdue(row, planner.parts.act, now=now))
    ]
    return [beside(fall_back(row, route=route, words=planner.words, now=now)) for row in failed]


def _storms(rows: Sequence[Delivery], planner: Planner, *, route: Route, settled: bool) -> list[Planned]:
    """One message for each destination and hour in which new things were held back."""
    capped: dict[str, list[Delivery]] = {}
    for row in rows:
        if row.state is DeliveryState.SUPPRESSED and row.cause == CAPPED:
            capped.setdefault(row.destination, []).append(row)
    settings, now = planner.parts.act, planner.parts.clock.now()
    return [
        beside(one)
        for name, held in sorted(capped.items())
        for one in summaries(
            name, held, route=route, words=planner.words, settings=settings, now=now, settled=settled
        )
    ]
