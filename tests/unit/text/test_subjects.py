import pytest

from earshot.decide.subjects import standin
from earshot.domain.action import ActionKind
from earshot.text.subjects import stand_in
from tests.unit.decide.facts import facts


@pytest.mark.parametrize(
    ("subject_id", "words"),
    [
        ("conversation:c:7", "conversation c:7"),
        ("provisional:bug_report:billing:CRITICAL", "critical bug report in billing (theme not known yet)"),
        ("provisional:bug_report::CRITICAL", "critical bug report (theme not known yet)"),
        ("provisional:bug_report:data:HIGH:0a1b2c3d", "high bug report in data (theme not known yet)"),
        ("provisional:", "(theme not known yet)"),
        ("t1", ""),
        ("", ""),
    ],
)
def test_what_stands_in_for_a_theme_is_said_in_words(subject_id: str, words: str) -> None:
    assert stand_in(subject_id).strip() == words


def test_what_rules_make_is_understood() -> None:
    told = facts(issue_type="PRODUCT_BUG", priority="CRITICAL", affected_feature="Data: export")
    words = "critical product bug in data-export (theme not known yet)"
    assert stand_in(standin(ActionKind.PAGE_ONCALL_ENGINEER, told)) == words
    assert stand_in(standin(ActionKind.CREATE_TICKET, told)) == "conversation c1"
