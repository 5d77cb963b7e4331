"""HTML bodies as Intercom shows them with `display_as=plaintext`, and plain text as an HTML body."""

import html

from selectolax.lexbor import LexborHTMLParser, LexborNode

_BLOCKS = frozenset({"p", "div", "ul", "ol", "blockquote", "pre", "table", "tr", "h1", "h2", "h3", "h4"})
_SILENT = frozenset({"script", "style", "img", "head"})


def body_of(text: str) -> str:
    """Plain text as an HTML body: one paragraph, line ends as `<br>`; unescaping gives the text back."""
    return f"<p>{html.escape(text, quote=False).replace(chr(10), '<br>')}</p>"


def plaintext(body: str | None) -> str | None:
    """An HTML body as plain text; links become `label (url)`, images vanish."""
    if body is None or ("<" not in body and "&" not in body):
        return body
    root = LexborHTMLParser(body).body
    pieces: list[str] = []
    if root is not None:
        _collect(root, pieces)
    lines = [line.strip() for line in "".join(pieces).split("\n")]
    return "\n".join(_without_double_gaps(lines)).strip()


def _collect(node: LexborNode, pieces: list[str]) -> None:
    for child in node.iter(include_text=True, skip_empty=False):
        tag = child.tag or ""
        if tag == "-text":
            pieces.append((child.text_content or "").replace("\n", " "))
        elif tag == "br":
            pieces.append("\n")
        elif tag == "a":
            pieces.append(_link(child))
        elif tag not in _SILENT:
            _element(child, tag, pieces=pieces)


def _element(node: LexborNode, tag: str, *, pieces: list[str]) -> None:
    if tag == "li":
        pieces.append("\n- ")
    _collect(node, pieces)
    if tag in _BLOCKS:
        pieces.append("\n\n")


def _link(node: LexborNode) -> str:
    inner: list[str] = []
    _collect(node, inner)
    label, url = "".join(inner).strip(), node.attributes.get("href") or ""
    return label if not url or url in (label, f"mailto:{label}") else f"{label} ({url})".strip()


def _without_double_gaps(lines: list[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return kept
