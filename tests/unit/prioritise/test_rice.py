from datetime import timedelta
from math import isfinite, nan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.domain.backlog import Evidence, ItemType
from earshot.domain.rice import CONFIDENCES, IMPACTS, Estimate, Factor, Rice, Source
from earshot.prioritise.rice import REASONING_LIMIT, rice, score_of
from earshot.prioritise.settings import PrioritiseSettings

from .grounds import NOW, SETTINGS, evidence

COUNTS = st.integers(0, 400)


def spoken(customers: int, more: int, **told: Any) -> Evidence:
    return evidence(customers=customers, conversations=customers + more, **told)


EVIDENCE = st.builds(
    spoken,
    customers=st.integers(0, 5000),
    more=st.integers(0, 50),
    segments=st.dictionaries(st.sampled_from(("enterprise", "smb", "trial", "free", "unknown")), COUNTS),
    priorities=st.dictionaries(st.sampled_from(("CRITICAL", "HIGH", "MEDIUM", "LOW")), COUNTS),
    churn_risks=st.dictionaries(st.sampled_from(("HIGH", "MEDIUM", "LOW")), COUNTS),
    avg_sentiment=st.none() | st.floats(-1, 1),
    confidence=st.none() | st.floats(0, 1),
    first_seen=st.integers(1, 400).map(lambda days: NOW - timedelta(days=days)),
    quotes=st.just(()),
)
ESTIMATES = st.lists(
    st.builds(
        Estimate,
        factor=st.sampled_from(Factor),
        value=st.floats() | st.sampled_from((0.25, 1.0, 2.0, 3.0, 7.0)),
        source=st.sampled_from(Source),
        reason=st.text(max_size=400),
    ),
    max_size=6,
)


def reckon(of: Evidence, *estimates: Estimate, changed: dict[str, Any] | None = None) -> Rice:
    told = PrioritiseSettings.model_validate({**SETTINGS.model_dump(), **(changed or {})})
    return rice(of, told, item_type=ItemType.BUG, area="export", now=NOW, estimates=estimates)


def said(factor: Factor, value: float, source: Source, reason: str = "because") -> Estimate:
    return Estimate(factor=factor, value=value, source=source, reason=reason)


def test_one_reckoned_by_hand() -> None:
    found = reckon(evidence())
    # reach (12 + 2 × 10) × 91 / 83 = 35.08; impact (12 × 2 + 5 × 1 + 2 × 1) / 19 = 1.63; 10 and 5 are exceeded
    assert found.score.model_dump(exclude={"reasoning"}) == {
        "reach": 35,
        "impact": 2.0,
        "confidence": 1.0,
        "effort_weeks": 2.0,
        "rice_score": 35.0,
    }
    assert found.lines[0] == (
        "Reach 35: 14 customers in 83 days: 14 × 91 / 83 = 15.3 a quarter. 2 of them are enterprise and count ×10: "
        "(12 + 2 × 10) × 91 / 83 = 35.1."
    )
    assert found.lines[-2:] == (
        "Score 35.00 = 35 × 2 × 1 / 2.",
        "Without the enterprise weight: reach 15, score 15.00.",
    )


def test_the_weight_of_one_counts_all_alike() -> None:
    found = reckon(evidence(), changed={"enterprise_weight": 1})
    assert found.score.reach == 15
    assert not any("enterprise" in line for line in found.lines)


def test_a_few_days_are_scaled_at_most_threefold() -> None:
    found = reckon(evidence(customers=3, segments={}, first_seen=NOW - timedelta(days=2)))
    assert found.score.reach == 9
    assert "scaled as if in 30 because so few days say little: 3 × 91 / 30 = 9.1" in found.lines[0]


def test_reach_never_exceeds_all_accounts() -> None:
    found = reckon(evidence(), changed={"total_active_users": 20})
    assert found.score.reach == 20
    assert "No more than 20 accounts use the product" in found.lines[0]
    assert found.lines[-1].startswith("Without the enterprise weight: reach 15")


def test_a_matter_that_stopped_reaches_nobody() -> None:
    found = reckon(evidence(last_seen=NOW - timedelta(days=91), first_seen=NOW - timedelta(days=120)))
    assert (found.score.reach, found.score.rice_score) == (0, 0.0)
    assert found.lines[0] == "Reach 0: no customer raised it in the last 90 days."


def test_customers_nobody_knows_count_as_one() -> None:
    assert reckon(evidence(customers=0, segments={"enterprise": 4}, first_seen=NOW)).score.reach == 30


@pytest.mark.parametrize(
    ("priorities", "churn", "mood", "expected"),
    [
        ({"CRITICAL": 1}, {}, None, 2.0),  # (3 + 2) / 3 = 1.67: one loud voice is not massive
        ({"CRITICAL": 20}, {}, None, 3.0),
        ({"HIGH": 10}, {}, None, 2.0),
        ({"HIGH": 10}, {"HIGH": 10}, -0.8, 3.0),
        ({"MEDIUM": 10}, {}, None, 1.0),
        ({"LOW": 10}, {}, None, 0.5),
        ({"LOW": 30}, {}, None, 0.5),
        ({"LOW": 10}, {}, 0.5, 0.25),
        ({}, {}, None, 1.0),
        ({}, {}, nan, 1.0),
        ({"nonsense": 9}, {"nonsense": 9}, None, 1.0),
    ],
)
def test_impact_by_formula(
    priorities: dict[str, int], churn: dict[str, int], mood: float | None, expected: float
) -> None:
    found = reckon(evidence(priorities=priorities, churn_risks=churn, avg_sentiment=mood))
    assert found.score.impact == expected


@pytest.mark.parametrize(
    ("changes", "expected", "missing"),
    [
        ({}, 1.0, "in agreement, with their own words."),
        ({"quotes": ()}, 0.8, "1 needs a clear quote."),
        ({"confidence": None}, 0.8, "1 needs a reading confidence of 0.7."),
        ({"conversations": 9}, 0.8, "1 needs 10 conversations."),
        ({"priorities": {"CRITICAL": 8, "LOW": 9}}, 0.8, "80% of two neighbouring priorities (now 53%)"),
        ({"conversations": 2}, 0.5, "0.8 needs 3 conversations."),
        ({"customers": 1}, 0.5, "0.8 needs 2 customers."),
        ({"confidence": 0.4}, 0.5, "0.8 needs a reading confidence of 0.5."),
    ],
)
def test_confidence_from_the_evidence(changes: dict[str, Any], expected: float, missing: str) -> None:
    found = reckon(evidence(**changes))
    assert found.score.confidence == expected
    assert missing in found.lines[2]


def test_effort_by_kind_and_area() -> None:
    found = reckon(evidence(), changed={"effort_weeks": {"Bug": 3.0}, "effort_factors": {"Export": 1.5}})
    assert found.score.effort_weeks == 4.5
    assert found.lines[3].startswith("Effort 4.5 weeks (medium): the table's 3 for a bug × 1.5 for export")


def test_a_person_goes_before_the_model_and_the_model_before_the_formula() -> None:
    model = said(Factor.IMPACT, 3.0, Source.MODEL, "stops all work")
    person = said(Factor.IMPACT, 0.5, Source.PERSON, "only a few see it")
    assert reckon(evidence(), model).score.impact == 3.0
    found = reckon(evidence(), person, model)
    assert found == reckon(evidence(), model, person)
    assert [e.factor for e in found.estimates[:4]] == list(Factor)
    assert found.score.impact == 0.5
    assert found.lines[1].startswith(
        "Impact 0.5 (low), set by a person: only a few see it. The model said 3: stops all work. "
        "The formula gives 2:"
    )
    assert [e.source for e in found.estimates if e.factor is Factor.IMPACT] == [
        Source.PERSON,
        Source.MODEL,
        Source.FORMULA,
    ]


@pytest.mark.parametrize(
    ("estimate", "kept", "line"),
    [
        (said(Factor.IMPACT, 1.7, Source.MODEL), 2.0, "The model's impact of 1.7 was put on the step 2."),
        (said(Factor.IMPACT, 10, Source.MODEL), 2.0, "was left out: 10 is above the scale's 3."),
        (said(Factor.EFFORT, -3, Source.MODEL), 2.0, "was left out: -3 makes no sense."),
        (said(Factor.EFFORT, nan, Source.MODEL), 2.0, "was left out: nan makes no sense."),
        (said(Factor.EFFORT, 500, Source.MODEL), 2.0, "effort is person-weeks from 0.1 to 104, not 500."),
        (said(Factor.REACH, 5000, Source.MODEL), 35.0, "was left out: it is counted, never estimated."),
        (said(Factor.IMPACT, 1.7, Source.PERSON), 2.0, "impact must be one of 0.25, 0.5, 1, 2, 3, not 1.7."),
        (said(Factor.REACH, 1.5, Source.PERSON), 35.0, "reach is whole accounts per quarter"),
    ],
)
def test_values_off_the_scales_are_put_on_them_or_refused(estimate: Estimate, kept: float, line: str) -> None:
    found = reckon(evidence(), estimate)
    assert next(e.value for e in found.estimates if e.factor is estimate.factor) == kept
    assert any(line in told for told in found.lines)


def test_data_and_formula_are_never_handed_in() -> None:
    assert reckon(evidence(), said(Factor.REACH, 1, Source.DATA)) == reckon(evidence())


def test_a_persons_reach_hides_no_weight() -> None:
    found = reckon(evidence(), said(Factor.REACH, 100, Source.PERSON))
    assert found.score.rice_score == 100.0
    assert not any(line.startswith("Without the enterprise weight") for line in found.lines)


def test_a_reckoning_again_changes_nothing() -> None:
    first = reckon(evidence(), said(Factor.IMPACT, 1.7, Source.MODEL), said(Factor.EFFORT, 4, Source.PERSON))
    again = reckon(evidence(), *first.estimates)
    assert (again.score, again.estimates) == (first.score, first.estimates)


@pytest.mark.parametrize(
    ("reach", "effort", "expected"),
    [(1, 8, 0.12), (3, 8, 0.38), (1, 3, 0.33), (2, 3, 0.67), (1_000_000, 0.1, 10_000_000.0)],
)
def test_scores_are_rounded_half_even(reach: int, effort: float, expected: float) -> None:
    assert score_of(reach, 1.0, confidence=1.0, effort_weeks=effort) == expected


@settings(max_examples=150, deadline=None)
@given(of=EVIDENCE, estimates=ESTIMATES)
def test_scales_hold_whatever_is_said(of: Evidence, estimates: list[Estimate]) -> None:
    found = reckon(of, *estimates)
    score = found.score
    assert score.impact in IMPACTS
    assert score.confidence in CONFIDENCES
    assert isfinite(score.rice_score)
    assert score.reach >= 0
    assert score.effort_weeks > 0
    assert len(score.reasoning) <= REASONING_LIMIT
    assert score.rice_score == score_of(
        score.reach, score.impact, confidence=score.confidence, effort_weeks=score.effort_weeks
    )
    assert not any("\n" in line or "nan" in line.split(":")[0] for line in found.lines)


@settings(max_examples=100, deadline=None)
@given(of=EVIDENCE, more=st.integers(0, 500))
def test_more_customers_never_reach_fewer(of: Evidence, more: int) -> None:
    grown = of.model_copy(update={"customers": of.customers + more, "conversations": of.conversations + more})
    assert reckon(grown).score.reach >= reckon(of).score.reach


@settings(max_examples=100, deadline=None)
@given(of=EVIDENCE, moved=st.integers(0, 400))
def test_a_graver_priority_never_lowers_impact(of: Evidence, moved: int) -> None:
    taken = min(moved, of.priorities.get("LOW", 0))
    counts = {**of.priorities, "LOW": of.priorities.get("LOW", 0) - taken}
    counts["CRITICAL"] = counts.get("CRITICAL", 0) + taken
    assert reckon(of.model_copy(update={"priorities": counts})).score.impact >= reckon(of).score.impact


@settings(max_examples=100, deadline=None)
@given(of=EVIDENCE)
def test_the_order_of_evidence_is_irrelevant(of: Evidence) -> None:
    turned = {name: dict(reversed(getattr(of, name).items())) for name in ("segments", "priorities", "churn_risks")}
    assert reckon(of.model_copy(update=turned)) == reckon(of)
