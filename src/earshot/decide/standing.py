"""How far rules are switched on: their states from the database, bound to their texts by a hash."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from earshot.decide.settings import RuleSettings
from earshot.domain.model import Noun
from earshot.domain.rule_state import RuleMode, RuleState


class Standing(Noun):
    """How far one rule is switched on. `changed`: another text of that name was, so that this one starts afresh."""

    mode: RuleMode = RuleMode.DRY_RUN
    share: float = 1.0
    changed: bool = False
    state: RuleState | None = None


DRY = Standing()
"""A rule without any state."""


def rule_hash(rule: RuleSettings) -> str:
    """32 hexadecimal digits of everything that a rule does; its name and `enabled` are no part of it."""
    text = {
        "when": rule.when.strip(),
        "actions": [{"do": wanted.do.value, **wanted.parameters} for wanted in rule.actions],
        "priority": rule.priority,
        "stop": rule.stop,
        "unless_urgent": rule.unless_urgent,
        "cooldown_hours": rule.cooldown_hours,
        "approve": rule.approve,
        "caution": rule.caution.value,
    }
    return digest(json.dumps(text, sort_keys=True, ensure_ascii=True))


def standings(rules: Sequence[RuleSettings], states: Sequence[RuleState]) -> dict[str, Standing]:
    """How far each rule is switched on, by name. A state counts for the rule of its name with its text."""
    newest: dict[tuple[str, str], RuleState] = {}
    switched: set[str] = set()
    for state in sorted(states, key=lambda one: one.at):
        newest[state.name, state.hash] = state
        if state.mode in {RuleMode.ON, RuleMode.SHARE}:
            switched.add(state.name)
    return {rule.name: _standing(rule, newest, switched=switched) for rule in rules}


def acts(standing: Standing, *, rule: str, conversation: str) -> bool:
    """Whether a rule acts for real on a conversation. A share takes the same conversations every time.

    `rule` is the rule's hash.
    """
    if standing.mode is RuleMode.SHARE:
        return int(digest(rule, conversation)[:8], 16) < standing.share * 2**32
    return standing.mode is RuleMode.ON


def digest(*parts: str) -> str:
    """32 hexadecimal digits that stand for these texts."""
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _standing(rule: RuleSettings, newest: Mapping[tuple[str, str], RuleState], *, switched: set[str]) -> Standing:
    state = newest.get((rule.name, rule_hash(rule)))
    if not rule.enabled:
        return Standing(mode=RuleMode.OFF, state=state)
    if state is None:
        return Standing(changed=rule.name in switched)
    return Standing(mode=state.mode, share=state.share, state=state)
