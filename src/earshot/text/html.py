"""HTML to plain text: blocks become lines, links become `label (address)`, nothing is executed or fetched."""

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

_TAGS = (
    "a|b|blockquote|body|br|code|center|dd|div|dl|dt|em|figure|font|h[1-6]|head|hr|html|i|img|li|ol|p|pre|"
    "section|span|strong|style|table|tbody|td|th|tr|u|ul|video|iframe"
)
_OPENS = re.compile(rf"\s*(?:<!doctype\b[^<>]*>\s*)?<({_TAGS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_CLOSES = re.compile(rf"(?:</({_TAGS})\s*>|<(?:br|img|hr)(?:\s[^<>]*)?/?>)\s*\Z", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]*>")
_TAIL = 4096
_MOST_TAGS = 20_000
"""Above this many tags only the tags are taken out: the parser is quadratic in nested blocks."""

_SILENT = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "math", "object"})
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "pre", "table", "blockquote", "hr"})
_LINES = frozenset({"div", "li", "tr", "section", "article", "header", "footer", "figure", "dl", "dt", "dd"})
_CELLS = frozenset({"td", "th"})
_SPACES = re.compile(r"[ \t\r\n\f]+")
_TEXT = "-text"

_LINE = "\n"
_PARAGRAPH = "\n\n"


class Plain(NamedTuple):
    """The text of a piece of HTML and how many inline images stood in it."""

    text: str
    images: int


def looks_like_html(body: str) -> bool:
    """Whether a body is markup as a whole: it begins and ends with a tag that message editors write."""
    return bool(_OPENS.match(body) and _CLOSES.search(body[-_TAIL:]))


def html_to_text(body: str) -> Plain:
    """Convert a body of HTML, however broken or deeply nested it is."""
    if body.count("<") > _MOST_TAGS:
        return Plain(_SPACES.sub(" ", decode_entities(_ANY_TAG.sub(" ", body))).strip(), 0)
    root = LexborHTMLParser(body).body
    if root is None:
        return Plain("", 0)
    page = _Page()
    for node, entering in _walk(root):
        if entering:
            page.enter(node)
        else:
            page.leave(node)
    return Plain(page.text(), page.images)


def decode_entities(text: str) -> str:
    """Plain text with character references such as `&amp;` decoded once."""
    return html.unescape(text) if "&" in text else text


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Every node below the root on the way in and on the way out, without recursion (depth is hostile)."""
    stack = [(root, False)]
    while stack:
        node, left = stack.pop()
        if left:
            yield node, False
            continue
        if node.tag in _SILENT:
            continue
        yield node, True
        stack.append((node, True))
        children = list(node.iter(include_text=True))
        stack.extend((child, False) for child in reversed(children))


class _Page:
    """The plain text so far, with the line breaks that are owed before the next visible character."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._owed = ""
        self._space = False
        self._preformatted = 0
        self._links: list[int] = []
        self.images = 0

    def enter(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == _TEXT:
            self._write(node.text_content or "")
            return
        self._break_for(tag)
        if tag == "br":
            self._newline()
        elif tag == "img":
            self.images += 1
        elif tag == "li":
            self._emit("- ")
        elif tag == "pre":
            self._preformatted += 1
        elif tag == "a":
            self._links.append(len(self._out))

    def leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "pre":
            self._preformatted -= 1
        elif tag == "a":
            self._address(node, self._links.pop())
        elif tag in _CELLS:
            self._space = True
        self._break_for(tag)

    def text(self) -> str:
        return "".join(self._out).strip()

    def _break_for(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._owe(_PARAGRAPH)
        elif tag in _LINES:
            self._owe(_LINE)

    def _owe(self, breaks: str) -> None:
        self._space = False
        if len(breaks) > len(self._owed):
            self._owed = breaks

    def _newline(self) -> None:
        self._space = False
        if self._owed:
            self._pay()
        self._out.append("\n")

    def _pay(self) -> None:
        if self._out and self._owed:
            self._out.append(self._owed)
        self._owed = ""

    def _write(self, text: str) -> None:
        if self._preformatted:
            self._emit(text)
            return
        flat = _SPACES.sub(" ", text)
        words = flat.strip(" ")
        if not words:
            self._space = self._space or bool(flat)
            return
        if flat[0] == " ":
            self._space = True
        self._emit(words)
        self._space = flat[-1] == " "

    def _emit(self, text: str) -> None:
        self._pay_with_space()
        self._out.append(text)

    def _pay_with_space(self) -> None:
        if self._owed:
            self._pay()
        elif self._space and self._out and not self._out[-1].endswith(("\n", " ")):
            self._out.append(" ")
        self._space = False

    def _address(self, node: LexborNode, start: int) -> None:
        address = (node.attributes.get("href") or "").strip()
        label = "".join(self._out[start:]).strip()
        if not address.lower().startswith(("http://", "https://", "mailto:")):
            return
        bare = address.removeprefix("mailto:")
        if not label:
            self._emit(bare)
        elif label not in (address, bare, bare.split("://")[-1].rstrip("/")):
            self._out.append(f" ({bare})")
