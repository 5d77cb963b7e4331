"""Use case: keep items in step with their themes: evidence, score, links, quotes, template's words, duplicates."""

from collections.abc import Sequence

from earshot.domain.backlog import BacklogItem, ItemStatus
from earshot.domain.rice import Estimate, Factor, Source
from earshot.pipeline.backlog.following import follow
from earshot.pipeline.backlog.grounding import Ground, lay_grounds
from earshot.pipeline.backlog.locks import BACKLOG
from earshot.pipeline.backlog.matching import apply_verdicts, find_matches, keep_matches, load_existing
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit
from earshot.prioritise.estimates import kept, of_people
from earshot.prioritise.step import in_step

FACTORS = frozenset(factor.value for factor in Factor)
"""Fields of an item that are factors of its score."""
BATCH = 100
"""Items per transaction."""


async def refresh(parts: Parts) -> int:
    """Bring all items in step; how many changed. No model is asked and nothing is spent. Idempotent."""
    async with parts.store.exclusive(BACKLOG):
        async with parts.store.unit() as unit:
            items, touched = await follow(parts, unit, items=await unit.backlog.items())
            await apply_verdicts(unit)
            await unit.commit()
        standing = [item for item in items if item.status is not ItemStatus.DISCARDED]
        if not standing:
            return len(touched)
        step = parts.progress.step("Keeping the backlog in step", len(standing))
        moved: list[str] = []
        for first in range(0, len(standing), BATCH):
            batch = standing[first : first + BATCH]
            changed = await _bring_in_step(parts, batch)
            touched |= {item.id for item in changed}
            moved += [item.theme_id for item in changed]
            step.advance(len(batch))
        await _match_again(parts, moved)
        step.done()
    return len(touched)


async def restep(parts: Parts, unit: Unit, *, item: BacklogItem) -> BacklogItem:
    """One item in step after a person's edit, saved."""
    grounds = {ground.theme.id: ground for ground in await lay_grounds(parts, unit, theme_ids=[item.theme_id])}
    ground = grounds.get(item.theme_id)
    if ground is None:
        return item
    after = await _stepped(parts, unit, item=item, ground=ground)
    await unit.backlog.save([after])
    return after


async def _bring_in_step(parts: Parts, items: Sequence[BacklogItem]) -> list[BacklogItem]:
    async with parts.store.unit() as unit:
        laid = await lay_grounds(parts, unit, theme_ids=[item.theme_id for item in items])
        grounds = {ground.theme.id: ground for ground in laid}
        pairs = [(item, grounds[item.theme_id]) for item in items if item.theme_id in grounds]
        after = [(item, await _stepped(parts, unit, item=item, ground=ground)) for item, ground in pairs]
        changed = [new for old, new in after if new != old]
        await unit.backlog.save(changed)
        await unit.commit()
    return changed


async def _stepped(parts: Parts, unit: Unit, *, item: BacklogItem, ground: Ground) -> BacklogItem:
    model = kept(item.rice.estimates, Source.MODEL) if item.rice else ()
    by_people: tuple[Estimate, ...] = ()
    if FACTORS & set(item.edited):
        by_people = of_people(await unit.backlog.edits(item.id))
    grounds = ground.estimated((*model, *by_people))
    return in_step(item, grounds, settings=parts.prioritise)


async def _match_again(parts: Parts, theme_ids: Sequence[str]) -> None:
    """Themes whose items changed are compared with existing items again."""
    if not theme_ids:
        return
    async with parts.store.unit() as unit:
        existing = await load_existing(parts, unit)
        if existing is None:
            return
        matters = [
            ground.matter for ground in await lay_grounds(parts, unit, theme_ids=list(dict.fromkeys(theme_ids)))
        ]
        await keep_matches(unit, await find_matches(parts, unit, matters=matters, existing=existing))
        await unit.commit()
