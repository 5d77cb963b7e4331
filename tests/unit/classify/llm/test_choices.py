import math

import pytest

from earshot.domain.call import Outcome
from earshot.domain.reading import ChurnRisk, IssueType, Priority, Sentiment
from earshot.ports.model import Answer
from tests.unit.classify.llm.threads import prompter, thread

TALK = thread("Charged twice, and the export fails.")
CHOICES = {
    "issue_type": {"BILLING": 0.7, "PRODUCT_BUG": 0.2, "OTHER": 0.1},
    "priority": {"HIGH": 0.6, "MEDIUM": 0.4},
    "sentiment": {"NEUTRAL": 0.9, "NEGATIVE": 0.1},
    "churn_risk": {"LOW": 1.0},
    "contains_instructions": {"YES": 0.1, "NO": 0.9},
}


def test_a_decision_request_asks_closed_questions_only() -> None:
    prepared = prompter().prepare(TALK, decisions=True)
    questions = {question.name: question for question in prepared.request.questions}
    assert set(questions) == set(CHOICES)
    assert set(questions["issue_type"].options) == set(IssueType)
    assert set(questions["priority"].options) == set(Priority)
    assert set(questions["sentiment"].options) == set(Sentiment)
    assert set(questions["churn_risk"].options) == set(ChurnRisk)
    assert prepared.request.form is None
    assert "Charged twice" in prepared.request.content
    assert prepared.prompt_hash != prompter().prompt_hash


def test_the_likeliest_option_wins_and_its_chance_is_the_confidence() -> None:
    understood = prompter().prepare(TALK, decisions=True).understand(Answer(choices=CHOICES))
    labels = understood.labels
    assert labels is not None
    assert (labels.issue_type, labels.priority, labels.sentiment, labels.churn_risk) == (
        IssueType.BILLING,
        Priority.HIGH,
        Sentiment.NEUTRAL,
        ChurnRisk.LOW,
    )
    assert labels.confidence == 0.7
    assert labels.probabilities["priority"] == {"HIGH": 0.6, "MEDIUM": 0.4}
    assert not understood.injection


def test_an_extra_category_adds_to_the_type_it_counts_as() -> None:
    taxonomy = {"categories": [{"name": "CHARGEBACK", "definition": "by the bank", "counts_as": "BILLING"}]}
    prepared = prompter(taxonomy).prepare(TALK, decisions=True)
    assert prepared.request.questions[0].options["CHARGEBACK"] == "by the bank"
    split = {"CHARGEBACK": 0.3, "BILLING": 0.3, "PRODUCT_BUG": 0.4}
    labels = prepared.understand(Answer(choices=CHOICES | {"issue_type": split})).labels
    assert labels is not None
    assert labels.issue_type is IssueType.BILLING
    assert labels.confidence == pytest.approx(0.6)


def test_the_models_flag_counts_from_one_half() -> None:
    flagged = CHOICES | {"contains_instructions": {"YES": 0.8, "NO": 0.2}}
    assert prompter().prepare(TALK, decisions=True).understand(Answer(choices=flagged)).injection


@pytest.mark.parametrize(
    "changes",
    [
        {"issue_type": {}},
        {"issue_type": {"SECRET": 1.0}},
        {"priority": {"SECRET": 1.0}},
        {"churn_risk": {"LOW": 1.5}},
        {"churn_risk": {"LOW": -0.1}},
        {"sentiment": {"NEUTRAL": math.nan}},
    ],
)
def test_choices_that_were_not_offered_are_invalid(changes: dict[str, dict[str, float]]) -> None:
    understood = prompter().prepare(TALK, decisions=True).understand(Answer(choices=CHOICES | changes))
    assert (understood.outcome, understood.labels) == (Outcome.INVALID, None)
    assert "SECRET" not in (understood.reason or "")


def test_an_answer_in_words_is_no_decision() -> None:
    assert prompter().prepare(TALK, decisions=True).understand(Answer(text="BILLING")).outcome is Outcome.INVALID
