"""Which themes are items of a backlog elsewhere: found by likeness, asked of a model or a person, remembered."""

from collections.abc import Sequence
from dataclasses import dataclass

from earshot.domain.backlog import Match, Standing
from earshot.domain.grouping import Doubt, Verdict
from earshot.domain.model import Noun
from earshot.group.existing import MENTIONS, ExistingItems, Matter, band_of, judged
from earshot.group.likeness.sketch import Sketcher
from earshot.group.vocabulary import vocabulary
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit

MOST = 500
"""Themes without items that are compared after an import, the most frequent; drafting compares what it drafts."""
_BATCH = 200
_GOT = 1000


class Matched(Noun):
    """How many of the themes looked at are an existing item, may be one, and how many matches changed."""

    same: int = 0
    unsure: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A theme's matches, those of people and those made now, and the question they leave open."""

    matches: tuple[Match, ...]
    doubt: Doubt | None

    @property
    def same(self) -> list[Match]:
        """Those that are the theme."""
        return [match for match in self.matches if match.standing is Standing.SAME]

    @property
    def unsure(self) -> list[Match]:
        """Those that may be."""
        return [match for match in self.matches if match.standing is Standing.UNSURE]


async def load_existing(parts: Parts, unit: Unit) -> ExistingItems | None:
    """What stands in backlogs elsewhere, ready to be searched; None when nothing does."""
    items = [item async for batch in unit.backlog.existing() for item in batch]
    if not items:
        return None
    partition = await unit.themes.partition(core=True)
    words = vocabulary(parts.group.synonyms, parts.group.matters)
    return ExistingItems(Sketcher(partition.lexicon, words), items, band=band_of(parts.group))


async def find_matches(
    parts: Parts, unit: Unit, *, matters: Sequence[Matter], existing: ExistingItems
) -> dict[str, Found]:
    """The matches of each theme; nothing is kept yet."""
    ids = [matter.theme.id for matter in matters]
    verdicts: dict[str, dict[str, Verdict]] = {}
    for verdict in await unit.themes.verdicts(ids):
        verdicts.setdefault(verdict.one, {})[verdict.other] = verdict
    found: dict[str, Found] = {}
    for matter in matters:
        theme_id = matter.theme.id
        kept = await unit.backlog.matches(theme_id)
        said = verdicts.get(theme_id, {})
        made = existing.judge(matter, verdicts=said, kept=kept, now=parts.clock.now())
        every = _beside(kept, made)
        found[theme_id] = Found(tuple(every), existing.doubt(matter, every))
    return found


async def keep_matches(unit: Unit, found: dict[str, Found]) -> int:
    """Keep matches that changed and the questions left open, close those that are settled; how many changed."""
    changed = 0
    for theme_id, one in found.items():
        before = {match.item_id: match for match in await unit.backlog.matches(theme_id)}
        worth = [m for m in one.matches if m.standing is not Standing.DIFFERENT or m.item_id in before]
        new = [match for match in worth if not _equal(before.get(match.item_id), match)]
        if new:
            await unit.backlog.match(new)
        changed += len(new)
    doubts = [one.doubt for one in found.values() if one.doubt is not None]
    settled = [theme_id for theme_id, one in found.items() if one.doubt is None]
    if doubts:
        await unit.themes.ask(doubts)
    if settled:
        await unit.themes.settle(settled)
    return changed


async def match_all(parts: Parts) -> Matched:
    """Compare every theme that has an item, and the most frequent others, with the existing items."""
    step = parts.progress.step("Comparing themes with existing items")
    async with parts.store.unit() as unit:
        existing = await load_existing(parts, unit)
        ids = await _worth_matching(parts, unit) if existing else []
    same = unsure = changed = 0
    step.expect(len(ids))
    for first in range(0, len(ids), _BATCH):
        if existing is None:
            break
        async with parts.store.unit() as unit:
            matters = await load_matters(unit, ids[first : first + _BATCH])
            found = await find_matches(parts, unit, matters=matters, existing=existing)
            changed += await keep_matches(unit, found)
            await unit.commit()
        same += sum(bool(one.same) for one in found.values())
        unsure += sum(one.doubt is not None for one in found.values())
        step.advance(len(matters))
    step.done()
    return Matched(same=same, unsure=unsure, changed=changed)


async def apply_verdicts(unit: Unit) -> int:
    """What a model was asked meanwhile about matches left open counts from now on; how many it settled."""
    unsure = [match for match in await unit.backlog.matches() if match.standing is Standing.UNSURE]
    if not unsure:
        return 0
    said = await unit.themes.verdicts(sorted({match.theme_id for match in unsure}))
    verdicts = {(verdict.one, verdict.other): verdict for verdict in said}
    decided = [
        judged(match, verdict) for match in unsure if (verdict := verdicts.get((match.theme_id, match.item_id)))
    ]
    if decided:
        await unit.backlog.match(decided)
    still_open = {match.theme_id for match in await unit.backlog.matches() if match.standing is Standing.UNSURE}
    if closed := sorted({match.theme_id for match in decided} - still_open):
        await unit.themes.settle(closed)
    return len(decided)


async def load_matters(unit: Unit, theme_ids: Sequence[str]) -> list[Matter]:
    """Themes with the mentions that speak for them."""
    return [
        Matter(theme, [member.mention for member in await unit.themes.members(theme.id, limit=MENTIONS)])
        for theme in await unit.themes.get(theme_ids)
        if theme.conversations
    ]


async def _worth_matching(parts: Parts, unit: Unit) -> list[str]:
    with_item = {item.theme_id for item in await unit.backlog.items()}
    every = await unit.themes.find("")
    themes = [
        theme
        for first in range(0, len(every), _GOT)
        for theme in await unit.themes.get(every[first : first + _GOT])
    ]
    least = parts.prioritise.least_conversations
    frequent = sorted((-theme.conversations, theme.id) for theme in themes if theme.conversations >= least)
    living = {theme.id for theme in themes}
    return sorted({theme_id for _, theme_id in frequent[:MOST]} | with_item & living)


def _beside(kept: Sequence[Match], made: Sequence[Match]) -> list[Match]:
    """Made matches over kept ones, the likeliest first."""
    every = {match.item_id: match for match in (*kept, *made)}
    return sorted(every.values(), key=lambda match: (-match.probability, match.item_id))


def _equal(one: Match | None, other: Match) -> bool:
    """Whether nothing but the time differs."""
    return one is not None and one.model_copy(update={"decided_at": other.decided_at}) == other
