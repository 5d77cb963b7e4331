"""A document as Markdown, as Linear wants it; text is escaped so that it shows as itself."""

from collections.abc import Sequence

from earshot.domain.document import Block, Bullets, Document, Heading, Quotation, Span
from earshot.text.escape import for_markdown
from earshot.text.render.tidy import SOURCE, tidy

LIMIT = 60_000
"""Characters of text at most, before escaping."""
_BREAK = "  \n"
_IN_ADDRESS = str.maketrans({"(": "%28", ")": "%29", "*": "%2A", "_": "%5F", "~": "%7E", "[": "%5B", "]": "%5D"})


def to_markdown(document: Document, *, limit: int = LIMIT) -> str:
    """The document as Markdown, a blank line between its blocks."""
    return "\n\n".join(map(_block, tidy(document, limit=limit).blocks))


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"### {_inline(block.spans).strip()}"
    if isinstance(block, Bullets):
        return "\n".join(f"- {_inline(item).strip()}" for item in block.items)
    if isinstance(block, Quotation):
        quoted = "\n".join(f"> {line}" for line in _lines(block.text).split("\n"))
        return f"{quoted}\n>\n> {_link(SOURCE, block.href)}" if block.href else quoted
    return _inline(block.spans).strip()


def _inline(spans: Sequence[Span]) -> str:
    return "".join(map(_span, spans))


def _span(span: Span) -> str:
    core = span.text.strip()
    if not core:
        return " "
    said = _link(core, span.href) if span.href else _lines(core)
    before, after = span.text[0].isspace(), span.text[-1].isspace()
    return f"{' ' * before}{f'**{said}**' if span.strong else said}{' ' * after}"


def _link(text: str, href: str) -> str:
    return f"[{for_markdown(text)}]({href.translate(_IN_ADDRESS)})"


def _lines(text: str) -> str:
    return _BREAK.join(for_markdown(line) for line in text.split("\n"))
