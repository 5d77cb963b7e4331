"""A document as HTML, for mail and note bodies: no images, no styles, links to plain http and https only."""

from collections.abc import Sequence

from earshot.domain.document import Block, Bullets, Document, Heading, Quotation, Span
from earshot.text.escape import for_html
from earshot.text.render.tidy import quoted, tidy

LIMIT = 60_000
"""Characters of text at most."""

_LINE = "\n"


def to_html(document: Document, *, limit: int = LIMIT) -> str:
    """The document as a piece of HTML, its text escaped."""
    return "\n".join(map(_block, tidy(document, limit=limit).blocks))


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h3>{_inline(block.spans)}</h3>"
    if isinstance(block, Bullets):
        return f"<ul>{''.join(f'<li>{_inline(item)}</li>' for item in block.items)}</ul>"
    if isinstance(block, Quotation):
        return f"<blockquote>{_inline(quoted(block, gap=_LINE))}</blockquote>"
    return f"<p>{_inline(block.spans)}</p>"


def _inline(spans: Sequence[Span]) -> str:
    return "".join(map(_span, spans))


def _span(span: Span) -> str:
    text = for_html(span.text).replace("\n", "<br>")
    if span.strong:
        text = f"<strong>{text}</strong>"
    return f'<a href="{for_html(span.href)}" rel="noopener noreferrer">{text}</a>' if span.href else text
