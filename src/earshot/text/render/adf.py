"""A document in the Atlassian Document Format, as Jira wants it."""

from collections.abc import Iterator, Sequence
from typing import Any

from earshot.domain.document import Block, Bullets, Document, Heading, Quotation, Span
from earshot.text.render.tidy import quoted, tidy

Node = dict[str, Any]

LIMIT = 30_000
"""Characters of text at most; Jira takes 32,767 in a description, counted with what stands between."""
_LEVEL = 3


def to_adf(document: Document, *, limit: int = LIMIT) -> Node:
    """The document as an ADF tree: text stands in text nodes only, which Jira shows as they are."""
    blocks = tidy(document, limit=limit).blocks
    content = [node for block in blocks for node in _nodes(block)]
    return {"type": "doc", "version": 1, "content": content or [{"type": "paragraph"}]}


def _nodes(block: Block) -> Iterator[Node]:
    if isinstance(block, Heading):
        yield {"type": "heading", "attrs": {"level": _LEVEL}, "content": _inline(block.spans)}
    elif isinstance(block, Bullets):
        items = [{"type": "listItem", "content": [_paragraph(item)]} for item in block.items]
        yield {"type": "bulletList", "content": items}
    elif isinstance(block, Quotation):
        yield {"type": "blockquote", "content": [_paragraph(quoted(block, gap="\n"))]}
    else:
        yield _paragraph(block.spans)


def _paragraph(spans: Sequence[Span]) -> Node:
    return {"type": "paragraph", "content": _inline(spans)}


def _inline(spans: Sequence[Span]) -> list[Node]:
    return [node for span in spans for node in _pieces(span)]


def _pieces(span: Span) -> Iterator[Node]:
    """Text nodes with hard breaks between their lines; a text node is never empty and holds no line break."""
    for at, line in enumerate(span.text.split("\n")):
        if at:
            yield {"type": "hardBreak"}
        if line:
            marks = _marks(span)
            yield {"type": "text", "text": line, **({"marks": marks} if marks else {})}


def _marks(span: Span) -> list[Node]:
    strong: list[Node] = [{"type": "strong"}] if span.strong else []
    link: list[Node] = [{"type": "link", "attrs": {"href": span.href}}] if span.href else []
    return link + strong
