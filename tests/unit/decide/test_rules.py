import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.decide.packs import chosen
from earshot.decide.rules import list_rules, load_rules
from earshot.decide.settings import DecideSettings, RuleSettings, WantedAction
from earshot.domain.action import ActionKind
from earshot.errors import Misconfigured


def rule(when: str, *, name: str = "MINE", priority: int = 100) -> RuleSettings:
    wanted = [WantedAction(do=ActionKind.CREATE_TICKET)]
    return RuleSettings(name=name, when=when, actions=wanted, priority=priority)


GOOD = [
    "true",
    'insight.issue_type == "BILLING"',
    '"BILLING" != insight.issue_type',
    'insight.priority in ["CRITICAL", "HIGH"]',
    "insight.sentiment_score < -0.7",
    "customer.mrr >= 1000 && theme.frequency > 3",
    'findings.exists(f, f.issue_type == "BILLING" && f.summary.contains("VAT"))',
    "findings.filter(f, size(f.affected_feature) > 0).size() > 1",
    'findings.map(f, f.issue_type).exists(t, t == "OTHER")',
    '"vip" in conversation.tags || conversation.tags.all(t, t.startsWith("x"))',
    'has(customer.plan) && !(customer.plan == "")',
    "findings[0].issue_type == insight.issue_type",
    "theme.mrr * 2.0 > double(theme.customers) + 1.5",
    "-theme.trend % 2 == 1 - 2",
    'insight.confidence < .5 ? insight.priority == "LOW" : theme.trend > 0',
    'insight.summary.matches(r"\\bVAT\\b") // a remark',
    "string(theme.frequency) == '''3'''",
    'insight.summary + "!" > "a"',
    'insight.summary == "it\\"s"',
    "theme.frequency > 0x0A",
    'customer.segment == "unknown"',
]


@pytest.mark.parametrize("when", GOOD)
def test_sound_conditions_are_loaded(when: str) -> None:
    assert load_rules([rule(when)]).ordered[0].settings.when == when


BAD = [
    ('insight.issue_type == "PRODUKT_BUG"', "line 1, column 23", "did you mean PRODUCT_BUG?"),
    ('insight.priority in ["CRITICAL", "HIHG"]', "column 34", "did you mean HIGH?"),
    ('insight.priorty == "LOW"', "column 9", "did you mean priority?"),
    ('insigth.priority == "LOW"', "column 1", "did you mean insight?"),
    ("theme.frequency > 1 &&\n  them.trend > 0", "line 2, column 3", "did you mean theme?"),
    ('insight.sentiment_score < "0.7"', "column 25", "double cannot be compared with a string"),
    ("insight.issue_type == 3", "column 20", "string never equals a int"),
    ("3 in conversation.tags", "column 3", "never in"),
    ('"a" in insight.summary', "column 5", "needs a list"),
    ('insight.priority >= "HIGH"', "column 18", "no order"),
    ("theme.frequency", "column 1", "true or false"),
    ("theme.frequency && true", "column 7", "expected bool"),
    ("!theme.frequency", "column 8", "expected bool"),
    ("theme.mrr * 2 > 3", "column 11", "of one type"),
    ("theme.frequency >", "column 18", "ends too early"),
    ("(theme.frequency > 1", "column 21", "expected ')'"),
    ('insight.summary == "open', "column 20", "not closed"),
    ("insight.priority = 1", "column 18", "cannot stand here"),
    ("true and true", "column 6", "'and' is not expected"),
    ("insight.", "column 9", "name after the dot"),
    ("[] == []", "column 1", "empty list"),
    ('size(["a", 1]) > 0', "column 12", "cannot hold"),
    ('insight.summary.contain("x")', "column 17", "did you mean contains?"),
    ('insight.summary.contains("x", "y")', "column 17", "takes 1 argument"),
    ("insight.summary.contains(1)", "column 26", "expected string"),
    ('findings.exist(f, f.issue_type == "OTHER")', "column 10", "did you mean exists?"),
    ('findings.exists(f, f.issue_type == "OTTER")', "column 36", "did you mean OTHER?"),
    ("findings.exists(1, true)", "column 17", "needs a new name"),
    ("findings.all(f, f.summary)", "column 19", "expected bool"),
    ("findings.issue_type == 1", "column 10", "has no field"),
    ('insight.summary[0] == "a"', "column 16", "only a list"),
    ('conversation.tags["a"] == "b"', "column 19", "expected int"),
    ("siz(findings) > 1", "column 1", "did you mean size?"),
    ("size(theme.frequency) > 1", "column 1", "has no size"),
    ("has(true)", "column 1", "asks for a field"),
    ("int(true) > 1", "column 5", "expected int or double or string"),
    ('true ? 1 : "a"', "column 6", "of one type"),
    ("customer.lifetime > 1", "column 10", "unknown field lifetime"),
    ('insight.summary.matches("(")', "column 25", "regular expression"),
    ("insight.priority != null", "column 18", "never equals a null"),
    ("theme.frequency > 1u", "column 19", "cannot stand here"),
]


@pytest.mark.parametrize(("when", "place", "said"), BAD)
def test_unsound_conditions_are_refused_with_their_place(when: str, place: str, said: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        load_rules([rule(when)])
    message = str(refused.value)
    assert "'MINE'" in message
    assert place in message
    assert said in message
    assert "earshot rules check" in refused.value.hint


@pytest.mark.parametrize(
    "when", ["true" + " && true" * 300, "(" * 60 + "true" + ")" * 60, "!" * 61 + "true", "true || " + "a" * 5000]
)
def test_monstrous_conditions_are_refused_calmly(when: str) -> None:
    with pytest.raises(Misconfigured):
        load_rules([rule(when)])


def test_what_only_the_language_itself_refuses_is_refused() -> None:
    with pytest.raises(Misconfigured, match="not valid CEL"):
        load_rules([rule(r'insight.summary == "\q"')])


@given(st.text(max_size=60))
def test_any_text_is_either_loaded_or_refused_as_a_setting(when: str) -> None:
    settings = rule(when) if when else rule("true")
    row = list_rules([settings])[0]
    if row.problem:
        with pytest.raises(Misconfigured):
            load_rules([settings])
    else:
        load_rules([settings])


def test_all_problems_are_counted_and_listed() -> None:
    rules = [rule("nope", name="A"), rule("true", name="B"), rule("theme", name="C")]
    with pytest.raises(Misconfigured, match=r"'A'.*\(and 1 more\)"):
        load_rules(rules)
    assert [(row.name, bool(row.problem)) for row in list_rules(rules)] == [("A", True), ("B", False), ("C", True)]


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(Misconfigured, match="two rules have this name"):
        load_rules([rule("true"), rule("false")])


def test_rules_are_ordered_by_urgency_then_as_given() -> None:
    rules = load_rules(
        [
            rule("true", name="late", priority=9),
            rule("true", name="b", priority=1),
            rule("true", name="a", priority=1),
        ]
    )
    assert [r.settings.name for r in rules.ordered] == ["b", "a", "late"]


def test_the_default_pack_is_sound_and_complete() -> None:
    rows = list_rules(chosen(DecideSettings()))
    assert not [row.problem for row in rows if row.problem]
    assert {row.name for row in rows} >= {
        "P0_BUG_ENTERPRISE",
        "HIGH_CHURN_RISK",
        "BILLING_CRITICAL",
        "POPULAR_FEATURE_REQUEST",
        "UX_FRICTION_PATTERN",
        "DEFAULT_QUEUE",
    }


def test_own_rules_take_the_place_of_pack_rules_and_others_can_be_switched_off() -> None:
    own = rule("theme.frequency >= 3", name="POPULAR_FEATURE_REQUEST")
    rules = chosen(DecideSettings(rules=[own], switched_off=["DEFAULT_QUEUE"]))
    by_name = {r.name: r for r in rules}
    assert by_name["POPULAR_FEATURE_REQUEST"].when == "theme.frequency >= 3"
    assert not by_name["DEFAULT_QUEUE"].enabled
    assert "DEFAULT_QUEUE" not in [r.settings.name for r in load_rules(rules).ordered]


def test_unknown_packs_and_switched_off_names_are_refused() -> None:
    with pytest.raises(Misconfigured, match="did you mean guide"):
        chosen(DecideSettings(packs=["giude"]))
    with pytest.raises(Misconfigured, match="did you mean DEFAULT_QUEUE"):
        chosen(DecideSettings(switched_off=["DEFAULT_QEUE"]))
