from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.domain.backlog import TITLE_LIMIT, ItemText, ItemType, Urgency
from earshot.domain.reading import IssueType
from earshot.prioritise.drafting import draft, kind_of
from earshot.prioritise.rice import rice
from earshot.prioritise.settings import PrioritiseSettings

from .grounds import NOW, SETTINGS, evidence, head


def words(*, told: dict[str, Any] | None = None, changed: dict[str, Any] | None = None, **of: Any) -> ItemText:
    named = head(**(told or {}))
    chosen = PrioritiseSettings.model_validate(changed or {})
    spoken = evidence(**of)
    scored = rice(spoken, chosen, item_type=kind_of(named), area=named.area, now=NOW)
    return draft(named, spoken, rice=scored, settings=chosen)


def test_a_bug_in_words() -> None:
    found = words()
    assert found.title == "CSV export comes out empty"
    assert found.description == (
        "Small-business and enterprise customers report that something does not work: CSV export comes out empty. "
        "Product area: export. For most of them important work is blocked."
    )
    assert found.issue_type is ItemType.BUG
    assert found.priority is Urgency.P1
    assert found.labels == ("customer-reported", "product-bug", "export", "smb", "enterprise")
    assert found.components == ("Export",)
    assert found.story_points == 5
    assert found.acceptance_criteria[0] == (
        "Given a customer who meets “CSV export comes out empty” (export), when they do the same again, "
        "then it works without a workaround."
    )
    assert (
        "It is checked on accounts of each segment that raised it: smb and enterprise." in found.acceptance_criteria
    )


def test_words_hold_no_counts() -> None:
    few, many = words(), words(conversations=900, customers=700, mrr=9_500.0, links=())
    assert few == many


def test_long_titles_are_cut_at_a_word() -> None:
    found = words(told={"title": "The export " + "of our many orders " * 10})
    assert len(found.title) <= TITLE_LIMIT
    assert found.title.endswith(("order…", "orders…", "our…", "many…", "of…"))


@pytest.mark.parametrize(
    ("issue_type", "title", "expected"),
    [
        (IssueType.PRODUCT_BUG, "Export", ItemType.BUG),
        (IssueType.FEATURE_REQUEST, "Dark mode is missing", ItemType.FEATURE),
        (IssueType.UX_FRICTION, "Settings are hard to find", ItemType.IMPROVEMENT),
        (IssueType.USAGE_QUESTION, "How to invite a colleague", ItemType.TASK),
        (IssueType.BILLING, "Billed for users who were removed", ItemType.BUG),
        (IssueType.BILLING, "Refund for the second seat", ItemType.TASK),
        (IssueType.ACCOUNT_ACCESS, "Reset link doesn't arrive", ItemType.BUG),
        (IssueType.ACCOUNT_ACCESS, "Change the owner of a workspace", ItemType.TASK),
        (IssueType.OTHER, "Praise", ItemType.TASK),
    ],
)
def test_kinds_and_criteria_of_each_issue_type(issue_type: IssueType, title: str, expected: ItemType) -> None:
    found = words(told={"title": title, "issue_type": issue_type, "area": None}, segments={})
    assert found.issue_type is expected
    assert 3 <= len(found.acceptance_criteria) <= 10
    assert title in found.acceptance_criteria[0]
    assert not any("{" in text for text in found.acceptance_criteria)
    assert found.components == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"priorities": {"CRITICAL": 2, "MEDIUM": 4}}, Urgency.P0),
        ({"priorities": {"CRITICAL": 1}}, Urgency.P1),
        ({"priorities": {"CRITICAL": 2, "MEDIUM": 5}}, Urgency.P2),
        ({"priorities": {"HIGH": 1, "MEDIUM": 1}}, Urgency.P1),
        ({"priorities": {"MEDIUM": 2, "LOW": 2}}, Urgency.P2),
        ({"priorities": {"MEDIUM": 1, "LOW": 2}}, Urgency.P3),
        ({"priorities": {}}, Urgency.P2),
        ({"priorities": {"LOW": 9}, "churn_risks": {"HIGH": 2, "LOW": 7}}, Urgency.P2),
        ({"priorities": {"LOW": 20}, "churn_risks": {"HIGH": 2, "LOW": 18}}, Urgency.P3),
        ({"priorities": {"LOW": 9}, "mrr": 10_000.0}, Urgency.P2),
        ({"priorities": {"HIGH": 9}, "mrr": 1e9, "churn_risks": {"HIGH": 9}}, Urgency.P1),
    ],
)
def test_urgency_by_rule(changes: dict[str, Any], expected: Urgency) -> None:
    assert words(**changes).priority is expected


def test_only_bugs_are_p0() -> None:
    told = {"issue_type": IssueType.FEATURE_REQUEST}
    assert words(told=told, priorities={"CRITICAL": 9}).priority is Urgency.P1


@pytest.mark.parametrize(("weeks", "points"), [(0.1, 1), (1, 2), (2, 5), (3, 5), (6, 13), (10, 21), (50, 21)])
def test_story_points_follow_effort(weeks: float, points: int) -> None:
    assert words(changed={"effort_weeks": {"Bug": weeks}}).story_points == points


def test_the_trackers_component_stands_for_the_area() -> None:
    assert words(changed={"components": {"Export ": "Data out"}}).components == ("Data out",)
    assert SETTINGS.component("login") == "Login"


def test_personal_data_in_a_themes_name_stays_out_of_its_item() -> None:
    found = words(
        told={"title": "Export for jane.doe@example.com is empty", "description": "Call +44 20 7946 0958"}
    )
    told = " ".join((found.title, found.description, *found.acceptance_criteria))
    assert found.title == "Export for [email] is empty"
    assert "jane" not in told
    assert "7946" not in told


def test_a_description_that_says_more_is_told() -> None:
    found = words(told={"description": "The file has a header and no rows"})
    assert "CSV export comes out empty. The file has a header and no rows. Product area:" in found.description


@settings(max_examples=80, deadline=None)
@given(
    title=st.text(max_size=300),
    description=st.text(max_size=300),
    area=st.none() | st.text(max_size=100),
    issue_type=st.sampled_from(IssueType),
    segments=st.dictionaries(st.text(max_size=20), st.integers(0, 9), max_size=4),
)
def test_any_name_makes_a_valid_item_on_single_lines(
    title: str, description: str, area: str | None, issue_type: IssueType, segments: dict[str, int]
) -> None:
    told = {"title": title, "description": description, "area": area, "issue_type": issue_type}
    found = ItemText.model_validate(words(told=told, segments=segments).model_dump())
    for text in (found.title, found.description, *found.acceptance_criteria, *found.labels, *found.components):
        assert text == text.strip() != ""
        assert not set(text) & set("\n\r\x00\x1b\u202e")
    assert all(" " not in label for label in found.labels)
