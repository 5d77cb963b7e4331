"""What stands in a page as a browser parses it: what may run, load or lead away, and its words."""

import csv
import io
import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

from selectolax.lexbor import LexborHTMLParser, LexborNode

_LEADS = frozenset({"href", "src", "action", "formaction", "xlink:href", "poster", "data", "ping", "background"})
_LOADS = frozenset({"img", "source", "script", "link", "iframe", "video", "audio"})
_FOREIGN = frozenset(
    {"object", "embed", "base", "applet", "frame", "frameset", "foreignobject", "math", "template", "noscript"}
)
_POLICY = "Content-Security-Policy"
_PLAIN = re.compile(r"-?\d[\d.,]*(e[+-]?\d+)?%?", re.IGNORECASE)
_FORMULA = re.compile(r"[=+\-@\t\r]")
_MARKUP = re.compile(r"(?<!\\)<(?!https?://)[a-z/!]", re.IGNORECASE)
"""A tag of Markdown; what stands in pointed brackets after a link's text is an address."""


class Document:
    """A page at an address. `alone`: a report, which carries its styles and pictures with it."""

    def __init__(self, text: str, path: str, *, alone: bool = False) -> None:
        self.path = path
        self._alone = alone
        self._tree = LexborHTMLParser(text)

    def faults(self) -> list[str]:
        """What is not plain text and forms and links of ours."""
        return [f"{self.path}: {fault}" for node in self._nodes() for fault in self._faults(node)]

    def links(self) -> list[str]:
        """Addresses of ours that it leads to or loads."""
        found: list[str] = []
        for node in self._nodes():
            for name in ("href", "src", "srcset"):
                value = (node.attributes.get(name) or "").partition("#")[0]
                if value and _is_ours(value):
                    found.append(urljoin(self.path, value))
        return list(dict.fromkeys(found))

    def words(self) -> Iterator[str]:
        """Every text that is shown: in elements, and in fields of forms."""
        for node in self._nodes(texts=True):
            if node.tag == "-text":
                yield node.text_content or ""
            elif node.tag in {"input", "textarea"}:
                yield node.attributes.get("value") or ""

    def _nodes(self, *, texts: bool = False) -> Iterator[LexborNode]:
        root = self._tree.root
        if root is not None:
            yield from root.traverse(include_text=texts)

    def _faults(self, node: LexborNode) -> Iterator[str]:
        tag, told = node.tag or "", {name.lower(): value or "" for name, value in node.attributes.items()}
        if tag == "script" and not told.get("src", "").startswith("/static/"):
            yield "a script that is not ours"
        if tag in _FOREIGN or (tag == "style" and not self._alone):
            yield f"<{tag}>"
        if tag == "iframe" and not told.get("src", "").startswith("/reports/"):
            yield "a frame that is not ours"
        if tag == "meta" and told.get("http-equiv", _POLICY) != _POLICY:
            yield f"<meta http-equiv={told['http-equiv']!r}>"
        for name, value in told.items():
            if name.startswith("on") or name == "srcdoc" or (name == "style" and not self._alone):
                yield f"<{tag} {name}={value[:60]!r}>"
            if name in _LEADS and not self._leads_well(tag, name, value):
                yield f"<{tag} {name}={value[:60]!r}>"

    def _leads_well(self, tag: str, name: str, value: str) -> bool:
        if _is_ours(value):
            return True
        if self._alone and tag == "img" and value.startswith("data:image/"):
            return True
        away = urlsplit(value)
        return (away.scheme in {"http", "https"} and name == "href" and tag == "a") and tag not in _LOADS


def _is_ours(value: str) -> bool:
    """A path, a query or a fragment: nothing that names a scheme or a host."""
    if re.match(r"[\s\x00-\x1f]|//|/\\|\\", value):
        return False
    parts = urlsplit(value)
    return not parts.scheme and not parts.netloc


def faults_of_picture(text: str, path: str) -> list[str]:
    """What an SVG holds that is no drawing."""
    found: list[str] = []
    for node in ET.fromstring(text).iter():
        tag = str(node.tag).rpartition("}")[2].lower()
        if tag in {"script", "foreignobject", "a", "image", "use", "iframe", "style"}:
            found.append(f"{path}: <{tag}>")
        found += [f"{path}: <{tag} {name}>" for name in node.attrib if name.rpartition("}")[2].startswith("on")]
        found += [f"{path}: <{tag} {name}>" for name in node.attrib if name.rpartition("}")[2] in _LEADS]
    return found


def formulas(text: str) -> list[str]:
    """Cells of a CSV that a spreadsheet would run."""
    cells = (cell for row in csv.reader(io.StringIO(text)) for cell in row)
    return [cell for cell in cells if _FORMULA.match(cell) and not _PLAIN.fullmatch(cell)]


def markup(text: str) -> list[str]:
    """Where Markdown would show HTML."""
    return [text[found.start() : found.start() + 60] for found in _MARKUP.finditer(text)]
