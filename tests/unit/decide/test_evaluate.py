from datetime import UTC, datetime, timedelta

import pytest

from earshot.decide.actions import key_of, to_actions
from earshot.decide.evaluate import evaluate
from earshot.decide.packs import chosen
from earshot.decide.rules import Rules, load_rules
from earshot.decide.settings import DecideSettings, RuleSettings
from earshot.domain.action import SUBJECTS, ActionKind, ActionStatus, Subject
from earshot.domain.facts import Facts

from .facts import facts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
K = ActionKind


@pytest.fixture(scope="module")
def guide() -> Rules:
    return load_rules(chosen(DecideSettings()))


def kinds(rules: Rules, seen: Facts) -> list[ActionKind]:
    return [action.kind for action in to_actions(evaluate(rules, seen), seen, now=NOW)]


def one(when: str = "true", *actions: ActionKind, name: str = "MINE", **more: int | bool) -> RuleSettings:
    return RuleSettings.model_validate(
        {"name": name, "when": when, "actions": actions or (K.CREATE_TICKET,), **more}
    )


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (facts(), [K.ADD_TO_PM_QUEUE]),
        (
            facts(issue_type="PRODUCT_BUG", priority="CRITICAL", customer_segment="enterprise"),
            [K.PAGE_ONCALL_ENGINEER, K.CREATE_JIRA_P0],
        ),
        (facts(issue_type="PRODUCT_BUG", priority="CRITICAL"), [K.CREATE_JIRA_P0]),
        (facts(churn_risk="HIGH", sentiment="VERY_NEGATIVE", sentiment_score=-0.71), [K.ALERT_CS_MANAGER]),
        (facts(churn_risk="HIGH", sentiment="VERY_NEGATIVE", sentiment_score=-0.7), [K.ADD_TO_PM_QUEUE]),
        (facts(issue_type="BILLING", priority="HIGH"), [K.ESCALATE_TO_FINANCE]),
        (facts(issue_type="BILLING", priority="MEDIUM"), [K.ADD_TO_PM_QUEUE]),
        (facts(issue_type="FEATURE_REQUEST", frequency=9), [K.INCREMENT_FEATURE_COUNTER, K.ADD_TO_PM_QUEUE]),
        (
            facts(issue_type="FEATURE_REQUEST", frequency=10),
            [K.CREATE_PRODUCTBOARD_NOTE, K.INCREMENT_FEATURE_COUNTER, K.ADD_TO_PM_QUEUE],
        ),
        (facts(issue_type="UX_FRICTION", frequency=4), [K.ADD_TO_PM_QUEUE]),
        (facts(issue_type="UX_FRICTION", frequency=5), [K.SCHEDULE_UX_REVIEW, K.ADD_TO_PM_QUEUE]),
    ],
)
def test_the_default_pack_acts_as_the_guide_says(guide: Rules, seen: Facts, wanted: list[ActionKind]) -> None:
    assert kinds(guide, seen) == wanted


def test_an_urgent_page_does_not_hide_a_churn_alert(guide: Rules) -> None:
    worst = facts(
        issue_type="PRODUCT_BUG",
        priority="CRITICAL",
        customer_segment="enterprise",
        churn_risk="HIGH",
        sentiment="VERY_NEGATIVE",
        sentiment_score=-0.9,
    )
    assert kinds(guide, worst) == [K.PAGE_ONCALL_ENGINEER, K.CREATE_JIRA_P0, K.ALERT_CS_MANAGER]


def test_a_rule_may_stop_those_after_it() -> None:
    first, second = (
        one(name="FIRST", priority=1, stop=True),
        one("true", K.ADD_TO_PM_QUEUE, name="SECOND", priority=2),
    )
    verdict = evaluate(load_rules([second, first]), facts())
    assert [match.rule.name for match in verdict.matches] == ["FIRST"]
    assert verdict.stopped_by == "FIRST"


def test_a_stopping_rule_that_does_not_match_stops_nothing() -> None:
    first, second = one("false", name="FIRST", priority=1, stop=True), one(name="SECOND", priority=2)
    verdict = evaluate(load_rules([first, second]), facts())
    assert [match.rule.name for match in verdict.matches] == ["SECOND"]
    assert verdict.stopped_by is None


def test_a_condition_that_fails_is_reported_and_the_rest_is_judged() -> None:
    rules = load_rules([one('conversation.tags[0] == "vip"', name="FRAGILE"), one(name="SOUND")])
    verdict = evaluate(rules, facts())
    assert [(f.rule, f.problem) for f in verdict.failures] == [("FRAGILE", "IndexError")]
    assert [match.rule.name for match in verdict.matches] == ["SOUND"]
    assert not evaluate(rules, facts(tags=("vip",))).failures


def test_unknown_numbers_fulfil_no_lower_bound() -> None:
    rules = load_rules([one("customer.mrr >= 0")])
    assert not evaluate(rules, facts()).matches
    assert evaluate(rules, facts(mrr=0.0)).matches


def test_the_reason_names_values_and_never_free_text_but_the_summary() -> None:
    when = 'insight.priority == "HIGH" && theme.frequency >= 2 && insight.affected_feature.contains("secret")'
    seen = facts(
        priority="HIGH", frequency=7, affected_feature="secret area", summary="It\x00 broke\u202e\n" + "x" * 500
    )
    action = to_actions(evaluate(load_rules([one(when)]), seen), seen, now=NOW)[0]
    assert action.reason.startswith(
        "MINE: priority HIGH, theme frequency 7, affected feature as asked. It broke xxx"
    )
    assert "secret" not in action.reason
    assert len(action.reason) < 300
    assert action.reason.isprintable()


def test_list_values_are_named_in_the_reason() -> None:
    seen = facts(tags=("vip", "beta"))
    action = to_actions(evaluate(load_rules([one('"vip" in conversation.tags')]), seen), seen, now=NOW)[0]
    assert "tags vip, beta" in action.reason


def test_the_same_decision_twice_is_one_action(guide: Rules) -> None:
    seen = facts(issue_type="BILLING", priority="HIGH")
    first = to_actions(evaluate(guide, seen), seen, now=NOW)
    later = to_actions(evaluate(guide, seen), seen, now=NOW + timedelta(days=400))
    assert [a.key for a in first] == [a.key for a in later]
    assert first[0].status is ActionStatus.PENDING
    assert first[0].dry_run


def test_two_rules_that_want_the_same_get_it_once_and_both_are_named() -> None:
    rules = load_rules([one(name="A", priority=1), one(name="B", priority=2)])
    seen = facts()
    (action,) = to_actions(evaluate(rules, seen), seen, now=NOW)
    assert action.rule == "A"
    assert action.reason.endswith("(also B)")


@pytest.mark.parametrize(
    ("kind", "subject_id"),
    [(K.CREATE_TICKET, "t9"), (K.ALERT_CS_MANAGER, "acme"), (K.ESCALATE_TO_FINANCE, "c1")],
)
def test_an_action_is_about_what_its_kind_says(kind: ActionKind, subject_id: str) -> None:
    seen = facts(theme="t9")
    (action,) = to_actions(
        evaluate(
            load_rules([one("true", kind)]),
            seen,
        ),
        seen,
        now=NOW,
    )
    assert (action.subject, action.subject_id) == (SUBJECTS[kind], subject_id)


def test_without_theme_or_account_the_conversation_stands_in() -> None:
    seen = facts(theme="", account="")
    actions = to_actions(
        evaluate(load_rules([one("true", K.CREATE_TICKET, K.ALERT_CS_MANAGER)]), seen), seen, now=NOW
    )
    assert [a.subject_id for a in actions] == ["conversation:c1", "conversation:c1"]
    assert len({a.key for a in actions}) == 2


def test_conversations_of_one_theme_share_a_ticket_and_others_do_not() -> None:
    rules = load_rules([one()])
    keys = {
        to_actions(evaluate(rules, seen), seen, now=NOW)[0].key
        for seen in (facts(theme="t1"), facts(theme="t1", conversation_id="c2"), facts(theme="t2"))
    }
    assert len(keys) == 2


def test_a_cooldown_lets_the_same_action_come_again_once_per_period() -> None:
    keys = [
        key_of(K.ALERT_CS_MANAGER, "acme", cooldown_hours=24, now=NOW + timedelta(hours=hours))
        for hours in range(240)
    ]
    assert len(set(keys)) in {10, 11}
    assert keys == sorted(keys, key=keys.index)


def test_periods_of_different_subjects_do_not_all_end_together() -> None:
    def ends(subject: str) -> int:
        keys = [
            key_of(K.ALERT_CS_MANAGER, subject, cooldown_hours=24, now=NOW + timedelta(hours=h)) for h in range(25)
        ]
        return next(h for h in range(1, 25) if keys[h] != keys[h - 1])

    assert len({ends(f"account {i}") for i in range(40)}) > 8


def test_subjects_cover_all_kinds() -> None:
    assert set(SUBJECTS) == set(ActionKind)
    assert set(SUBJECTS.values()) <= set(Subject)


@pytest.mark.parametrize(
    ("when", "needs"),
    [
        ("true", {}),
        ('insight.priority == "LOW" && theme.frequency > 1', {"insight": ("priority",), "theme": ("frequency",)}),
        ('findings.exists(f, f.issue_type == "OTHER")', {"findings": ()}),
        ('"vip" in conversation.tags || has(customer.plan)', {"conversation": ("tags",), "customer": ("plan",)}),
        ("findings[0].summary == insight.summary", {"findings": (), "insight": ("summary",)}),
        ("customer == customer && customer.mrr > 1.0", {"customer": ()}),
    ],
)
def test_only_the_facts_that_rules_ask_for_are_handed_over(when: str, needs: dict[str, tuple[str, ...]]) -> None:
    rules = load_rules([one(when)])
    assert rules.needs == needs
    assert not evaluate(rules, facts()).failures
