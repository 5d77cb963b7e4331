"""Use case: how far rules are switched on, and switching them."""

from collections.abc import Sequence
from datetime import datetime

from earshot.decide.rules import RuleRow, list_rules
from earshot.decide.schema import nearest
from earshot.decide.settings import RuleSettings
from earshot.decide.standing import Standing, digest, rule_hash, standings
from earshot.domain.model import Noun
from earshot.domain.rule_state import RuleMode, RuleState
from earshot.errors import Misconfigured, NotFound, Rejected
from earshot.pipeline.parts import Parts

SINGLE = 1.0
"""The share of a rule that is not in gradual rollout."""


class RuleStanding(Noun):
    """A rule as it is listed: its text, what is wrong with it, and how far it is switched on.

    `version` stands for its text and state, for `switch`.
    """

    rule: RuleRow
    mode: RuleMode
    share: float = 1.0
    changed: bool = False
    since: datetime | None = None
    actor: str = ""
    version: str = ""


async def list_standing(parts: Parts, rules: Sequence[RuleSettings]) -> list[RuleStanding]:
    """Every rule in the order of judging, with its state."""
    async with parts.store.unit() as unit:
        known = standings(rules, await unit.rulebook.states())
    return [_standing(row, known[row.name]) for row in list_rules(rules)]


async def switch(
    parts: Parts,
    rule: RuleSettings,
    *,
    mode: RuleMode,
    share: float = SINGLE,
    reason: str = "",
    seen: str | None = None,
) -> RuleState:
    """Set how far a rule, with its present text, is switched on. Misconfigured when the settings switch it off.

    `seen` is the version that a person looked at: Rejected when somebody switched it, or changed it, since then.
    """
    if not rule.enabled and mode is not RuleMode.OFF:
        raise Misconfigured(
            f"The settings switch the rule {rule.name!r} off, and they win.",
            hint="Take it out of [decide] switched_off, or set enabled = true.",
        )
    state = RuleState(
        name=rule.name,
        hash=rule_hash(rule),
        mode=mode,
        share=share,
        actor=parts.actor,
        reason=reason,
        at=parts.clock.now(),
    )
    async with parts.store.unit() as unit:
        await unit.pages.rules.hold(rule.name)
        known = standings([rule], await unit.rulebook.states())[rule.name]
        if seen is not None and seen != _version(rule_hash(rule), known):
            raise Rejected(
                f"Somebody switched or changed the rule {rule.name} while you looked at it; it is as they left it.",
                hint="Look at it as it is now, then decide again.",
            )
        await unit.rulebook.set(state)
        await unit.commit()
    return state


async def history(parts: Parts, name: str | None, *, limit: int) -> list[RuleState]:
    """States that were set, newest first."""
    async with parts.store.unit() as unit:
        return await unit.rulebook.history(name, limit=limit)


def named(rules: Sequence[RuleSettings], name: str) -> RuleSettings:
    """The rule of that name, in whatever case; NotFound says which are near."""
    found = next((rule for rule in rules if rule.name.casefold() == name.casefold()), None)
    if found is None:
        known = tuple(rule.name for rule in rules)
        raise NotFound(f"there is no rule {name!r}{nearest(name, known)}", hint="`earshot rules list` shows them.")
    return found


def _standing(row: RuleRow, standing: Standing) -> RuleStanding:
    state = standing.state
    return RuleStanding(
        rule=row,
        mode=standing.mode,
        share=standing.share,
        changed=standing.changed,
        since=state.at if state else None,
        actor=state.actor if state else "",
        version=_version(row.hash, standing),
    )


def _version(text: str, standing: Standing) -> str:
    at = standing.state.at.isoformat() if standing.state else ""
    return digest(text, standing.mode.value, f"{standing.share}", at)
