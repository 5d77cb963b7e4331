"""Use case: doubts are put to a language model, and what its verdicts touch is grouped anew."""

from collections.abc import Sequence

from earshot.domain.call import Purpose, Usage
from earshot.domain.grouping import Doubt
from earshot.group.asking.adjudicating import Adjudicator
from earshot.pipeline.adjudication.online import ALL, Adjudicated, decide, unasked
from earshot.pipeline.locks import LINE
from earshot.pipeline.money.consent import Ask, agreed_with, dollars, note
from earshot.pipeline.money.consent import decide as agree
from earshot.pipeline.parts import Parts
from earshot.pipeline.tasks import Tasks
from earshot.pipeline.theming.regroup import regroup

ROUNDS = 10
"""How often a grouping asks about what the verdicts of the round before brought up; most end after five."""
PASSES = 3
"""How often verdicts are obeyed in a row, at most."""
ANSWER_TOKENS = 150
"""What an answer about a doubt is long, for its price."""
_Pairing = tuple[str, str]
"""The digests of a doubt and of one of its candidates."""
_WAITING = "Nobody agreed yet to spend money with {provider}, so {count:,} doubts wait: earshot themes adjudicate."


async def settle(
    parts: Parts, tasks: Tasks, *, limit: int | None = None, yes: bool = False, ask: Ask | None = None
) -> tuple[Adjudicated, int]:
    """Ask about open doubts, once somebody agreed to the price, and obey; how many mentions changed their theme."""
    async with parts.store.exclusive(LINE):
        async with parts.store.unit() as unit:
            doubts = unasked(await unit.themes.doubts(ALL), tasks)[:limit]
        if doubts and not await _agreed(parts, tasks):
            await _consent(parts, tasks, doubts=doubts, yes=yes, ask=ask)
        found = await decide(parts, tasks, doubts=doubts)
        return found, await _regrouped(parts)


async def obey(parts: Parts) -> int:
    """Group anew what kept verdicts touch; how many mentions changed their theme."""
    async with parts.store.exclusive(LINE):
        return await _regrouped(parts)


async def adjudicate(parts: Parts) -> int:
    """The part of a grouping: ask about its doubts, obey, ask again about what is left; verdicts in all.

    Nothing happens unless the settings say so and somebody agreed to spend.
    """
    if parts.group.adjudicator == "off" or parts.make_tasks is None:
        return 0
    tasks, verdicts, asked = parts.make_tasks(), 0, set[_Pairing]()
    for _ in range(ROUNDS):
        async with parts.store.unit() as unit:
            open_ones = unasked(await unit.themes.doubts(ALL), tasks)
        doubts = [one for one in open_ones if not asked.issuperset(_pairings(one))]
        if not doubts:
            break
        if not await _agreed(parts, tasks):
            provider = tasks.booked(Purpose.ADJUDICATE).model.provider
            parts.progress.say(_WAITING.format(provider=provider, count=len(doubts)))
            break
        asked.update(*map(_pairings, doubts))
        found = await decide(parts, tasks, doubts=doubts)
        verdicts += found.same + found.different
        if not found.same + found.different:
            break
        await _regrouped(parts)
    return verdicts


def _pairings(doubt: Doubt) -> list[_Pairing]:
    return [(doubt.digest, candidate.digest) for candidate in doubt.candidates]


async def _regrouped(parts: Parts) -> int:
    """Obey until nothing moves: what one verdict moves may be what another is about."""
    moved: set[int] = set()
    async with parts.store.unit() as unit:
        for _ in range(PASSES):
            done = await regroup(parts, unit, whole=False)
            moved.update(done.mentions)
            if not done.placements:
                break
        await unit.commit()
    return len(moved)


async def _agreed(parts: Parts, tasks: Tasks) -> bool:
    return await agreed_with(parts, tasks.booked(Purpose.ADJUDICATE).model.provider)


async def _consent(parts: Parts, tasks: Tasks, *, doubts: Sequence[Doubt], yes: bool, ask: Ask | None) -> None:
    text, provider = price(tasks, doubts), tasks.booked(Purpose.ADJUDICATE).model.provider
    if yes:
        parts.progress.say(text)
    agree(text, provider=provider, yes=yes, ask=ask)
    await note(parts, [provider])


def price(tasks: Tasks, doubts: Sequence[Doubt]) -> str:
    """What asking about these doubts will cost, in a sentence."""
    booked = tasks.booked(Purpose.ADJUDICATE)
    adjudicator = Adjudicator(product=tasks.wording.product, masking=tasks.wording.masking)
    asked = [question for doubt in doubts if (question := adjudicator.question(doubt)) is not None]
    usage = Usage(input_tokens=sum(one.tokens for one in asked), output_tokens=ANSWER_TOKENS * len(asked))
    name = f"{booked.model.provider}:{booked.model.name}"
    cost = booked.books.prices.cost(booked.model.provider, booked.model.name, usage=usage)
    told = "at an unknown price" if cost is None else f"for about {dollars(cost.usd)} by list price"
    return f"Comparing {len(asked):,} doubtful matters with {name} {told}."
