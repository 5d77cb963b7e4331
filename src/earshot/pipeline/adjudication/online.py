"""Use case: a language model decides open doubts at once."""

from collections.abc import Sequence

from earshot.domain.grouping import Doubt
from earshot.domain.model import Noun
from earshot.pipeline.adjudication.closing import keep
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.owing import owing
from earshot.pipeline.tasks import Tasks

ALL = 1_000_000
"""More doubts than there are."""


class Adjudicated(Noun):
    """What was decided: doubts that were open, pairings found same and different, doubts left undecided."""

    doubts: int
    same: int = 0
    different: int = 0
    undecided: int = 0


async def adjudicate(parts: Parts, tasks: Tasks, *, limit: int | None = None) -> Adjudicated:
    """Put open doubts to the model, the likeliest matches first, and keep its verdicts.

    Doubts that are decided are closed, others narrowed to what is left; the next grouping obeys the verdicts.
    """
    async with parts.store.unit() as unit:
        doubts = unasked(await unit.themes.doubts(ALL), tasks)[:limit]
    return await decide(parts, tasks, doubts=doubts)


def unasked(doubts: Sequence[Doubt], tasks: Tasks) -> list[Doubt]:
    """Doubts that this model with this prompt did not leave undecided before."""
    return [doubt for doubt in doubts if doubt.asked_as != tasks.adjudicates_as]


async def decide(parts: Parts, tasks: Tasks, *, doubts: list[Doubt]) -> Adjudicated:
    """The same for these doubts."""
    async with owing(tasks.ledger) as debt:
        decided = await _decide(parts, tasks, doubts=doubts)
        debt.saved()
    return decided


async def _decide(parts: Parts, tasks: Tasks, *, doubts: Sequence[Doubt]) -> Adjudicated:
    said, asked_as = await tasks.compare(doubts), tasks.adjudicates_as
    verdicts = [one for opinions in said for one in opinions.verdicts(decided_as=asked_as, now=parts.clock.now())]
    answered = {opinions.doubt.digest for opinions in said}
    known = {doubt.digest: doubt for doubt in doubts}
    marked = {name: doubt.model_copy(update={"asked_as": asked_as}) for name, doubt in known.items()}
    async with parts.store.unit() as unit:
        await keep(unit, verdicts, doubts=marked)
        await unit.themes.ask([marked[name] for name in sorted(answered - {one.one for one in verdicts})])
        await unit.commit()
    decided = {verdict.one for verdict in verdicts}
    return Adjudicated(
        doubts=len(doubts),
        same=sum(verdict.same for verdict in verdicts),
        different=sum(not verdict.same for verdict in verdicts),
        undecided=sum(doubt.digest not in decided for doubt in doubts),
    )
