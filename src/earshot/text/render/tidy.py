"""What every renderer does first: texts made visible, empty pieces left out, links checked, the whole cut short."""

from collections.abc import Iterator, Sequence

from earshot.domain.document import Block, Bullets, Document, Heading, Paragraph, Quotation, Span
from earshot.text.escape import one_line, safe_url, visible

SOURCE = "source"
"""What the link of a quotation says; the words themselves stay words."""
_ELLIPSIS = "…"


def tidy(document: Document, *, limit: int) -> Document:
    """The document with at most `limit` characters of text, cut at a code point with an ellipsis.

    Afterwards no text is empty, no link is anything but plain http or https, and only paragraphs and quotations
    hold line breaks.
    """
    return Document(blocks=tuple(_cut(filter(None, map(_clean, document.blocks)), limit)))


def shorten(text: str, limit: int) -> str:
    """At most `limit` code points, the last one an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + _ELLIPSIS


def quoted(quotation: Quotation, *, gap: str) -> tuple[Span, ...]:
    """A quotation as spans: its words, and where they stand after a gap."""
    words = Span(text=quotation.text)
    if quotation.href is None:
        return (words,)
    return (words, Span(text=gap), Span(text=SOURCE, href=quotation.href))


def text_of(spans: Sequence[Span]) -> str:
    """What the spans say, without their form."""
    return "".join(span.text for span in spans)


def _clean(block: Block) -> Block | None:
    if isinstance(block, Quotation):
        text = visible(block.text).strip()
        return Quotation(text=text, href=safe_url(block.href)) if text else None
    if isinstance(block, Bullets):
        items = tuple(item for item in map(_line, block.items) if item)
        return Bullets(items=items) if items else None
    if isinstance(block, Heading):
        spans = _line(block.spans)
        return Heading(spans=spans) if spans else None
    spans = _spans((visible(span.text), span) for span in block.spans)
    return Paragraph(spans=spans) if spans else None


def _line(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans on one line, the spaces at their edges kept."""
    return _spans((_flat(span.text), span) for span in spans)


def _flat(text: str) -> str:
    seen = visible(text)
    flat = one_line(seen)
    if not flat:
        return " " if seen else ""
    return f"{' ' * seen[0].isspace()}{flat}{' ' * seen[-1].isspace()}"


def _spans(pairs: Iterator[tuple[str, Span]]) -> tuple[Span, ...]:
    kept = tuple(Span(text=text, strong=s.strong, href=safe_url(s.href)) for text, s in pairs if text)
    return kept if text_of(kept).strip() else ()


def _cut(blocks: Iterator[Block], limit: int) -> Iterator[Block]:
    left = limit
    for block in blocks:
        size = _size(block)
        if size <= left:
            left -= size
            yield block
            continue
        yield from _part(block, left)
        return


def _size(block: Block) -> int:
    if isinstance(block, Quotation):
        return len(block.text)
    if isinstance(block, Bullets):
        return sum(len(text_of(item)) + 1 for item in block.items)
    return len(text_of(block.spans))


def _part(block: Block, left: int) -> Iterator[Block]:
    if left < 2:
        return
    if isinstance(block, Quotation):
        yield Quotation(text=shorten(block.text, left), href=block.href)
    elif isinstance(block, Bullets):
        yield Bullets(items=tuple(_items(block.items, left)))
    elif isinstance(block, Paragraph):
        yield Paragraph(spans=_shorter(block.spans, left))


def _items(items: Sequence[tuple[Span, ...]], left: int) -> Iterator[tuple[Span, ...]]:
    for item in items:
        size = len(text_of(item)) + 1
        if size > left:
            yield (Span(text=_ELLIPSIS),)
            return
        left -= size
        yield item


def _shorter(spans: Sequence[Span], left: int) -> tuple[Span, ...]:
    kept: list[Span] = []
    for span in spans:
        if len(span.text) > left:
            kept.append(Span(text=shorten(span.text, max(left, 1)), strong=span.strong, href=span.href))
            break
        left -= len(span.text)
        kept.append(span)
    return tuple(kept)
