import pytest

from earshot.domain.call import Outcome
from earshot.domain.insight import Stage
from earshot.domain.reading import (
    ChurnRisk,
    IssueType,
    PartialLabels,
    Priority,
    Reading,
    RecommendedAction,
    Sentiment,
)
from earshot.ports.model import Answer
from tests.unit.classify.llm.threads import prompter, thread

TALK = thread("The sync with our calendar stopped, mail me at ann@example.org")
EXTRA = {"categories": [{"name": "SECURITY_REVIEW", "definition": "audits", "counts_as": "OTHER"}]}
LINES = """ISSUE_TYPE: PRODUCT_BUG
PRIORITY: HIGH
SENTIMENT: NEGATIVE
CHURN_RISK: MEDIUM
SUMMARY: Calendar sync stopped for [EMAIL_1]
AFFECTED_FEATURE: calendar sync"""


def six(text: str) -> Reading:
    understood = prompter(EXTRA, template=2).prepare(TALK).understand(Answer(text=text))
    assert understood.reading is not None, understood.reason
    return understood.reading


def one(text: str, *, reasoning: bool = False) -> PartialLabels | None:
    return prompter(EXTRA, template=1, reasoning=reasoning).prepare(TALK).understand(Answer(text=text)).labels


def test_the_six_lines_give_a_whole_reading_without_a_quote() -> None:
    reading = six(LINES)
    assert reading.issue_type is IssueType.PRODUCT_BUG
    assert reading.priority is Priority.HIGH
    assert (reading.sentiment, reading.sentiment_score) == (Sentiment.NEGATIVE, -0.44)
    assert reading.churn_risk is ChurnRisk.MEDIUM
    assert reading.summary == "Calendar sync stopped for ann@example.org"
    assert reading.affected_feature == "calendar sync"
    assert reading.recommended_action is RecommendedAction.CREATE_TICKET
    assert [f.quote for f in reading.findings] == [None]


@pytest.mark.parametrize(
    "text",
    [
        LINES.lower().replace("[email_1]", "[EMAIL_1]"),
        LINES.replace(": ", ":   [")
        .replace("\n", "]\n")
        .replace("[Calendar", "Calendar")
        .replace("[EMAIL_1]]", "[EMAIL_1]")
        + "]",
        "\n\n  " + LINES.replace("\n", "  \n\n"),
        "\n".join(f"**{line.replace(':', ':**', 1)}" for line in LINES.splitlines()),
        f"```\n{LINES}\n```",
        "REASONING: it speaks of a fault\n" + LINES,
        LINES.replace("CHURN_RISK", "Churn risk"),
    ],
)
def test_harmless_differences_in_form_do_not_matter(text: str) -> None:
    assert six(text).model_dump(exclude={"findings", "summary"}) == six(LINES).model_dump(
        exclude={"findings", "summary"}
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        LINES.replace("HIGH", "SECRET"),
        LINES.replace("PRODUCT_BUG", "SECRET"),
        LINES.replace("PRIORITY: HIGH\n", ""),
        LINES + "\nPRIORITY: LOW",
        LINES + "\nSECRET: yes",
        "Here is my SECRET answer\n" + LINES,
        LINES.replace("Calendar sync stopped for [EMAIL_1]", "  "),
        LINES.replace("MEDIUM", "LOW, MEDIUM"),
    ],
)
def test_anything_else_is_invalid_and_the_reason_repeats_nothing(text: str) -> None:
    understood = prompter(template=2).prepare(TALK).understand(Answer(text=text))
    assert understood.outcome is Outcome.INVALID
    assert "SECRET" not in (understood.reason or "")


def test_no_feature_and_an_extra_category() -> None:
    reading = six(LINES.replace("calendar sync", "NONE").replace("PRODUCT_BUG", "SECURITY_REVIEW"))
    assert (reading.affected_feature, reading.category, reading.issue_type) == (
        None,
        "SECURITY_REVIEW",
        IssueType.OTHER,
    )


@pytest.mark.parametrize(
    "text", ["BILLING", " billing.\n", "[BILLING]", "CATEGORY: BILLING", "**BILLING**", '"Billing"']
)
def test_one_word_gives_labels_of_the_issue_type_only(text: str) -> None:
    assert one(text) == PartialLabels(issue_type=IssueType.BILLING)


def test_an_extra_category_counts_as_its_issue_type() -> None:
    assert one("SECURITY_REVIEW") == PartialLabels(issue_type=IssueType.OTHER)


def test_reasoning_may_stand_before_the_word() -> None:
    assert one("REASONING: money was charged twice\nBILLING", reasoning=True) == PartialLabels(
        issue_type=IssueType.BILLING
    )


@pytest.mark.parametrize(
    "text", ["", "PRODUCT_BUG or BILLING", "BILLING\nOTHER", "It is BILLING", "CATEGORY:", "SECRET"]
)
def test_any_other_answer_is_invalid(text: str) -> None:
    understood = prompter(template=1).prepare(TALK).understand(Answer(text=text))
    assert (understood.outcome, understood.labels) == (Outcome.INVALID, None)
    assert "SECRET" not in (understood.reason or "")


def test_stages_and_versions() -> None:
    assert [prompter(template=n).stage for n in (1, 2, 3)] == [Stage.LABELS, Stage.FULL, Stage.FULL]
    assert [prompter(template=n).prompt_version.split(".")[0] for n in (1, 2, 3)] == ["1", "2", "3"]
