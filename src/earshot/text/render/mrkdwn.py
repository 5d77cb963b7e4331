"""A document as a Slack message: blocks of rich text, whose text Slack shows as it is, and the text beside them."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from earshot.domain.delivery import WebLink
from earshot.domain.document import Block, Bullets, Document, Heading, Paragraph, Quotation, Span
from earshot.text.escape import one_line, safe_url
from earshot.text.render.tidy import quoted, shorten, tidy

Json = dict[str, Any]

LIMIT = 7500
"""Characters of text over all blocks. Slack refuses above some 13,000, counted with its own markup."""
TEXT_LIMIT = 3900
"""Characters of the text beside the blocks, counted after escaping."""
_HEADER = 150
_TITLE = 300
_MOST_LINKS = 5
_MOST_ELEMENTS = 80
_MENTION = re.compile(r"@(?=(?:here|channel|everyone)\b)", re.IGNORECASE)
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_FORM = re.compile(
    r"(?<![^\W_])[*_~]|[*_~](?![^\W_])|`|:(?=[a-z0-9_+'\-]{1,100}:)|^>", re.IGNORECASE | re.MULTILINE
)
_LOOKS_LIKE = {"*": "∗", "_": "\uff3f", "~": "∼", "`": "ˋ", ":": "∶", ">": "›"}
"""Slack knows no escape for the signs of its markup (bold, code, emoji, quotation): others stand for them."""


def to_blocks(title: str, document: Document, *, links: Sequence[WebLink] = ()) -> list[Json]:
    """The message as blocks: the title as a header, everything else as one block of rich text.

    Links that the document does not name already follow at its end, five at most.
    """
    header = shorten(one_line(title), _HEADER)
    blocks: list[Json] = []
    if header:
        blocks.append({"type": "header", "text": {"type": "plain_text", "text": header, "emoji": False}})
    elements = list(_elements(_with_links(document, links)))
    if elements:
        blocks.append({"type": "rich_text", "elements": elements})
    return blocks


def to_text(title: str, document: Document, *, links: Sequence[WebLink] = ()) -> str:
    """The message as mrkdwn, for notifications and for when blocks are refused; its words are no markup."""
    blocks = _with_links(tidy(document, limit=TEXT_LIMIT // 2), links).blocks
    parts = [part for part in (escape(shorten(one_line(title), _TITLE)), *map(_said, blocks)) if part]
    return _whole(parts)


def escape(text: str) -> str:
    """Text for mrkdwn: nothing in it is a link, a mention, a command or markup of Slack's."""
    plain = _FORM.sub(lambda found: _LOOKS_LIKE[found[0]], _MENTION.sub("@\u2060", text))
    return "".join(_ENTITIES.get(char, char) for char in plain)


def _whole(parts: Sequence[str]) -> str:
    """As many whole parts as fit: an entity or a link is never cut through."""
    kept: list[str] = []
    left = TEXT_LIMIT
    for part in parts:
        if len(part) + 1 > left:
            kept.append("…")
            break
        left -= len(part) + 1
        kept.append(part)
    return "\n".join(kept)


def _with_links(document: Document, links: Sequence[WebLink]) -> Document:
    held = tidy(document, limit=LIMIT)
    known = {span.href for block in held.blocks for span in _spans_of(block)}
    found = [(safe_url(link.href), one_line(link.text)) for link in links]
    new = {href: text for href, text in found if href and href not in known}
    items = [(Span(text=shorten(text or href, 200), href=href),) for href, text in new.items()]
    if len(items) > _MOST_LINKS:
        items[_MOST_LINKS:] = [(Span(text=f"and {len(items) - _MOST_LINKS:,} more"),)]
    return Document(blocks=(*held.blocks, Bullets(items=tuple(items)))) if items else held


def _spans_of(block: Block) -> Iterator[Span]:
    if isinstance(block, Quotation):
        yield Span(text=block.text, href=block.href)
    elif isinstance(block, Bullets):
        for item in block.items:
            yield from item
    else:
        yield from block.spans


def _elements(document: Document) -> Iterator[Json]:
    """The parts of the rich text. Sections follow each other without a gap, so a break is put between them."""
    blocks = document.blocks[:_MOST_ELEMENTS]
    for at, block in enumerate(blocks):
        gap = at + 1 < len(blocks) and not isinstance(block, Heading)
        if isinstance(block, Bullets):
            sections = [_section(item) for item in block.items]
            yield {"type": "rich_text_list", "style": "bullet", "elements": sections}
        elif isinstance(block, Quotation):
            yield {"type": "rich_text_quote", "elements": list(_runs(quoted(block, gap="\n")))}
        elif isinstance(block, Heading):
            yield _section(tuple(Span(text=s.text, strong=True, href=s.href) for s in block.spans))
        else:
            yield _section(block.spans, gap=gap and isinstance(blocks[at + 1], Paragraph | Heading))


def _section(spans: Sequence[Span], *, gap: bool = False) -> Json:
    runs = list(_runs(spans))
    return {"type": "rich_text_section", "elements": [*runs, {"type": "text", "text": "\n"}] if gap else runs}


def _runs(spans: Sequence[Span]) -> Iterator[Json]:
    for span in spans:
        style: Json = {"style": {"bold": True}} if span.strong else {}
        if span.href:
            yield {"type": "link", "url": span.href, "text": span.text, **style}
        else:
            yield {"type": "text", "text": span.text, **style}


def _said(block: Block) -> str:
    if isinstance(block, Bullets):
        return "\n".join(f"• {_line(item)}" for item in block.items)
    if isinstance(block, Quotation):
        words, *source = quoted(block, gap=" ")
        return f"“{_line((words,))}”{''.join(map(_linked, source))}"
    return _line(block.spans)


def _line(spans: Sequence[Span]) -> str:
    return "".join(_linked(span) for span in spans).strip()


def _linked(span: Span) -> str:
    text = escape(span.text)
    words = text.strip()
    if not span.href or not words:
        return text
    before, _, after = text.partition(words)
    return f"{before}<{_address(span.href)}|{words.replace('|', '¦')}>{after}"


def _address(href: str) -> str:
    """An address inside a link of Slack's; it stays the same address."""
    return "".join(_ENTITIES.get(char, char) for char in href).replace("|", "%7C")
