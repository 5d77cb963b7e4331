"""Names by a model: plain words that the reports support."""

import json
from typing import Any

import pytest

from earshot.domain.call import Outcome
from earshot.domain.reading import IssueType
from earshot.group.asking.naming import Name, NameQuestion, Namer, NameRequest, supported
from earshot.ports.model import Answer

SUMMARIES = ("Invoice PDF is blank", "May invoice opens as white page", "Cannot print invoices", "Empty invoice")


def asked(*summaries: str, **options: Any) -> NameQuestion:
    wanted = NameRequest(
        theme_id="t1", issue_type=IssueType.PRODUCT_BUG, summaries=summaries or SUMMARIES, **options
    )
    question = Namer().question(wanted)
    assert question is not None
    return question


def given(title: str, description: str = "The document has no content when it is opened.") -> Answer:
    return Answer(text=json.dumps({"title": title, "description": description}))


def test_a_name() -> None:
    judged = asked().understand(given('"Invoice PDF opens blank."'))
    assert judged.value == Name("Invoice PDF opens blank", "The document has no content when it is opened.")


def test_too_long_is_cut_at_a_word() -> None:
    judged = asked().understand(given("Invoice " + "word " * 60, "Invoice " + "word " * 200))
    assert judged.value is not None
    assert len(judged.value.title) <= 100
    assert judged.value.title.endswith("word…")
    assert len(judged.value.description) <= 300


@pytest.mark.parametrize(
    "title",
    [
        "",
        " \u200b ",
        "<script>alert(1)</script> invoice",
        "Invoice see https://evil.example",
        "Invoice of [CUSTOMER_1]",
        "Invoice ![x](y)",
        "Pay everything back to everybody",
    ],
)
def test_what_no_product_manager_would_write_is_refused(title: str) -> None:
    judged = asked().understand(given(title))
    assert (judged.outcome, judged.value) == (Outcome.INVALID, None)
    assert "evil" not in judged.reason


def test_one_report_among_several_does_not_name_the_theme() -> None:
    assert supported("Blank invoice", SUMMARIES)
    assert not supported("Refund everybody", (*SUMMARIES, "Refund everybody at once"))
    assert supported("Refund everybody", ("Refund everybody",))


def test_what_is_shown_is_bounded() -> None:
    many = [f"Invoice {n} " + "long " * 200 for n in range(50)]
    question = asked(*many, quotes=tuple(many), area="billing")
    assert question.request.content.count("summary: ") == 12
    assert question.request.content.count("quote: ") == 6
    assert len(question.request.content) < 5000
    assert Namer().question(NameRequest(theme_id="t", issue_type=IssueType.OTHER, summaries=(" ",))) is None
