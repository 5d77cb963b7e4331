"""Rules at work on the past: what each would have done, counted insight by insight. Pure."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from earshot.act.routing import Routes
from earshot.decide.actions import to_actions
from earshot.decide.evaluate import Match, Verdict, evaluate
from earshot.decide.rules import Rules
from earshot.decide.standing import Standing
from earshot.domain.action import INWARD
from earshot.domain.facts import Facts
from earshot.domain.model import Noun
from earshot.domain.rule_state import RuleMode
from earshot.pipeline.ruling.effects import Arrivals

EXAMPLES = 5
"""How many of the newest matches are kept."""

_ON = Standing(mode=RuleMode.ON)


class Example(Noun):
    """A conversation on which a rule would have acted, and why."""

    conversation_id: str
    at: datetime | None
    because: str
    url: str | None = None


@dataclass
class Tally:
    """What one rule came to. `keys` are its distinct actions, `arrivals` what they come to outside.

    `days` counts matches by the day on which the customer wrote.
    """

    judged: int = 0
    matches: int = 0
    flagged: int = 0
    left_out: int = 0
    failures: int = 0
    keys: set[str] = field(default_factory=set[str])
    subjects: set[str] = field(default_factory=set[str])
    arrivals: Arrivals = field(default_factory=Arrivals)
    days: Counter[date] = field(default_factory=Counter[date])
    newest: deque[tuple[Facts, str]] = field(default_factory=lambda: deque[tuple[Facts, str]](maxlen=EXAMPLES))

    @property
    def examples(self) -> list[Example]:
        """The newest matches, the newest first."""
        return [
            Example(conversation_id=facts.insight.conversation_id, at=facts.at, because=because)
            for facts, because in reversed(self.newest)
        ]


class Replay:
    """Tallies of the rules that are tested, and of all together. Insights come in the order of their time.

    Days begin at midnight in `zone`.
    """

    def __init__(self, tested: Sequence[str], *, routes: Routes, until: datetime, zone: str = "UTC") -> None:
        self.tallies: Mapping[str, Tally] = {name: Tally() for name in tested}
        self.together = Arrivals()
        self._routes = routes
        self._until = until
        self._zone = ZoneInfo(zone)

    def judge(self, rules: Rules, facts: Facts, *, tested: Sequence[str]) -> None:
        """Take one insight through the rules as if all were on; only the tested ones are counted."""
        verdict = evaluate(rules, facts, standings={rule.settings.name: _ON for rule in rules.ordered})
        for name in tested:
            self.tallies[name].judged += 1
        for failure in verdict.failures:
            if failure.rule in tested:
                self.tallies[failure.rule].failures += 1
        for one in verdict.left_out:
            if one.rule in tested:
                self.tallies[one.rule].left_out += 1
        for match in verdict.matches:
            if match.rule.name in tested:
                self._count(match, verdict, facts=facts)

    def _count(self, match: Match, verdict: Verdict, *, facts: Facts) -> None:
        tally = self.tallies[match.rule.name]
        tally.matches += 1
        tally.flagged += facts.insight.injection
        tally.days[(facts.at or self._until).astimezone(self._zone).date()] += 1
        tally.newest.append((facts, match.because))
        if all(kind in INWARD for kind in match.rule.kinds):
            tally.keys.update(f"{kind}:{verdict.conversation_id}" for kind in match.rule.kinds)
            tally.subjects.add(verdict.conversation_id)
            return
        alone = verdict.model_copy(update={"matches": (match,)})
        for action in to_actions(alone, facts, now=facts.at or self._until):
            tally.keys.add(action.key)
            tally.subjects.add(action.subject_id)
            if action.kind not in INWARD:
                tally.arrivals.add(action, self._routes)
                self.together.add(action, self._routes)
