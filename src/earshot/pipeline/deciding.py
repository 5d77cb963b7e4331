"""Use case: ask the rules about every insight that changed, and keep what they decided as actions."""

from earshot.decide.actions import to_actions
from earshot.decide.evaluate import evaluate
from earshot.pipeline.parts import Parts

BATCH = 2_000
"""Insights per transaction."""


async def decide(parts: Parts) -> int:
    """Judge all undecided insights; how many actions are new. The same decision twice is one action."""
    rules = parts.make_rules()
    step = parts.progress.step("Applying rules")
    new = 0
    while True:
        now = parts.clock.now()
        async with parts.store.unit() as unit:
            facts = await unit.decisions.undecided(BATCH, now=now)
            if not facts:
                break
            actions = [a for f in facts for a in to_actions(evaluate(rules, f), f, now=now)]
            decided = [f.insight.conversation_id for f in facts]
            new += await unit.decisions.save(actions, decided=decided, now=now)
            await unit.commit()
        step.advance(len(facts))
    step.done()
    return new
