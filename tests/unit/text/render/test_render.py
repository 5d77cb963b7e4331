import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from selectolax.lexbor import LexborHTMLParser
from slack_sdk.models.blocks import HeaderBlock, RichTextBlock

from earshot.domain.delivery import WebLink
from earshot.domain.document import Bullets, Document, Paragraph, Quotation, Span
from earshot.text.render.adf import to_adf
from earshot.text.render.html import to_html
from earshot.text.render.markdown import to_markdown
from earshot.text.render.mrkdwn import LIMIT, TEXT_LIMIT, to_blocks, to_text
from earshot.text.render.plain import to_plain
from earshot.text.render.tidy import shorten, tidy

from .documents import DOCUMENTS, EMPTY, HOSTILE, LONG, ORDINARY, TEXTS, URL

SCHEMA = Path("/work/shared/specs/jira/adf-schema.v1.full.json")
BIDI = re.compile("[\u200b\u202a-\u202e\u2066-\u2069\ufeff\x00\x1b]")
BLOCKS_IN_HTML = {"h3", "p", "ul", "li", "blockquote", "strong", "a", "br"}


@pytest.fixture(scope="module")
def adf() -> Draft4Validator:
    if not SCHEMA.exists():
        pytest.skip("no shared folder")
    return Draft4Validator(json.loads(SCHEMA.read_text("utf-8")))


# ADF


@pytest.mark.shared
@pytest.mark.parametrize("document", [ORDINARY, EMPTY, LONG, Document()])
def test_adf_is_as_atlassian_describes_it(adf: Draft4Validator, document: Document) -> None:
    assert list(adf.iter_errors(to_adf(document))) == []  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


@pytest.mark.shared
@given(document=DOCUMENTS)
@settings(max_examples=60, deadline=None)
def test_any_document_is_valid_adf(adf: Draft4Validator, document: Document) -> None:
    assert list(adf.iter_errors(to_adf(document))) == []  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def test_adf_keeps_form_and_words() -> None:
    tree = to_adf(ORDINARY)
    assert [node["type"] for node in tree["content"]] == [
        "heading", "paragraph", "bulletList", "blockquote", "blockquote",
    ]  # fmt: skip
    assert tree["content"][1]["content"] == [
        {"type": "text", "text": "Issue:", "marks": [{"type": "strong"}]},
        {"type": "text", "text": " it fails"},
        {"type": "hardBreak"},
        {"type": "text", "text": "again & again"},
    ]
    said = tree["content"][3]["content"][0]["content"]
    assert said[0] == {"type": "text", "text": "It <fails>"}
    assert said[-1] == {"type": "text", "text": "source", "marks": [{"type": "link", "attrs": {"href": URL}}]}


def test_adf_stays_below_what_jira_takes() -> None:
    assert len(json.dumps(to_adf(LONG), ensure_ascii=False)) < 32_767


# Slack


def leaves(tree: Any) -> list[dict[str, Any]]:
    if isinstance(tree, list):
        return [leaf for part in tree for leaf in leaves(part)]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(tree, dict) and "elements" in tree:
        return leaves(tree["elements"])
    return [tree]


@given(TEXTS, DOCUMENTS)
@settings(max_examples=150, deadline=None)
def test_blocks_are_as_slacks_own_models_want_them(title: str, document: Document) -> None:
    blocks = to_blocks(title, document)
    for block in blocks:
        if block["type"] == "header":
            HeaderBlock.parse(block).validate_json()  # type: ignore[union-attr]
            assert block["text"]["type"] == "plain_text"
        else:
            parsed = RichTextBlock(**block)
            parsed.validate_json()
            assert len(parsed.elements) == len(block["elements"])
    said = leaves([block for block in blocks if block["type"] == "rich_text"])
    assert {leaf["type"] for leaf in said} <= {"text", "link"}
    assert all(leaf["text"] for leaf in said)
    assert all(leaf["url"].startswith(("http://", "https://")) for leaf in said if leaf["type"] == "link")
    assert not BIDI.search(json.dumps(blocks, ensure_ascii=False))


@given(TEXTS, DOCUMENTS)
@settings(max_examples=150, deadline=None)
def test_the_text_beside_blocks_has_no_command_of_slacks(title: str, document: Document) -> None:
    text = to_text(title, document)
    for command in re.findall(r"<[^<>]*>", text):
        assert re.fullmatch(r"<https?://[^<>|]+\|[^<>|]*>", command, re.DOTALL)
    assert text.count("<") == text.count(">") == len(re.findall(r"<[^<>]*>", text))
    assert not re.search(r"@(?:here|channel|everyone)\b", text)
    assert re.sub(r"&(?:amp|lt|gt);", "", text).count("&") == 0
    words = re.sub(r"<https?://[^|>]*\|", "", text)
    assert not re.search(r"(?:^|[\s(“])[*_~]\S|`|:[a-z0-9_+'-]+:|^(?:>|&gt;)", words, re.MULTILINE)


def test_markup_of_slack_is_only_words_in_the_text() -> None:
    said = "*pay* _now_ ~or~ `rm` ```x``` :warning: snake_case 2*3 10:30\n> quote\n*a*"
    document = Document(blocks=(Paragraph(spans=(Span(text=said, href="https://a.example/_x_*y*~"),)),))
    text = to_text("*title*", document)
    assert text.startswith("∗title∗\n<https://a.example/_x_*y*~|∗pay∗ ＿now＿ ∼or∼ ˋrmˋ ")
    assert "∶warning:" in text
    assert "snake_case 2*3 10:30\n› quote\n∗a∗" in text


def test_a_break_at_the_end_of_a_link_stands_behind_it() -> None:
    spans = (Span(text="see\n", href="https://a.example/"), Span(text="more"))
    assert to_text("t", Document(blocks=(Paragraph(spans=spans),))) == "t\n<https://a.example/|see>\nmore"


def test_a_long_title_does_not_hide_the_text() -> None:
    text = to_text("&" * 100_000, Document(blocks=(Quotation(text="end"),)))
    assert text.endswith("“end”")


def test_slack_stays_within_its_limits() -> None:
    many = Document(blocks=tuple(Paragraph(spans=(Span(text="y" * 40),)) for _ in range(400)))
    for document in (LONG, many):
        blocks = to_blocks("t" * 400, document)
        assert len(blocks) <= 50
        assert (
            sum(len(leaf["text"]) for leaf in leaves([b for b in blocks if b["type"] == "rich_text"]))
            <= LIMIT + 100
        )
        assert len(json.dumps(blocks, ensure_ascii=False)) < 13_000
        assert len(blocks[0]["text"]["text"]) == 150
        assert len(to_text("t", document)) <= TEXT_LIMIT + 10


def test_escapes_are_counted_and_never_cut_through() -> None:
    text = to_text("t", Document(blocks=(Paragraph(spans=(Span(text="<" * 30_000),)), Quotation(text="end"))))
    assert len(text) <= TEXT_LIMIT + 10
    assert re.sub("&lt;", "", text).count("&") == 0


def test_links_that_are_not_named_follow_once_and_five_at_most() -> None:
    links = [WebLink(text=str(n), href=f"https://app.intercom.com/a/inbox/{n}") for n in range(9)]
    blocks = to_blocks("t", ORDINARY, links=[*links, WebLink(text="evil", href="javascript:x")])
    urls = [leaf["url"] for leaf in leaves(blocks[1]) if leaf["type"] == "link"]
    assert len(urls) == len(set(urls)) + 1  # named twice in the document itself
    assert "and 3 more" in json.dumps(blocks)
    assert "javascript" not in json.dumps(blocks)


# HTML


@given(DOCUMENTS)
@settings(max_examples=150, deadline=None)
def test_html_has_only_our_own_elements(document: Document) -> None:
    html = to_html(document)
    body = LexborHTMLParser(f"<body>{html}</body>").body
    assert body is not None
    for node in body.traverse():
        assert node.tag in {"body", *BLOCKS_IN_HTML}
        allowed = {"href", "rel"} if node.tag == "a" else set[str]()
        assert set(node.attributes) <= allowed
        if node.tag == "a":
            assert (node.attributes["href"] or "").startswith(("http://", "https://"))
    assert not BIDI.search(html)


def test_html_keeps_form_and_words() -> None:
    assert to_html(ORDINARY) == (
        "<h3>Evidence</h3>\n"
        "<p><strong>Issue:</strong> it fails<br>again &amp; again</p>\n"
        f'<ul><li>12 conversations</li><li><a href="{URL}" rel="noopener noreferrer">the first</a></li></ul>\n'
        "<blockquote>It &lt;fails&gt;<br>every time<br>"
        f'<a href="{URL}" rel="noopener noreferrer">source</a></blockquote>\n'
        "<blockquote>Really</blockquote>"
    )


# Markdown


def test_markdown_keeps_form_and_words() -> None:
    assert to_markdown(ORDINARY) == (
        "### Evidence\n\n**Issue:** it fails  \nagain \\& again\n\n"
        f"- 12 conversations\n- [the first]({URL})\n\n"
        f"> It \\<fails\\>  \n> every time\n>\n> [source]({URL})\n\n> Really"
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_shows_hostile_text_as_itself(text: str) -> None:
    written = to_markdown(
        Document(blocks=(Paragraph(spans=(Span(text=text),)), Bullets(items=((Span(text=text),),))))
    )
    bare = re.sub(r"\\.", "", written)
    assert not re.search(r"[*_`\[\]<>~&|]", bare)
    assert not re.search(r"(?m)^(?:#|\d+[.)]|[+=>]|---)", bare.replace("- ", ""))
    assert "://" not in bare


# plain


def test_plain_keeps_words_and_shows_where_links_lead() -> None:
    assert to_plain(ORDINARY) == (
        f"Evidence\n\nIssue: it fails\nagain & again\n\n- 12 conversations\n- the first ({URL})\n\n"
        f"> It <fails>\n> every time\n> ({URL})\n\n> Really"
    )


@given(DOCUMENTS)
@settings(max_examples=100, deadline=None)
def test_plain_has_no_invisible_character(document: Document) -> None:
    assert not BIDI.search(to_plain(document))


# tidying


@pytest.mark.parametrize("render", [to_html, to_markdown, to_plain])
def test_nothing_comes_of_nothing(render: Any) -> None:
    assert render(EMPTY) == ""
    assert tidy(EMPTY, limit=100) == Document()
    assert to_blocks("", EMPTY) == []
    assert to_text("", EMPTY) == ""


@given(DOCUMENTS, st.integers(0, 400))
@settings(max_examples=150, deadline=None)
def test_cutting_keeps_to_its_length_and_to_whole_characters(document: Document, limit: int) -> None:
    cut = tidy(document, limit=limit)
    assert len("".join(_texts(cut))) <= limit + 4
    assert tidy(cut, limit=10**6) == cut


def _texts(document: Document) -> list[str]:
    found: list[str] = []
    for block in document.blocks:
        if isinstance(block, Quotation):
            found.append(block.text)
        elif isinstance(block, Bullets):
            found += [span.text for item in block.items for span in item]
        else:
            found += [span.text for span in block.spans]
    return found


def test_shortening_ends_with_an_ellipsis() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abc def", 5) == "abc…"
    assert shorten("👩🏽‍🚀" * 9, 3)[-1] == "…"
