"""Use case: replay the past through rules, and say what they would have done."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce

from earshot.act.routing import Routes
from earshot.decide.narrowing import either, narrow
from earshot.decide.rules import Rule, Rules
from earshot.domain.delivery import Thing
from earshot.domain.facts import Facts
from earshot.domain.model import Noun
from earshot.domain.rule_state import Clause
from earshot.pipeline.parts import Parts
from earshot.pipeline.ruling.effects import Effect, effects
from earshot.pipeline.ruling.replay import Example, Replay, Tally

PAGE = 2_000
"""Insights that are fetched at once."""


CHUNK = 100
"""Insights that are judged at a stretch."""


class RuleTest(Noun):
    """What one rule would have done. `actions` are distinct, `subjects` distinct conversations, customers, themes.

    `flagged`: matches whose text instructs its reader, which would have waited for a person. `left_out`: insights
    for which an earlier rule stopped this one. `skipped`: the share of insights that the database ruled out.
    `days` are matches by the day on which customers wrote, in the report's zone.
    """

    name: str
    matches: int
    actions: int
    subjects: int
    effects: dict[Thing, Effect]
    flagged: int = 0
    left_out: int = 0
    failures: int = 0
    skipped: float = 0.0
    examples: tuple[Example, ...] = ()
    days: dict[date, int] = {}


class BackTest(Noun):
    """What rules would have done in a span of time; `together` counts once what two rules want of one matter.

    A pair is one rule on one insight; `skipped` is the share of pairs that the database ruled out.
    """

    since: datetime
    until: datetime
    insights: int
    pairs: int
    skipped: float
    rules: tuple[RuleTest, ...]
    together: dict[Thing, Effect]


@dataclass(frozen=True)
class Sweep:
    """One way through the past: what the database narrows it to, and the rules it is for."""

    clauses: tuple[Clause, ...]
    tested: tuple[Rule, ...]


async def back_test(
    parts: Parts,
    rules: Rules,
    *,
    since: datetime,
    until: datetime,
    routes: Routes,
    only: Collection[str] = (),
) -> BackTest:
    """Replay the insights of a span as if all rules had been on; `only` names those to report (none: all).

    Themes and customers are as known today. Nothing is changed.
    """
    tested = [rule for rule in rules.ordered if not only or rule.settings.name in only]
    replay = Replay([rule.settings.name for rule in tested], routes=routes, until=until, zone=parts.report.timezone)
    async with parts.store.unit() as unit:
        insights = await unit.rulebook.count(since, until)
    step = parts.progress.step("Replaying")
    for sweep in sweeps(tested):
        judging, names = needed(rules, sweep.tested), [rule.settings.name for rule in sweep.tested]
        async with aclosing(_pages(parts, sweep.clauses, since=since, until=until)) as pages:
            async for page in pages:
                for at in range(0, len(page), CHUNK):
                    for facts in page[at : at + CHUNK]:
                        replay.judge(judging, facts, tested=names)
                    await asyncio.sleep(0)  # meanwhile the database is at the next page
                step.advance(len(page))
    step.done()
    return await _reported(parts, replay, since=since, until=until, insights=insights)


def sweeps(tested: Sequence[Rule]) -> list[Sweep]:
    """The ways through the past that these rules need: one for all where they narrow alike, or where one cannot."""
    narrowed = [narrow(rule.node) for rule in tested]
    shared = reduce(either, narrowed) if narrowed else ()
    if shared or not all(narrowed):
        return [Sweep(shared, tuple(tested))] if tested else []
    return [Sweep(clauses, (rule,)) for clauses, rule in zip(narrowed, tested, strict=True)]


def needed(rules: Rules, tested: Sequence[Rule]) -> Rules:
    """The rules that must be judged to know what the tested ones do: those, and what may leave them out."""
    names = {rule.settings.name for rule in tested}
    asked = [rule.settings for rule in rules.ordered if rule.settings.name in names or rule.settings.stop]
    urgent = max((-1 if rule.unless_urgent is None else rule.unless_urgent for rule in asked), default=-1)
    wanted = {rule.name for rule in asked}
    return Rules(tuple(r for r in rules.ordered if r.settings.name in wanted or r.settings.priority <= urgent))


async def _pages(
    parts: Parts, clauses: Sequence[Clause], *, since: datetime, until: datetime
) -> AsyncGenerator[list[Facts]]:
    """All pages; the next one is fetched while one is judged."""

    async def fetch(after: str) -> list[Facts]:
        async with parts.store.unit() as unit:
            return await unit.rulebook.facts(since, until, clauses=clauses, limit=PAGE, after=after)

    coming = asyncio.create_task(fetch(""))
    try:
        while page := await coming:
            coming = asyncio.create_task(fetch(page[-1].insight.conversation_id))
            yield page
    finally:
        coming.cancel()
        await asyncio.wait([coming])


async def _reported(parts: Parts, replay: Replay, *, since: datetime, until: datetime, insights: int) -> BackTest:
    urls = await _urls(parts, replay)
    tests = [
        _test(name, tally, parts=parts, insights=insights, urls=urls) for name, tally in replay.tallies.items()
    ]
    pairs = insights * len(tests)
    judged = sum(tally.judged for tally in replay.tallies.values())
    return BackTest(
        since=since,
        until=until,
        insights=insights,
        pairs=pairs,
        skipped=_share(pairs - judged, pairs),
        rules=tuple(tests),
        together=effects(replay.together, parts.act),
    )


def _test(name: str, tally: Tally, *, parts: Parts, insights: int, urls: dict[str, str | None]) -> RuleTest:
    examples = [one.model_copy(update={"url": urls.get(one.conversation_id)}) for one in tally.examples]
    return RuleTest(
        name=name,
        matches=tally.matches,
        actions=len(tally.keys),
        subjects=len(tally.subjects),
        effects=effects(tally.arrivals, parts.act),
        flagged=tally.flagged,
        left_out=tally.left_out,
        failures=tally.failures,
        skipped=_share(insights - tally.judged, insights),
        examples=tuple(examples),
        days=dict(sorted(tally.days.items())),
    )


async def _urls(parts: Parts, replay: Replay) -> dict[str, str | None]:
    ids = {one.conversation_id for tally in replay.tallies.values() for one in tally.examples}
    async with parts.store.unit() as unit:
        return {found.id: found.url for found in await unit.conversations.get(sorted(ids))}


def _share(part: int, whole: int) -> float:
    return round(max(part, 0) / whole, 4) if whole else 0.0
