"""Use case: ask the rules about every insight that changed, and keep what they decided as actions."""

from collections.abc import Sequence
from datetime import datetime

from earshot.decide.actions import to_actions
from earshot.decide.evaluate import evaluate
from earshot.decide.rules import Rules
from earshot.decide.standing import standings
from earshot.domain.action import Action
from earshot.domain.facts import Facts
from earshot.pipeline.parts import Parts
from earshot.pipeline.ruling.suspicion import Judged, doubts
from earshot.ports.store import Unit

BATCH = 2_000
"""Insights per transaction."""


async def decide(parts: Parts) -> int:
    """Judge all undecided insights; how many actions are new. The same decision twice is one action.

    Rules act as far as they are switched on; what is doubted is kept with its doubt, for a person.
    """
    rules = parts.make_rules()
    step = parts.progress.step("Applying rules")
    new = 0
    while True:
        now = parts.clock.now()
        async with parts.store.unit() as unit:
            facts = await unit.decisions.undecided(BATCH, now=now)
            if not facts:
                break
            actions = await decisions(parts, unit, rules=rules, facts=facts, now=now)
            decided = [f.insight.conversation_id for f in facts]
            new += await unit.decisions.save(actions, decided=decided, now=now)
            await unit.commit()
        step.advance(len(facts))
    step.done()
    return new


async def decisions(
    parts: Parts, unit: Unit, *, rules: Rules, facts: Sequence[Facts], now: datetime
) -> list[Action]:
    """What the rules, as far as they are switched on, decide on these facts. Nothing is kept."""
    states = standings([rule.settings for rule in rules.ordered], await unit.rulebook.states())
    judged = [Judged(f, evaluate(rules, f, standings=states)) for f in facts]
    doubted = await doubts(parts, unit, rules=rules, judged=judged)
    return [
        action
        for one in judged
        for action in to_actions(
            one.verdict, one.facts, now=now, doubts=doubted.get(one.verdict.conversation_id, {})
        )
    ]
