"""A small part of Markdown, read into a document: title, headings, paragraphs, bullets, quotations, bold, links."""

import re
from collections.abc import Iterator
from itertools import groupby

from earshot.act.texts.marks import Marks
from earshot.domain.document import Block, Bullets, Document, Heading, Paragraph, Quotation, Span
from earshot.domain.model import Noun
from earshot.text.escape import one_line

_INLINE = re.compile(
    r"\*\*(?P<strong>[^*\n]+)\*\*"
    r"|\[(?P<text>[^\[\]\n]*)\]\((?P<href>[^()\s]*)\)"
    r"|(?P<loose>\*\*|\]\()"
)
_LINK = re.compile(r"\[(?P<text>[^\[\]\n]*)\]\((?P<href>[^()\s]*)\)")
_ESCAPED = re.compile(r"\\([\\*\[\]()#>-])")


class Written(Noun):
    """A title and what stands beneath it."""

    title: str
    body: Document


class Unreadable(ValueError):
    """Markdown that is not closed; `str` says what is wrong."""


def read(text: str, marks: Marks) -> Written:
    """The words as a document, marks filled in last. Unreadable for bold or links that are not closed."""
    lines = [line.rstrip() for line in text.strip().split("\n")]
    title = ""
    if lines[0].startswith("# "):
        title, lines = one_line(marks.fill(_unescaped(lines[0][2:]))), lines[1:]
    blocks = (
        block for kind, group in groupby(lines, key=_kind) for block in _blocks(kind, list(group), marks=marks)
    )
    return Written(title=title, body=Document(blocks=tuple(blocks)))


def _kind(line: str) -> str:
    if not line:
        return "gap"
    if line.startswith(("## ", "### ")):
        return "heading"
    if line.startswith("- "):
        return "bullet"
    return "quote" if line.startswith("> ") else "words"


def _blocks(kind: str, lines: list[str], *, marks: Marks) -> Iterator[Block]:
    if kind == "heading":
        for line in lines:
            yield Heading(spans=_spans(line.lstrip("#").strip(), marks))
    elif kind == "bullet":
        yield Bullets(items=tuple(_spans(line[2:], marks) for line in lines))
    elif kind == "quote":
        for line in lines:
            yield _quotation(line[2:], marks)
    elif kind == "words":
        yield Paragraph(spans=_spans("\n".join(lines), marks))


def _quotation(words: str, marks: Marks) -> Block:
    link = _LINK.fullmatch(words)
    if link is None:
        return Quotation(text=marks.fill(_unescaped(words)))
    return Quotation(text=marks.fill(link["text"]), href=marks.fill(link["href"]) or None)


def _spans(words: str, marks: Marks) -> tuple[Span, ...]:
    return tuple(span for span in _runs(words, marks) if span.text)


def _runs(words: str, marks: Marks) -> Iterator[Span]:
    at = 0
    for found in _INLINE.finditer(words):
        if found["loose"]:
            raise Unreadable(f"{found['loose']} that is not closed in “{_without_marks(words)}”")
        yield Span(text=marks.fill(_unescaped(words[at : found.start()])))
        if found["strong"] is not None:
            yield Span(text=marks.fill(_unescaped(found["strong"])), strong=True)
        else:
            yield Span(text=marks.fill(_unescaped(found["text"])), href=marks.fill(found["href"]) or None)
        at = found.end()
    yield Span(text=marks.fill(_unescaped(words[at:])))


def _unescaped(words: str) -> str:
    return _ESCAPED.sub(r"\1", words)


def _without_marks(words: str) -> str:
    return re.sub("\ue000\\d+\ue001", "…", words)
