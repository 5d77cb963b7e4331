import re

import pytest

from earshot.classify.llm.prompter import MOST_PROMPT_TOKENS
from earshot.classify.llm.prompts import meanings, prompt_file
from earshot.domain.reading import ChurnRisk, IssueType, Priority, Sentiment
from earshot.errors import BadInput, Misconfigured
from earshot.text.tokens import estimate_tokens
from tests.unit.classify.llm.threads import prompter, thread

TALK = thread("The export fails with error 7.", "agent: Since when?")
FILES = ("template_1", "template_2", "template_3", "decisions", "summary")


@pytest.mark.parametrize("name", FILES)
def test_every_prompt_file_has_a_version(name: str) -> None:
    assert re.fullmatch(r"[123ds]\.\d+", prompt_file(name).version)


def test_every_option_has_a_meaning() -> None:
    for field, options in (
        ("issue_type", IssueType), ("priority", Priority), ("sentiment", Sentiment), ("churn_risk", ChurnRisk),
    ):  # fmt: skip
        assert set(meanings(field)) == set(options)


@pytest.mark.parametrize("template", [1, 2, 3])
@pytest.mark.parametrize("reasoning", [False, True])
def test_instructions_are_complete_and_hold_nothing_of_the_conversation(template: int, reasoning: bool) -> None:
    made = prompter(template=template, reasoning=reasoning)
    request = made.prepare(TALK).request
    assert "{" not in request.instructions
    assert all(kind in request.instructions for kind in IssueType)
    assert "export" not in request.instructions
    assert request.instructions == made.prepare(thread("Something else.")).request.instructions
    assert ("REASONING" in request.instructions or "reasoning:" in request.instructions) is reasoning


def test_the_form_goes_with_template_3_only() -> None:
    assert prompter(template=3).prepare(TALK).request.form is not None
    assert prompter(template=2).prepare(TALK).request.form is None
    assert prompter(template=1).prepare(TALK).request.max_tokens < 100


def test_the_companys_own_words_are_in_the_prompt() -> None:
    taxonomy = {
        "product": "Acme sends {invoices}.",
        "definitions": {"BILLING": "anything about money"},
        "categories": [{"name": "SECURITY_REVIEW", "definition": "questionnaires", "counts_as": "OTHER"}],
        "areas": {"mailing": "letters that leave"},
    }
    for template in (1, 2, 3):
        text = prompter(taxonomy, template=template).prepare(TALK).request.instructions
        assert "Acme sends {invoices}." in text
        assert "BILLING: anything about money" in text
        assert "SECURITY_REVIEW" in text
        assert "questionnaires" in text
    assert "mailing: letters that leave" in prompter(taxonomy).prepare(TALK).request.instructions


def test_high_revenue_weighs_by_the_settings_threshold() -> None:
    assert "mrr from 2500" in prompter(high_mrr=2500).prepare(TALK).request.instructions


def test_the_hash_changes_with_everything_static_and_nothing_else() -> None:
    base = prompter()
    assert base.prompt_hash == prompter().prompt_hash == base.prepare(TALK).prompt_hash
    different = [
        prompter(template=1),
        prompter(template=2),
        prompter(reasoning=True),
        prompter(high_mrr=5),
        prompter({"product": "Acme"}),
        prompter({"areas": {"mail": "letters"}}),
        prompter({"definitions": {"OTHER": "rest"}}),
    ]
    assert len({made.prompt_hash for made in (base, *different)}) == 1 + len(different)
    assert base.prompt_hash == prompter(most_tokens=500).prompt_hash


def test_the_same_conversation_gives_the_same_request_in_any_process() -> None:
    assert prompter().prepare(TALK).request == prompter().prepare(TALK).request


@pytest.mark.parametrize("lines", [(), ("agent: Hello?",), ("", "  \n"), ("agent: Hi", " "), ("\u200b\u202e",)])
def test_a_customer_who_wrote_nothing_cannot_be_read(lines: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="no customer text"):
        prompter().prepare(thread(*lines))
    with pytest.raises(BadInput):
        prompter().summary_request(thread(*lines))


def test_no_prompt_comes_near_the_price_cliff_whatever_the_settings() -> None:
    huge = thread(*("The report does not add up at all. 日本語の文章です。" * 200 for _ in range(60)))
    prepared = prompter(most_tokens=10_000_000, most_messages=10_000).prepare(huge)
    assert 20_000 < prepared.tokens <= MOST_PROMPT_TOKENS
    assert estimate_tokens(prompter().summary_request(huge).content) <= MOST_PROMPT_TOKENS


def test_too_much_static_text_is_a_setting_to_correct() -> None:
    areas = {f"area {n}": "what belongs to it " * 10 for n in range(1000)}
    with pytest.raises(Misconfigured, match="too long"):
        prompter({"areas": areas})


def test_the_estimate_covers_instructions_schema_and_content() -> None:
    prepared = prompter().prepare(TALK)
    parts = estimate_tokens(prepared.request.instructions) + estimate_tokens(prepared.request.content)
    assert prepared.tokens > parts
