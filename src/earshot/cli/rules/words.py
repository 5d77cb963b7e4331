"""How rules' states and effects are said on the terminal."""

from collections.abc import Mapping

from earshot.domain.delivery import Thing
from earshot.domain.rule_state import RuleMode
from earshot.pipeline.ruling.backtest import BackTest, RuleTest
from earshot.pipeline.ruling.effects import Effect
from earshot.pipeline.ruling.states import RuleStanding

CHANGED = "changed since it was switched on: back in dry run"

_THINGS: dict[Thing, tuple[str, str]] = {
    Thing.PAGE: ("page", "pages"),
    Thing.MESSAGE: ("message", "messages"),
    Thing.MAIL: ("mail", "mails"),
    Thing.TASK: ("task", "tasks"),
    Thing.TICKET: ("ticket", "tickets"),
    Thing.FEEDBACK: ("feedback note", "feedback notes"),
    Thing.NOTE: ("note", "notes"),
    Thing.TAG: ("tag", "tags"),
    Thing.ASSIGNMENT: ("assignment", "assignments"),
    Thing.ATTRIBUTE: ("attribute", "attributes"),
    Thing.EVENT: ("webhook event", "webhook events"),
}


def said_mode(mode: RuleMode, share: float) -> str:
    """A rule's mode, as "on for 20 %"."""
    return f"on for {100 * share:.3g} %" if mode is RuleMode.SHARE else mode.value


def note(one: RuleStanding) -> str:
    """What a person should know about a rule in the list."""
    return one.rule.problem or (CHANGED if one.changed else "")


def said_effects(effects: Mapping[Thing, Effect]) -> str:
    """What would have gone out, as "3 pages (+5 updates), 2 tickets"."""
    return ", ".join(_effect(thing, effect) for thing, effect in effects.items()) or "nothing outside"


def said_span(test: BackTest) -> str:
    """The span of a back-test, and how much was looked at."""
    return (
        f"{test.since:%Y-%m-%d %H:%M} to {test.until:%Y-%m-%d %H:%M} UTC: {test.insights:,} insights; the database "
        f"ruled out {100 * test.skipped:.1f} % of {test.pairs:,} pairs of rule and insight."
    )


def remarks(test: RuleTest) -> str:
    """What else is worth knowing about one rule's test."""
    told = [
        f"{test.left_out:,} left to an earlier rule" if test.left_out else "",
        f"{test.flagged:,} would wait for you: the text instructs its reader" if test.flagged else "",
        f"{test.failures:,} could not be judged" if test.failures else "",
    ]
    return "; ".join(text for text in told if text)


def _effect(thing: Thing, effect: Effect) -> str:
    one, many = _THINGS[thing]
    text = f"{effect.new:,} {one if effect.new == 1 else many}"
    if effect.updates:
        text += f" (+{effect.updates:,} update{'s' * (effect.updates != 1)})"
    return f"{text} ({effect.suppressed:,} more suppressed)" if effect.suppressed else text
