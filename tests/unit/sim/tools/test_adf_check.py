"""The simulator's own check of documents against the published schema."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from earshot.domain.document import Bullets, Document, Heading, Paragraph, Quotation, Span
from earshot.sim.tools.adf_check import LONGEST, adf_text, adf_trouble
from earshot.text.render.adf import to_adf

SPEC = Path(__file__).parents[4].parent / "shared/specs/jira/adf-schema.v1.full.json"
SPANS = st.lists(
    st.builds(
        Span, text=st.text(max_size=20), strong=st.booleans(), href=st.sampled_from([None, "https://a.example/"])
    ),
    max_size=3,
).map(tuple)
BLOCKS = st.one_of(
    st.builds(Heading, spans=SPANS),
    st.builds(Paragraph, spans=SPANS),
    st.builds(Bullets, items=st.lists(SPANS, max_size=3).map(tuple)),
    st.builds(Quotation, text=st.text(max_size=20)),
)


def doc(*content: Any) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": list(content)}


def text(words: str, *marks: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **({"marks": list(marks)} if marks else {})}


def paragraph(*content: Any) -> dict[str, Any]:
    return {"type": "paragraph", "content": list(content)}


GOOD: list[Any] = [
    doc(paragraph()),
    doc(paragraph(text("a", {"type": "strong"}), {"type": "hardBreak"}, text("b"))),
    doc({"type": "heading", "attrs": {"level": 3}, "content": [text("h")]}),
    doc({"type": "bulletList", "content": [{"type": "listItem", "content": [paragraph(text("i"))]}]}),
    doc(
        {"type": "blockquote", "content": [paragraph(text("q", {"type": "link", "attrs": {"href": "https://a"}}))]}
    ),
    doc({"type": "rule"}),
]
BAD: list[Any] = [
    "a plain string",
    {"type": "doc", "version": 2, "content": []},
    doc(text("text straight under doc")),
    doc(paragraph(text(""))),
    doc(paragraph(paragraph())),
    doc({"type": "bulletList", "content": []}),
    doc({"type": "bulletList", "content": [{"type": "listItem", "content": [text("no paragraph")]}]}),
    doc({"type": "heading", "content": [text("no level")]}),
    doc({"type": "heading", "attrs": {"level": 7}, "content": []}),
    doc(paragraph(text("a", {"type": "link", "attrs": {}}))),
    doc(paragraph(text("a", {"type": "blink"}))),
    doc({"type": "iframe"}),
    doc({**paragraph(), "stray": 1}),
]


@pytest.fixture(scope="module")
def official() -> Draft4Validator:
    if not SPEC.exists():
        pytest.skip("the schema is not there")
    return Draft4Validator(json.loads(SPEC.read_text(encoding="utf-8")))


def takes(schema: Draft4Validator, value: Any) -> bool:
    return bool(schema.is_valid(value))  # pyright: ignore[reportUnknownMemberType]


@pytest.mark.parametrize("value", GOOD)
def test_good_documents_are_taken(value: Any) -> None:
    assert adf_trouble(value) == ""


@pytest.mark.parametrize("value", BAD)
def test_bad_documents_are_refused(value: Any) -> None:
    assert adf_trouble(value)


def test_too_much_text_is_refused() -> None:
    assert adf_trouble(doc(paragraph(text("x" * LONGEST)))) == ""
    assert adf_trouble(doc(paragraph(text("x" * LONGEST), text("y")))) == "CONTENT_LIMIT_EXCEEDED"
    assert adf_text(doc(paragraph(text("a")), paragraph(text("b")))) == "ab"


@pytest.mark.shared
@pytest.mark.parametrize("value", [*GOOD, *BAD])
def test_the_schema_says_the_same(official: Draft4Validator, value: Any) -> None:
    assert takes(official, value) == (adf_trouble(value) == "")


@pytest.mark.shared
@settings(max_examples=25, deadline=None)
@given(blocks=st.lists(BLOCKS, max_size=4), data=st.data())
def test_what_we_render_is_taken_by_both_and_what_is_spoilt_by_neither(
    official: Draft4Validator, blocks: list[Any], data: st.DataObject
) -> None:
    value = to_adf(Document(blocks=tuple(blocks)))
    assert adf_trouble(value) == ""
    assert takes(official, value)
    spoilt = copy.deepcopy(value)
    nodes = _nodes(spoilt)
    data.draw(st.sampled_from(nodes))["type"] = "unheard-of"
    assert adf_trouble(spoilt)
    assert not takes(official, spoilt)


def _nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(one for part in node.get("content", []) for one in _nodes(part))]
