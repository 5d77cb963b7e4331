"""What is to become of themes: looked up before anything is made, existing items first."""

import hashlib
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import TYPE_CHECKING

from earshot.domain.backlog import BacklogItem, ItemStatus
from earshot.domain.rice import Estimate
from earshot.group.existing import ExistingItems
from earshot.pipeline.backlog.following import follow
from earshot.pipeline.backlog.grounding import Ground, lay_grounds
from earshot.pipeline.backlog.matching import Found, find_matches
from earshot.pipeline.backlog.modelling import LLM
from earshot.pipeline.backlog.twins import Twin, twins_of
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit
from earshot.prioritise.estimates import of_people

if TYPE_CHECKING:  # prompts cost time to import, and a local run needs none
    from earshot.pipeline.tasks import Tasks

_ID_DIGITS = 10


class Outcome(StrEnum):
    """What became of a theme. FLAGGED: drafted, but it may be an existing item. LINKED: it is one, so no item.

    DISCARDED: a person gave its item up.
    """

    CREATED = "created"
    FLAGGED = "flagged"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    LINKED = "linked"
    DISCARDED = "discarded"


@dataclass
class Plan:
    """One theme on its way to an item. `before` is the item it has, `people` what people estimated of it."""

    ground: Ground
    found: Found
    outcome: Outcome
    before: BacklogItem | None
    new_id: str
    people: tuple[Estimate, ...] = ()
    item: BacklogItem | None = None
    by_model: bool = False
    twins: tuple[Twin, ...] = ()


async def plan_items(
    parts: Parts, unit: Unit, *, theme_ids: Sequence[str], existing: ExistingItems | None
) -> list[Plan]:
    """What is to become of those of these themes that live. Items follow merges on the way; no more is kept."""
    followed, _ = await follow(parts, unit, items=await unit.backlog.items())
    items = _by_theme(followed)
    grounds = await lay_grounds(parts, unit, theme_ids=theme_ids)
    matters = [ground.matter for ground in grounds]
    found = await find_matches(parts, unit, matters=matters, existing=existing) if existing else {}
    plans: list[Plan] = []
    for ground in grounds:
        seen = found.get(ground.theme.id, Found((), None))
        before = items.get(ground.theme.id)
        new_id = item_id(ground.theme.id, taken={item.id for item in followed})
        plan = Plan(ground=ground, found=seen, outcome=_outcome(before, seen), before=before, new_id=new_id)
        if before is not None:
            plan.people = of_people(await unit.backlog.edits(before.id))
        if existing is not None:
            plan.twins = twins_of(seen.matches, existing.items)
        plans.append(plan)
    return plans


async def adjudicate(parts: Parts, plans: Sequence[Plan], *, tasks: "Tasks", existing: ExistingItems) -> None:
    """Ask a model about themes that may be an existing item, where settings say that it decides such doubts."""
    open_ = [plan for plan in plans if plan.found.doubt is not None]
    if parts.group.adjudicator != LLM or not open_:
        return
    verdicts = await tasks.adjudicate([plan.found.doubt for plan in open_ if plan.found.doubt is not None])
    async with parts.store.unit() as unit:
        await unit.themes.judge(verdicts)
        matters = [plan.ground.matter for plan in open_]
        found = await find_matches(parts, unit, matters=matters, existing=existing)
        await unit.commit()
    for plan in open_:
        plan.found = found[plan.ground.theme.id]
        plan.outcome = _outcome(plan.before, plan.found)
        plan.twins = twins_of(plan.found.matches, existing.items)


def item_id(theme_id: str, *, taken: Container[str]) -> str:
    """The id of a theme's item: the same whoever drafts it. Another where its first item went to another theme."""
    for number in count(1):
        told = theme_id if number == 1 else f"{theme_id}#{number}"
        found = "b" + hashlib.sha256(told.encode()).hexdigest()[:_ID_DIGITS]
        if found not in taken:
            return found
    raise AssertionError


def _outcome(before: BacklogItem | None, found: Found) -> Outcome:
    if before is not None:
        return Outcome.DISCARDED if before.status is ItemStatus.DISCARDED else Outcome.UPDATED
    if found.same:
        return Outcome.LINKED
    return Outcome.FLAGGED if found.unsure else Outcome.CREATED


def _by_theme(items: Iterable[BacklogItem]) -> dict[str, BacklogItem]:
    """The item of each theme: the one that stands, else one that was given up."""
    ordered = sorted(items, key=lambda item: (item.status is not ItemStatus.DISCARDED, item.created_at, item.id))
    return {item.theme_id: item for item in ordered}
