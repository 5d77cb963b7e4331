"""Use case: make themes into backlog items, after a look at what stands in a backlog elsewhere already."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from earshot.domain.backlog import BacklogItem, Standing
from earshot.domain.model import Noun
from earshot.domain.report import BEGINNING, Window
from earshot.domain.rice import Estimate, Source
from earshot.group.existing import ExistingItems
from earshot.pipeline.backlog.locks import BACKLOG
from earshot.pipeline.backlog.matching import keep_matches, load_existing
from earshot.pipeline.backlog.modelling import estimate, hire, word
from earshot.pipeline.backlog.planning import Outcome, Plan, adjudicate, plan_items
from earshot.pipeline.backlog.twins import Twin
from earshot.pipeline.money.consent import Ask
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.owing import owing
from earshot.pipeline.theming.picking import pick_theme
from earshot.ports.store import Unit
from earshot.prioritise.estimates import kept
from earshot.prioritise.step import due, in_step, new_item

if TYPE_CHECKING:  # prompts cost time to import, and a local run needs none
    from earshot.pipeline.tasks import Tasks

TOP = 20
"""Themes drafted when none is named."""
CHUNK = 16
"""Themes per transaction; between two chunks nothing is lost when the process dies."""


class Drafted(Noun):
    """One theme, what became of it, its item and the existing items beside it."""

    theme_id: str
    title: str
    outcome: Outcome
    item_id: str | None = None
    conversations: int
    score: float | None = None
    by_model: bool = False
    twins: tuple[Twin, ...] = ()


class Drafting(Noun):
    """What drafting did, theme by theme. `dry_run`: nothing was kept, and no model was asked."""

    drafted: tuple[Drafted, ...] = ()
    dry_run: bool = False

    def count(self, *outcomes: Outcome) -> int:
        """How many themes came out so."""
        return sum(one.outcome in outcomes for one in self.drafted)


async def draft(
    parts: Parts,
    *,
    themes: Sequence[str] = (),
    top: int | None = None,
    dry_run: bool = False,
    with_model: bool = True,
    yes: bool = False,
    ask: Ask | None = None,
) -> Drafting:
    """Draft the named themes, or the `top` most frequent ones. Drafting again brings items in step.

    What people set stays. A theme that is an existing item gets no item; one that may be gets a flagged one.
    """
    tasks = await hire(parts, yes=yes, ask=ask) if with_model and not dry_run else None
    async with parts.store.exclusive(BACKLOG):
        async with parts.store.unit() as unit:
            ids = await _picked(parts, unit, themes=themes, top=top)
            existing = await load_existing(parts, unit)
        step = parts.progress.step("Making backlog items", len(ids))
        drafted: list[Drafted] = []
        for first in range(0, len(ids), CHUNK):
            chunk = ids[first : first + CHUNK]
            drafted += await _chunk(parts, chunk, existing=existing, tasks=tasks, dry_run=dry_run)
            step.advance(len(chunk))
        step.done()
    return Drafting(drafted=tuple(drafted), dry_run=dry_run)


async def _picked(parts: Parts, unit: Unit, *, themes: Sequence[str], top: int | None) -> list[str]:
    """Named themes in their order; otherwise those most frequent lately, or ever where there are none lately."""
    named = [await pick_theme(unit, prefix) for prefix in themes]
    if named and top is None:
        return list(dict.fromkeys(named))
    now = parts.clock.now()
    end = now + timedelta(seconds=1)
    for start in (now - timedelta(days=parts.prioritise.window_days), BEGINNING):
        found = await unit.themes.top(Window(start=start, end=end), limit=top or TOP)
        if enough := [theme.id for theme in found if theme.conversations >= parts.prioritise.least_conversations]:
            return list(dict.fromkeys((*named, *enough)))
    return named


async def _chunk(
    parts: Parts, theme_ids: Sequence[str], *, existing: ExistingItems | None, tasks: "Tasks | None", dry_run: bool
) -> list[Drafted]:
    """Look, ask, keep: models are asked while no transaction is open."""
    async with parts.store.unit() as unit:
        plans = await plan_items(parts, unit, theme_ids=theme_ids, existing=existing)
        if not dry_run:
            await unit.commit()
    async with owing(tasks.ledger if tasks is not None else None) as debt:
        if tasks is not None and existing is not None:
            await adjudicate(parts, plans, tasks=tasks, existing=existing)
        await _fill(parts, plans, tasks=tasks)
        if not dry_run:
            await _keep(parts, plans)
        debt.saved()
    return [_drafted(plan) for plan in plans]


async def _keep(parts: Parts, plans: Sequence[Plan]) -> None:
    async with parts.store.unit() as unit:
        items = [plan.item for plan in plans if plan.item is not None and plan.item != plan.before]
        await unit.backlog.save(items)
        await keep_matches(unit, {plan.ground.theme.id: plan.found for plan in plans})
        await unit.commit()


async def _fill(parts: Parts, plans: Iterable[Plan], *, tasks: "Tasks | None") -> None:
    """Make or update the items, with a model's estimates and words where it is worth asking."""
    settings = parts.prioritise
    wanted = [plan for plan in plans if plan.outcome not in {Outcome.LINKED, Outcome.DISCARDED}]
    for plan in wanted:
        plan.item = _made(parts, plan, estimates=_estimates(plan, {}))
    if tasks is not None:
        asked = [plan for plan in wanted if plan.item and due(plan.item, plan.ground.grounds, settings=settings)]
        estimates = await estimate(tasks, [plan.ground for plan in asked])
        for plan in asked:
            plan.item = _made(parts, plan, estimates=_estimates(plan, estimates))
        worded = await word(tasks, [(plan.item, plan.ground) for plan in asked if plan.item], settings=settings)
        for plan in asked:
            plan.by_model = plan.ground.theme.id in worded
            plan.item = worded.get(plan.ground.theme.id, plan.item)
    for plan in wanted:
        if plan.outcome is Outcome.UPDATED and plan.item == plan.before:
            plan.outcome = Outcome.UNCHANGED


def _made(parts: Parts, plan: Plan, *, estimates: Sequence[Estimate]) -> BacklogItem:
    grounds = plan.ground.estimated(estimates)
    if plan.before is None:
        return new_item(plan.new_id, grounds, settings=parts.prioritise)
    return in_step(plan.before, grounds, settings=parts.prioritise)


def _estimates(plan: Plan, fresh: Mapping[str, tuple[Estimate, ...]]) -> tuple[Estimate, ...]:
    """A model's estimates, new ones before old, and people's."""
    rice = plan.before.rice if plan.before else None
    old = kept(rice.estimates, Source.MODEL) if rice else ()
    return (*fresh.get(plan.ground.theme.id, old), *plan.people)


def _drafted(plan: Plan) -> Drafted:
    item = plan.item or plan.before
    shown = [twin for twin in plan.twins if plan.outcome is not Outcome.LINKED or twin.standing is Standing.SAME]
    return Drafted(
        theme_id=plan.ground.theme.id,
        title=item.text.title if item else plan.ground.theme.title,
        outcome=plan.outcome,
        item_id=item.id if item else None,
        conversations=plan.ground.theme.conversations,
        score=item.rice.score.rice_score if item and item.rice else None,
        by_model=plan.by_model,
        twins=tuple(shown),
    )
