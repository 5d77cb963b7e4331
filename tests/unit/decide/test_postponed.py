"""Rules on labels alone: what cannot be known yet is judged later, never taken for a no."""

from earshot.decide.evaluate import Verdict, evaluate
from earshot.decide.packs import pack
from earshot.decide.rules import load_rules
from earshot.decide.settings import RuleSettings
from earshot.domain.facts import Facts
from tests.unit.decide.facts import facts

LABELS = ("findings", "insight.affected_feature", "insight.sentiment_score", "insight.summary", "theme")


def judged(said: Facts, *rules: RuleSettings, lacking: tuple[str, ...] = LABELS) -> Verdict:
    return evaluate(load_rules(rules), said.model_copy(update={"lacking": lacking}))


def rule(name: str, when: str, *, action: object = "CREATE_TICKET", **more: object) -> RuleSettings:
    return RuleSettings.model_validate({"name": name, "when": when, "actions": [action], **more})


def names(verdict: Verdict) -> tuple[list[str], list[str]]:
    return [one.rule.name for one in verdict.matches], [one.rule for one in verdict.postponed]


def test_a_rule_on_labels_is_judged_and_one_that_needs_more_is_postponed() -> None:
    known = rule("KNOWN", 'insight.priority == "CRITICAL"')
    score = rule("SCORE", "insight.sentiment_score < 0.0")
    inside = rule("INSIDE", 'findings.exists(f, f.issue_type == "BILLING")')
    theme = rule("THEME", "theme.frequency >= 1")
    verdict = judged(facts(priority="CRITICAL"), known, score, inside, theme)
    assert names(verdict) == (["KNOWN"], ["SCORE", "INSIDE", "THEME"])
    assert verdict.postponed[0].needs == ("insight.sentiment_score",)


def test_what_a_postponed_rule_may_stop_is_postponed_too() -> None:
    first = rule("FIRST", "theme.frequency >= 1", priority=1, stop=True)
    after = rule("AFTER", "true", priority=2)
    assert names(judged(facts(), first, after)) == ([], ["FIRST", "AFTER"])


def test_a_rule_for_the_rest_waits_for_every_more_urgent_one() -> None:
    urgent = rule("URGENT", "insight.sentiment_score < -0.7", priority=2)
    rest = rule("REST", "true", priority=999, unless_urgent=2)
    early = rule("EARLY", "true", priority=999, unless_urgent=1)
    assert names(judged(facts(), urgent, rest, early)) == (["EARLY"], ["URGENT", "REST"])


def test_an_action_that_tells_a_fact_waits_for_it() -> None:
    told = {"do": "SET_ATTRIBUTE", "attribute": "matter", "fact": "insight.summary"}
    assert names(judged(facts(), rule("TELL", "true", action=told))) == ([], ["TELL"])


def test_nothing_is_postponed_where_everything_is_known() -> None:
    verdict = judged(facts(), *pack("guide"), lacking=())
    assert not verdict.postponed


def test_the_guides_urgent_rules_are_judged_on_labels() -> None:
    said = facts(issue_type="PRODUCT_BUG", priority="CRITICAL", customer_segment="enterprise", stage="labels")
    held, later = names(judged(said, *pack("guide")))
    assert set(held) >= {"P0_BUG_ENTERPRISE", "P0_BUG_TICKET"}
    assert "HIGH_CHURN_RISK" in later
