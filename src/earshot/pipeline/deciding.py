"""Use case: ask the rules about every insight that changed, and keep what they decided as actions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from earshot.decide.actions import to_actions
from earshot.decide.evaluate import Verdict, evaluate
from earshot.decide.rules import Rules
from earshot.decide.standing import standings
from earshot.domain.action import Action
from earshot.domain.conversation import Conversation
from earshot.domain.facts import Facts
from earshot.domain.insight import Stage
from earshot.pipeline.clashes import clash_safe
from earshot.pipeline.parts import Parts
from earshot.pipeline.ruling.locating import located
from earshot.pipeline.ruling.suspicion import Judged, doubts
from earshot.ports.store import Unit

BATCH = 2_000
"""Insights per transaction."""


@dataclass(frozen=True)
class Decided:
    """Facts of one conversation, what the rules said, and the actions that follow."""

    facts: Facts
    verdict: Verdict
    actions: tuple[Action, ...]

    @property
    def conversation_id(self) -> str:
        """The conversation."""
        return self.verdict.conversation_id

    @property
    def final(self) -> bool:
        """Whether no rule waits for more about what was judged. Labels are never waited for: a reading follows."""
        return not self.verdict.postponed or self.facts.insight.stage == Stage.LABELS


async def decide(parts: Parts) -> int:
    """Judge all undecided insights; how many actions are new. The same decision twice is one action.

    Rules act as far as they are switched on; what is doubted is kept with its doubt, for a person.
    """
    rules = parts.make_rules()
    step = parts.progress.step("Applying rules")
    new = 0
    while (found := await clash_safe(lambda: _batch(parts, rules))) is not None:
        new += found[1]
        step.advance(found[0])
    step.done()
    return new


async def _batch(parts: Parts, rules: Rules) -> tuple[int, int] | None:
    """Judge some: how many, and how many actions are new. None when all are judged."""
    now = parts.clock.now()
    async with parts.store.unit() as unit:
        facts = await unit.decisions.undecided(BATCH, now=now)
        if not facts:
            return None
        actions = await decisions(parts, unit, rules=rules, facts=facts, now=now)
        new = await unit.decisions.save(actions, decided=[f.insight.conversation_id for f in facts], now=now)
        await unit.commit()
    return len(facts), new


async def decide_on(
    parts: Parts, unit: Unit, *, ids: Sequence[str], now: datetime, stored: Sequence[Conversation] = ()
) -> list[Decided]:
    """Judge these conversations by what is known of them, again where they were judged before. The caller commits.

    A rule that needs what is lacking is left for later, when the reading or the theme is there. `stored`: those of
    them that the caller holds as they are stored.
    """
    facts = await unit.decisions.of(ids, now=now)
    if not facts:
        return []
    decided = await judged(parts, unit, rules=parts.make_rules(), facts=facts, now=now, stored=stored)
    final = [one.conversation_id for one in decided if one.final]
    await unit.decisions.save([action for one in decided for action in one.actions], decided=final, now=now)
    return decided


async def decisions(
    parts: Parts, unit: Unit, *, rules: Rules, facts: Sequence[Facts], now: datetime
) -> list[Action]:
    """What the rules, as far as they are switched on, decide on these facts. Nothing is kept."""
    found = await judged(parts, unit, rules=rules, facts=facts, now=now)
    return [action for one in found for action in one.actions]


async def judged(
    parts: Parts,
    unit: Unit,
    *,
    rules: Rules,
    facts: Sequence[Facts],
    now: datetime,
    stored: Sequence[Conversation] = (),
) -> list[Decided]:
    """The same with the verdicts, one for each of the facts, in their order."""
    states = standings([rule.settings for rule in rules.ordered], await unit.rulebook.states())
    found = [Judged(f, evaluate(rules, f, standings=states)) for f in facts]
    doubted = await doubts(parts, unit, rules=rules, judged=found, stored=stored)
    placed = await located(parts, unit, judged=found, stored=stored)
    return [
        Decided(
            one.facts,
            one.verdict,
            actions=tuple(
                to_actions(one.verdict, where, now=now, doubts=doubted.get(one.verdict.conversation_id, {}))
            ),
        )
        for one, where in zip(found, placed, strict=True)
    ]
