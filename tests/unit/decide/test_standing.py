"""How far rules are on: bound to their text, by share, and what a rule on trial may do to others."""

from datetime import UTC, datetime, timedelta

from earshot.decide.evaluate import evaluate
from earshot.decide.rules import load_rules
from earshot.decide.settings import RuleSettings
from earshot.decide.standing import Standing, acts, rule_hash, standings
from earshot.domain.rule_state import RuleMode, RuleState

from .facts import facts

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def rule(name: str = "A", /, **more: object) -> RuleSettings:
    return RuleSettings.model_validate({"name": name, "when": "true", "actions": ["TAG"], **more})


def state(of: RuleSettings, mode: RuleMode, *, hours: int = 0, share: float = 1.0) -> RuleState:
    at = NOW + timedelta(hours=hours)
    return RuleState(name=of.name, hash=rule_hash(of), mode=mode, share=share, actor="x", at=at)


def test_every_part_of_a_rule_but_its_name_counts_for_its_hash() -> None:
    changes: list[dict[str, object]] = [
        {"when": "false"},
        {"actions": ["NOTE"]},
        {"actions": [{"do": "TAG", "tag": "x"}]},
        {"priority": 3},
        {"stop": True},
        {"unless_urgent": 0},
        {"cooldown_hours": 4},
        {"approve": True},
        {"caution": "text"},
    ]
    assert len({rule_hash(rule(**change)) for change in changes} | {rule_hash(rule())}) == len(changes) + 1
    assert rule_hash(rule("A")) == rule_hash(rule("B", enabled=False))


def test_the_newest_state_of_the_same_name_and_text_counts() -> None:
    mine = rule()
    states = [state(mine, RuleMode.ON, hours=2), state(mine, RuleMode.SHARE, hours=1, share=0.5)]
    assert standings([mine], states)["A"].mode is RuleMode.ON
    renamed = standings([rule("B")], states)["B"]
    assert (renamed.mode, renamed.changed) == (RuleMode.DRY_RUN, False)
    changed = standings([rule(priority=1)], states)["A"]
    assert (changed.mode, changed.changed) == (RuleMode.DRY_RUN, True)


def test_settings_win_over_a_state() -> None:
    off = rule(enabled=False)
    assert standings([off], [state(off, RuleMode.ON)])["A"].mode is RuleMode.OFF


def test_a_share_takes_the_same_conversations_every_time_and_keeps_them_as_it_grows() -> None:
    ids = [f"c{number}" for number in range(2000)]
    small = {i for i in ids if acts(Standing(mode=RuleMode.SHARE, share=0.2), rule="h", conversation=i)}
    large = {i for i in ids if acts(Standing(mode=RuleMode.SHARE, share=0.5), rule="h", conversation=i)}
    assert 320 < len(small) < 480
    assert small < large
    assert small != {i for i in ids if acts(Standing(mode=RuleMode.SHARE, share=0.2), rule="other", conversation=i)}


def test_a_rule_on_trial_never_hides_one_that_acts() -> None:
    first, second, third = (
        rule("TRIAL", priority=1, stop=True),
        rule("LIVE", priority=2),
        rule("QUEUE", priority=3, unless_urgent=1),
    )
    rules = load_rules([first, second, third])
    on = {"LIVE": Standing(mode=RuleMode.ON)}
    verdict = evaluate(rules, facts(), standings=on)
    assert [(m.rule.name, m.live) for m in verdict.matches] == [("TRIAL", False), ("LIVE", True)]
    assert [(one.rule, one.by) for one in verdict.left_out] == [("QUEUE", "TRIAL")]
    every = {name: Standing(mode=RuleMode.ON) for name in ("TRIAL", "LIVE", "QUEUE")}
    assert [m.rule.name for m in evaluate(rules, facts(), standings=every).matches] == ["TRIAL"]
    off = {**every, "TRIAL": Standing(mode=RuleMode.OFF)}
    assert [m.rule.name for m in evaluate(rules, facts(), standings=off).matches] == ["LIVE", "QUEUE"]
