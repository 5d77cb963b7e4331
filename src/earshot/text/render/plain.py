"""A document as plain text, for mail and previews."""

from collections.abc import Sequence

from earshot.domain.document import Block, Bullets, Document, Heading, Quotation, Span
from earshot.text.render.tidy import tidy

LIMIT = 60_000
"""Characters of text at most."""


def to_plain(document: Document, *, limit: int = LIMIT) -> str:
    """The document as text, a blank line between its blocks; links show where they lead."""
    return "\n\n".join(map(_block, tidy(document, limit=limit).blocks))


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return _inline(block.spans).strip()
    if isinstance(block, Bullets):
        return "\n".join(f"- {_inline(item).strip()}" for item in block.items)
    if isinstance(block, Quotation):
        quoted = "\n".join(f"> {line}" for line in block.text.split("\n"))
        return f"{quoted}\n> ({block.href})" if block.href else quoted
    return _inline(block.spans).strip()


def _inline(spans: Sequence[Span]) -> str:
    return "".join(map(_span, spans))


def _span(span: Span) -> str:
    if span.href is None or span.text.strip() == span.href:
        return span.text
    return f"{span.text} ({span.href})"
