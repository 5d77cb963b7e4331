"""Use case: make plans for actions that are due: what is sent where, held, suppressed or only rehearsed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from earshot.act.planning import plan, resolve
from earshot.act.routing import Routes, routes_of
from earshot.act.settings import ActSettings
from earshot.act.wording import Words, load_words
from earshot.domain.delivery import Case, Delivery, DeliveryState, Link, Op, Planned, Thing
from earshot.pipeline.acting.sending import order_of
from earshot.pipeline.clashes import clash_safe
from earshot.pipeline.parts import Parts
from earshot.ports.tool import Tool

PLANNING = "planning"
"""The lock of planning: caps are counted over all processes."""
FIRST = 20
"""Actions of the first batch: the urgent ones are sent before the others are planned."""
BATCH = 200
"""Actions per transaction."""
AGAIN = timedelta(seconds=1)
"""An action is not planned twice within so long."""
QUIET = 100
"""Pages resolved in one round."""


class Round(NamedTuple):
    """What was planned now, and whether there is more."""

    planned: tuple[Delivery, ...]
    more: bool


class Planner:
    """Plans what is due with the destinations and words of the settings, which are loaded when they are needed."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.tools: Mapping[str, Tool] = parts.make_tools()
        self.dry = parts.dry_tools
        self._seen: dict[str, datetime] = {}
        self._began = False

    @cached_property
    def words(self) -> Words:
        """The templates."""
        return load_words(self.parts.act)

    @cached_property
    def routes(self) -> Routes:
        """Where each kind of action goes."""
        abilities = {name: tool.abilities for name, tool in self.tools.items()}
        return routes_of(self.parts.act, abilities, dry=self.dry)

    async def plan_due(self, *, settled: bool = False) -> Round:
        """Plan actions that grew or are to be looked at again, urgent ones first, and the end of quiet pages.

        Call it again while it says that there is more: what is planned can be sent meanwhile. `settled` says that
        everything that belongs together is in already (a batch), so that nobody waits for more.
        """
        if not await self._anything_due():
            return Round((), more=False)
        limit = BATCH if self._began else FIRST
        resolved = [] if self._began else await clash_safe(self._resolve_quiet)
        planned, more = await clash_safe(lambda: self._plan_batch(limit, settled=settled))
        self._began = more
        return Round((*resolved, *planned), more)

    async def _anything_due(self) -> bool:
        """Whether there may be something to plan: cheaper than taking the lock for nothing."""
        now = self.parts.clock.now()
        async with self.parts.store.unit() as unit:
            due = await unit.outbox.next_due(now=now, destinations={})
            return (due is not None and due <= now) or bool(
                await unit.outbox.quiet(before=self._quiet(now), limit=1)
            )

    def _quiet(self, now: datetime) -> datetime:
        return now - timedelta(hours=self.parts.act.resolve_after_hours)

    async def _plan_batch(self, limit: int, *, settled: bool) -> tuple[list[Delivery], bool]:
        now = self.parts.clock.now()
        async with self.parts.store.exclusive(PLANNING), self.parts.store.unit() as unit:
            cases = await unit.outbox.due(limit, now=now)
            fresh = [case for case in cases if self._is_fresh(case, now=now)]
            batch = _Batch(self, self.parts.act, now=now, settled=settled)
            planned = [batch.plan(case) for case in fresh]
            await unit.outbox.save_plans(planned, now=now)
            await unit.commit()
        self._seen.update({case.dossier.action.key: now for case in fresh})
        return [delivery for one in planned for delivery in one.deliveries], bool(fresh) and len(cases) == limit

    def _is_fresh(self, case: Case, *, now: datetime) -> bool:
        """Whether it was not planned a moment ago: nothing is looked at again and again."""
        planned_at = self._seen.get(case.dossier.action.key)
        return planned_at is None or now - planned_at >= AGAIN

    async def _resolve_quiet(self) -> list[Delivery]:
        """The end of pages whose matter nobody has reported for long enough."""
        settings, now = self.parts.act, self.parts.clock.now()
        async with self.parts.store.exclusive(PLANNING), self.parts.store.unit() as unit:
            links = await unit.outbox.quiet(before=self._quiet(now), limit=QUIET)
            if not links:
                return []
            planned = [beside(resolve(link, words=self.words, settings=settings, now=now)) for link in links]
            if not await unit.outbox.save_plans(planned, now=now):
                return []
            await unit.commit()
        return [delivery for one in planned for delivery in one.deliveries]


def beside(planned: Planned) -> Planned:
    """The same, planned beside its action: when that is to be looked at again stays as it is."""
    return planned.model_copy(update={"action_key": ""})


@dataclass
class _Batch:
    """Plans cases in turn; what was planned for one is known to the next, though nothing is stored yet."""

    planner: Planner
    settings: ActSettings
    now: datetime
    settled: bool
    created: dict[str, int] = field(default_factory=dict[str, int])
    links: dict[str, Link] = field(default_factory=dict[str, Link])
    waiting: list[Delivery] = field(default_factory=list[Delivery])
    incidents: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def plan(self, case: Case) -> Planned:
        planned = plan(
            self._known(case),
            routes=self.planner.routes,
            words=self.planner.words,
            settings=self.settings,
            now=self.now,
            settled=self.settled,
        )
        deliveries = tuple(self._checked(one) for one in planned.deliveries)
        self._remember(planned.links, deliveries)
        update: dict[str, object] = {"deliveries": deliveries}
        if case.dossier.action.dry_run and not deliveries:
            update["look_at"] = None  # a rehearsal with nowhere to go is over
        return planned.model_copy(update=update)

    def _known(self, case: Case) -> Case:
        subjects = {case.dossier.action.subject_id, *(link.subject_id for link in case.links)}
        links = {link.object_key: link for link in case.links}
        links |= {key: link for key, link in self.links.items() if link.subject_id in subjects}
        waiting = (*case.waiting, *(one for one in self.waiting if one.subject_id in subjects))
        names = case.recent_objects.keys() | self.created.keys()
        recent = {name: case.recent_objects.get(name, 0) + self.created.get(name, 0) for name in names}
        areas = {area for subject, area in self.incidents if subject not in subjects}
        update = {
            "links": tuple(links.values()),
            "waiting": waiting,
            "recent_objects": recent,
            "incidents": tuple(sorted({*case.incidents, *areas})),
        }
        return case.model_copy(update=update)

    def _remember(self, links: Sequence[Link], deliveries: Sequence[Delivery]) -> None:
        self.links |= {link.object_key: link for link in links}
        for one in deliveries:
            if one.state in {DeliveryState.PENDING, DeliveryState.HELD}:
                self.waiting.append(one)
            if one.op is Op.CREATE and one.state is DeliveryState.PENDING:
                self.created[one.destination] = self.created.get(one.destination, 0) + 1
                if one.thing is Thing.PAGE and one.content.area:
                    self.incidents.add((one.subject_id, one.content.area))

    def _checked(self, delivery: Delivery) -> Delivery:
        """A rehearsal says at once what its tool would refuse; so does what a person is to approve."""
        tool = self.planner.tools.get(delivery.destination)
        if tool is None or delivery.state not in {DeliveryState.DRY, DeliveryState.HELD}:
            return delivery
        problem = tool.check(order_of(delivery))
        if not problem:
            return delivery
        return delivery.model_copy(update={"note": "; ".join(filter(None, (delivery.note, problem)))})
