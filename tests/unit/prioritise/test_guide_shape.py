import json
import re

from earshot.domain.backlog import Link
from earshot.domain.reading import ChurnRisk, IssueType, Priority, Sentiment
from earshot.prioritise.guide_shape import backlog_row, jira_row
from earshot.prioritise.markdown import render_markdown

from .grounds import NOW, evidence, item, quote

HOSTILE = "<img src=x onerror=alert(1)> [click](javascript:alert(1))\n# =cmd|calc *now* \u202e\x1b[31m"


def test_the_markdown_has_the_guides_parts() -> None:
    assert render_markdown(item(), heading=True) == (
        "# CSV export comes out empty\n\n"
        "**Customer Impact**\n"
        "Small-business and enterprise customers report that something does not work: CSV export comes out empty. "
        "Product area: export. For most of them important work is blocked.\n\n"
        "**Evidence**\n"
        "- Reported in 17 conversations over 82 days (2026-01-07 to 2026-03-30)\n"
        "- Average sentiment: -0.30 (negative)\n"
        "- Affects 14 customer accounts, 2 of them enterprise (est. \\$9,000 MRR)\n\n"
        "**Conversations**\n"
        "- <https://app.example.com/inbox/c1>\n"
        "- and 16 more\n\n"
        "**Representative Quotes**\n"
        "> The export of our orders comes out empty every time.  \n"
        "> — c1\n\n" + render_markdown(item()).partition("— c1\n\n")[2]
    )


def test_hostile_text_shows_as_itself() -> None:
    one = item(
        evidence=evidence(
            quotes=(quote(1, HOSTILE),), links=(Link(conversation_id="c<1>", url="javascript:alert(1)"),)
        )
    )
    one = one.model_copy(update={"text": one.text.model_copy(update={"title": HOSTILE, "description": HOSTILE})})
    shown = render_markdown(one, heading=True)
    assert (
        re.search(r"(?<!\\)<(?!https)|(?<!\\)\]|^[#=]|[\x1b\u202e]", shown.removeprefix("# "), re.MULTILINE) is None
    )
    assert "\\<img src=x" in shown
    assert "- c\\<1\\>" in shown


def test_the_row_has_the_guides_names() -> None:
    row = backlog_row(item(), IssueType.PRODUCT_BUG, area="export")
    told = json.loads(row.model_dump_json())
    assert set(told) >= {
        "title",
        "description",
        "issue_type",
        "priority",
        "labels",
        "components",
        "rice_score",
        "customer_evidence",
        "acceptance_criteria",
        "estimated_story_points",
    }
    assert told["rice_score"]["rice_score"] == 35.0
    insight = told["customer_evidence"]
    assert insight["frequency"] == 17
    assert insight["first_seen"] == "2026-01-07T12:00:00Z"
    assert insight["evidence_urls"] == ["https://app.example.com/inbox/c1"]
    assert insight["representative_quotes"] == ["The export of our orders comes out empty every time."]
    assert insight["customer_segment"] == "smb"
    assert insight["classification"]["sentiment"] == "NEGATIVE"


def test_the_commonest_stands_for_all_and_the_graver_of_equals() -> None:
    of = evidence(
        priorities={"LOW": 3, "HIGH": 3}, churn_risks={"LOW": 2, "HIGH": 2}, avg_sentiment=-0.695, segments={}
    )
    found = backlog_row(item(evidence=of), IssueType.OTHER, area=None).customer_evidence
    assert found.classification.priority is Priority.HIGH
    assert found.classification.churn_risk is ChurnRisk.HIGH
    assert found.classification.sentiment in {Sentiment.NEGATIVE, Sentiment.VERY_NEGATIVE}
    assert found.customer_segment is None


def test_what_is_unknown_is_null() -> None:
    of = evidence(
        avg_sentiment=None,
        confidence=None,
        mrr=None,
        segments={},
        priorities={},
        churn_risks={},
        links=(),
        quotes=(),
    )
    found = backlog_row(item(evidence=of, rice=None), IssueType.OTHER, area=None)
    assert found.rice_score is None
    assert found.customer_evidence.customer_mrr is None
    assert found.customer_evidence.classification.sentiment is None
    assert found.customer_evidence.conversation_id == ""
    assert "MRR" not in render_markdown(item(evidence=of, rice=None))


def test_the_jira_example() -> None:
    told = json.loads(jira_row(item(), "ENG").model_dump_json())
    assert told["project"] == "ENG"
    assert told["issuetype"] == "Bug"
    assert told["priority"] == "High"
    assert told["summary"] == "CSV export comes out empty"
    assert told["description"].startswith("**Customer Impact**\n")
    assert told["customfields"] == {
        "rice_score": 35.0,
        "customer_evidence_count": 17,
        "first_reported": "2026-01-07",
        "estimated_mrr_impact": 9000.0,
    }
    assert NOW.year == 2026
