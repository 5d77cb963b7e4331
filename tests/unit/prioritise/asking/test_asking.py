"""Estimates and drafts by a model: values on the scales, plain bounded words, never a quote."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from earshot.domain.backlog import Evidence, ItemText, ItemType, Urgency
from earshot.domain.call import Outcome
from earshot.domain.reading import IssueType
from earshot.domain.rice import IMPACTS, Factor, Source
from earshot.ports.model import Answer
from earshot.prioritise.asking.drafting import MOST_LABELS, Drafter
from earshot.prioritise.asking.estimating import VALUES, Estimator
from earshot.prioritise.asking.evidence import Subject

T = datetime(2026, 3, 1, tzinfo=UTC)
SUBJECT = Subject(
    theme_id="t1",
    issue_type=IssueType.PRODUCT_BUG,
    area="billing",
    title="Invoice PDF opens blank",
    summaries=("Invoice is blank",),
    quotes=("It is just white, ask bob@corp.example",),
    evidence=Evidence(
        conversations=14, customers=9, avg_sentiment=-0.456, segments={"smb": 2, "enterprise": 7},
        first_seen=T, last_seen=T.replace(day=20),
    ),
)  # fmt: skip
TEMPLATE = ItemText(
    title="By template",
    description="By template.",
    acceptance_criteria=("It works.",),
    labels=("customer-reported",),
    components=("Billing",),
    issue_type=ItemType.BUG,
    priority=Urgency.P1,
    story_points=3,
)
ESTIMATE = {"impact_reason": "It blocks.", "impact": "HIGH", "effort_reason": "One place.", "effort_weeks": 2}
DRAFT = {
    "title": "Invoice PDF opens blank.",
    "description": "Customers open an invoice and get a white page.",
    "acceptance_criteria": ["Given an invoice, when it is opened, then it shows its items.", "Old ones open too."],
    "labels": ["Billing & Tax", "PDF", "x", "PDF", "customer_reported"],
    "story_points": 5,
}


def _answer(base: dict[str, Any], **changed: Any) -> Answer:
    return Answer(text=json.dumps({**base, **changed}))


def test_the_facts_of_template_4_are_told_and_personal_data_is_not() -> None:
    content = Estimator().question(SUBJECT).request.content
    assert 'frequency: "14 conversations over 19 days"' in content
    assert 'average sentiment (-1 to 1): "-0.46"' in content
    assert 'segments: "enterprise 7, smb 2"' in content
    assert "bob@corp" not in content
    assert "bob@corp" in Estimator(masking=False).question(SUBJECT).request.content


def test_an_estimate_is_on_the_scales() -> None:
    judged = Estimator().question(SUBJECT).understand(_answer(ESTIMATE))
    assert judged.value is not None
    impact, effort = judged.value
    assert (impact.factor, impact.value, impact.source, impact.reason) == (
        Factor.IMPACT, 2.0, Source.MODEL, "It blocks.",
    )  # fmt: skip
    assert (effort.factor, effort.value) == (Factor.EFFORT, 2.0)
    assert sorted(VALUES.values()) == sorted(IMPACTS)


@pytest.mark.parametrize(
    "changed",
    [{"impact": "HUGE"}, {"impact": 2}, {"effort_weeks": 0}, {"effort_weeks": 1e9}, {"effort_weeks": "2"}],
)
def test_what_is_off_the_scales_is_no_estimate(changed: dict[str, Any]) -> None:
    judged = Estimator().question(SUBJECT).understand(_answer(ESTIMATE, **changed))
    assert (judged.outcome, judged.value) == (Outcome.INVALID, None)


def test_reasons_are_bounded_lines() -> None:
    judged = Estimator().question(SUBJECT).understand(_answer(ESTIMATE, impact_reason="a\nb \u202e" * 400))
    assert judged.value is not None
    reason = judged.value[0].reason
    assert len(reason) <= 300
    assert "\n" not in reason
    assert "\u202e" not in reason


def test_a_draft_keeps_kind_priority_and_components() -> None:
    judged = Drafter().question(SUBJECT, TEMPLATE).understand(_answer(DRAFT))
    text = judged.value
    assert text is not None
    assert (text.title, text.story_points) == ("Invoice PDF opens blank", 5)
    assert text.description == "Customers open an invoice and get a white page."
    assert len(text.acceptance_criteria) == 2
    assert text.labels == ("customer-reported", "billing-tax", "pdf")
    assert (text.issue_type, text.priority, text.components) == (ItemType.BUG, Urgency.P1, ("Billing",))


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "  "},
        {"title": "<img src=x onerror=alert(1)>"},
        {"description": "See https://evil.example"},
        {"description": "Says [CUSTOMER_1]"},
        {"acceptance_criteria": ["Only one."]},
        {"acceptance_criteria": ["Twice.", "Twice."]},
        {"acceptance_criteria": "None"},
        {"story_points": 0},
        {"story_points": 34},
        {"labels": [{"a": 1}]},
    ],
)
def test_a_draft_that_is_no_plain_ticket_is_refused(changed: dict[str, Any]) -> None:
    judged = Drafter().question(SUBJECT, TEMPLATE).understand(_answer(DRAFT, **changed))
    assert (judged.outcome, judged.value) == (Outcome.INVALID, None)


def test_a_draft_is_bounded() -> None:
    long = {
        "title": "word " * 100,
        "description": "word " * 500,
        "acceptance_criteria": [f"{n} " + "word " * 100 for n in range(20)],
        "labels": [f"label-{n}" for n in range(50)] + ["far-too-long-a-label-for-any-tracker-to-take"],
    }
    text = Drafter().question(SUBJECT, TEMPLATE).understand(_answer(DRAFT, **long)).value
    assert text is not None
    assert len(text.title) <= 100
    assert len(text.description) <= 700
    assert len(text.acceptance_criteria) == 6
    assert all(len(criterion) <= 250 for criterion in text.acceptance_criteria)
    assert len(text.labels) <= 1 + MOST_LABELS
