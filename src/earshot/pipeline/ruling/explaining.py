"""Use case: say for one conversation why each rule did or did not hold, and what came of it."""

from collections.abc import Mapping

from earshot.decide.evaluate import Verdict, evaluate
from earshot.decide.explaining import Part, explain
from earshot.decide.rules import Rule, Rules
from earshot.decide.standing import DRY, Standing, acts, standings
from earshot.domain.action import Action
from earshot.domain.facts import Facts
from earshot.domain.model import Noun
from earshot.domain.rule_state import RuleMode
from earshot.errors import NotFound
from earshot.pipeline.parts import Parts
from earshot.pipeline.ruling.suspicion import Judged, doubts


class RuleAnswer(Noun):
    """What one rule says about a conversation. `held` is None when it could not be judged.

    `live`: it acts for real here. `left_out_by` names the earlier rule because of which it does not count; `doubt`
    says why its actions wait for a person.
    """

    rule: str
    priority: int
    mode: RuleMode
    live: bool
    held: bool | None
    condition: Part
    left_out_by: str = ""
    doubt: str = ""
    actions: tuple[str, ...] = ()


class Explained(Noun):
    """Why rules did or did not hold for a conversation as it is known now, and the actions it led to or joined."""

    facts: Facts
    rules: tuple[RuleAnswer, ...]
    actions: tuple[Action, ...]


async def explain_conversation(parts: Parts, conversation_id: str, *, rules: Rules) -> Explained:
    """Judge one conversation anew and say why. Nothing is decided or kept."""
    async with parts.store.unit() as unit:
        facts = await unit.rulebook.facts_of(conversation_id)
        if facts is None:
            raise NotFound(
                f"there is no reading of conversation {conversation_id!r}",
                hint="Only conversations that were read are judged: earshot sync, earshot classify.",
            )
        states = standings([rule.settings for rule in rules.ordered], await unit.rulebook.states())
        verdict = evaluate(rules, facts, standings=states)
        doubted = await doubts(parts, unit, rules=rules, judged=[Judged(facts, verdict)])
        actions = await unit.rulebook.actions_of(conversation_id)
    why = doubted.get(verdict.conversation_id, {})
    answers = [
        _answer(rule, facts, verdict=verdict, standing=states.get(rule.settings.name, DRY), doubts=why)
        for rule in rules.ordered
    ]
    return Explained(facts=facts, rules=tuple(answers), actions=tuple(actions))


def _answer(
    rule: Rule, facts: Facts, *, verdict: Verdict, standing: Standing, doubts: Mapping[str, str]
) -> RuleAnswer:
    name = rule.settings.name
    condition = explain(rule, facts)
    return RuleAnswer(
        rule=name,
        priority=rule.settings.priority,
        mode=standing.mode,
        live=acts(standing, rule=rule.hash, conversation=verdict.conversation_id),
        held=condition.held,
        condition=condition,
        left_out_by=next((one.by for one in verdict.left_out if one.rule == name), ""),
        doubt=doubts.get(name, ""),
        actions=tuple(rule.settings.kinds),
    )
