"""Markdown: the same numbers, and no word of a customer becomes markup."""

from markdown_it import MarkdownIt
from markdown_it.token import Token

from earshot.report import to_markdown

from . import sample


def tokens(text: str) -> list[Token]:
    flat: list[Token] = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        flat += [token, *(token.children or [])]
    return flat


def test_the_same_numbers_as_the_page() -> None:
    text = to_markdown(sample.report())
    assert text.startswith("# “Large CSV exports stop at half and never arrive” rose from 12 to 41 conversations\n")
    assert "| Critical | 14 |" in text
    assert (
        "**41 conversations** (+29 (+242%), was 12) · 29 customers · MRR $48,200 · sentiment −0.61"
        in text.replace("\\", "")
    )
    assert "[Conversation 215300000000](<https://app.example.com/inbox/215300000000>)" in text
    assert "`earshot" not in text.split("## Cost")[0]


def test_sections_tables_and_quotes_are_what_they_should_be() -> None:
    parsed = tokens(to_markdown(sample.report()))
    heads = [token for token in parsed if token.type == "heading_open"]
    assert [token.tag for token in heads].count("h2") == 13
    assert [token.tag for token in heads].count("h3") == 6
    assert sum(token.type == "table_open" for token in parsed) == 4
    assert sum(token.type == "blockquote_open" for token in parsed) >= 12
    assert sum(token.type == "code_block" for token in parsed) == 1


def test_hostile_words_stay_words() -> None:
    parsed = tokens(to_markdown(sample.hostile()))
    kinds = {token.type for token in parsed}
    assert not kinds & {"html_inline", "html_block", "image", "fence", "s_open"}
    assert all(token.content.startswith("earshot ") for token in parsed if token.type == "code_inline")
    links = [token.attrGet("href") for token in parsed if token.type == "link_open"]
    assert links
    assert all(str(link).startswith("https://evil.invalid/%22%3E%3Cscript") for link in links)
    plain = tokens(to_markdown(sample.report()))
    count = sum(token.type == "heading_open" for token in parsed)
    assert count == sum(token.type == "heading_open" for token in plain) - 5  # five themes fewer


def test_an_empty_report_says_what_to_do() -> None:
    text = to_markdown(sample.empty())
    assert "`earshot run`" in text
    assert "`earshot sync`" in text
    assert "# No conversations in this window yet" in text
