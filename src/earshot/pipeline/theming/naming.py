"""Use case: a language model names themes, where the settings say so; otherwise extracted names stay."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from earshot.domain.call import Purpose
from earshot.domain.grouping import Decider, Mention, Partition, Placement, Regrouping, ThemeHead
from earshot.group.asking.naming import MOST_QUOTES, MOST_SUMMARIES, NameRequest
from earshot.group.naming import naming_due
from earshot.pipeline.money.consent import agreed_with
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.owing import owing
from earshot.pipeline.theming.regroup import ALL
from earshot.ports.store import Unit

FEWEST = 2
"""A theme is put to the model from so many mentions on; a lone mention's own summary says it best."""
AT_ONCE = 48
"""Themes named together, then saved: what a killed process loses at most."""
MOST = 500
"""Themes named in one run, those with most mentions first."""


async def name_themes(parts: Parts) -> int:
    """Have themes named that are due, within the budget and once somebody agreed to spend; how many got a name."""
    if parts.group.names == "extractive" or parts.make_tasks is None:
        return 0
    async with parts.store.unit() as unit:
        state = await unit.themes.partition(core=True)
        mentions = await unit.themes.mentions(ALL, core=True) if _any_due(state) else []
    wanted = due(state, mentions)[:MOST]
    if not wanted:
        return 0
    tasks = parts.make_tasks()
    if not await agreed_with(parts, tasks.booked(Purpose.NAME).model.provider):
        return 0
    kept = 0
    for first in range(0, len(wanted), AT_ONCE):
        some = wanted[first : first + AT_ONCE]
        async with owing(tasks.ledger) as debt:
            kept += await _keep(parts, state, wanted=some, names=await tasks.name(some))
            debt.saved()
    return kept


async def _keep(
    parts: Parts, state: Partition, *, wanted: Sequence[NameRequest], names: Mapping[str, tuple[str, str] | None]
) -> int:
    """Save names; a theme that got none though it was asked about is asked again when it has doubled."""
    sizes = _sizes(state)
    heads = {one: _headed(state.heads[one], name, size=sizes[one]) for one, name in names.items()}
    async with parts.store.unit() as unit:
        await unit.themes.lock()
        still = [request.theme_id for request in wanted if await _stands(unit, request)]
        kept = tuple(heads[one] for one in sorted(still) if one in heads)
        await unit.themes.save(Regrouping(heads=kept), now=parts.clock.now())
        await unit.commit()
    return sum(head.named_by is Decider.MODEL for head in kept)


def _headed(head: ThemeHead, name: tuple[str, str] | None, *, size: int) -> ThemeHead:
    if name is None:
        return head.model_copy(update={"asked_size": size})
    title, description = name
    named = {"title": title, "description": description, "named_by": Decider.MODEL, "named_size": size}
    return head.model_copy(update={**named, "asked_size": size})


async def _stands(unit: Unit, request: NameRequest) -> bool:
    """Whether everything that the model was shown is still there: what was deleted meanwhile names nothing."""
    mentions = await unit.themes.mentions_of(request.conversations)
    said = {mention.summary for mention in mentions} | {mention.quote for mention in mentions}
    return said.issuperset((*request.summaries, *request.quotes))


def due(state: Partition, mentions: Sequence[Mention]) -> list[NameRequest]:
    """What is to be named, the largest first: what no model named yet, or what has changed much since."""
    held: defaultdict[str, list[tuple[Mention, Placement]]] = defaultdict(list)
    for mention in mentions:
        placement = state.placements.get(mention.id)
        if placement is not None and placement.cell_id in state.cells:
            held[state.cells[placement.cell_id]].append((mention, placement))
    wanted = [
        (len(held[one]), one) for one, head in state.heads.items() if _is_due(head, mentions=len(held.get(one, ())))
    ]
    return [
        _request(state.heads[one], held[one]) for _, one in sorted(wanted, key=lambda found: (-found[0], found[1]))
    ]


def _any_due(state: Partition) -> bool:
    sizes = _sizes(state)
    return any(_is_due(head, mentions=sizes.get(one, 0)) for one, head in state.heads.items())


def _sizes(state: Partition) -> Mapping[str, int]:
    sizes: defaultdict[str, int] = defaultdict(int)
    for placement in state.placements.values():
        if placement.core and placement.cell_id in state.cells:
            sizes[state.cells[placement.cell_id]] += 1
    return sizes


def _is_due(head: ThemeHead, *, mentions: int) -> bool:
    if mentions < max(FEWEST, 2 * head.asked_size) or head.named_by is Decider.PERSON:
        return False
    return head.named_by is Decider.SCORE or naming_due(head, mentions)


def _request(head: ThemeHead, held: Sequence[tuple[Mention, Placement]]) -> NameRequest:
    """Founders first, then those nearest the centre."""
    ranked = sorted(held, key=lambda one: (-(one[1].probability or 1.0), one[0].rank))
    shown = [mention for mention, _ in ranked[:MOST_SUMMARIES]]
    quotes = list(dict.fromkeys(mention.quote for mention in shown if mention.quote))
    return NameRequest(
        theme_id=head.id,
        issue_type=head.issue_type,
        area=head.area,
        summaries=tuple(dict.fromkeys(mention.summary for mention in shown)),
        quotes=tuple(quotes[:MOST_QUOTES]),
        conversations=tuple(dict.fromkeys(mention.conversation_id for mention in shown)),
    )
