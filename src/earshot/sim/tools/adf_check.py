"""Whether a value is a document in the Atlassian Document Format: the part of its schema that matters for texts."""

from collections.abc import Callable, Mapping
from typing import Any, cast

LONGEST = 32_767
_BLOCKS = ("paragraph", "heading", "bulletList", "orderedList", "blockquote", "codeBlock", "rule", "panel")
_LIST_PARTS = ("paragraph", "bulletList", "orderedList", "codeBlock")
_QUOTE_PARTS = ("paragraph", "bulletList", "orderedList", "codeBlock")
_INLINE = ("text", "hardBreak", "mention", "emoji")
_MARKS = ("strong", "em", "code", "link", "strike", "underline")
_PARTS: dict[str, tuple[str, ...]] = {
    "doc": _BLOCKS,
    "paragraph": _INLINE,
    "heading": _INLINE,
    "bulletList": ("listItem",),
    "orderedList": ("listItem",),
    "listItem": _LIST_PARTS,
    "blockquote": _QUOTE_PARTS,
    "codeBlock": ("text",),
    "panel": ("paragraph", "heading", "bulletList", "orderedList"),
}
_MUST_HOLD = frozenset({"bulletList", "orderedList", "listItem", "blockquote", "panel"})
_KEYS = frozenset({"type", "content", "attrs", "marks", "text", "version"})


def adf_trouble(value: Any) -> str:
    """What is wrong with a document, "" when nothing is."""
    if not isinstance(value, dict):
        return "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
    doc = cast("Mapping[str, Any]", value)
    if doc.get("type") != "doc" or doc.get("version") != 1:
        return "the document must be of type doc, version 1"
    trouble = _node(doc, "doc")
    return trouble or ("CONTENT_LIMIT_EXCEEDED" if len(adf_text(doc)) > LONGEST else "")


def adf_text(value: Any) -> str:
    """All text of a document, in order."""
    if not isinstance(value, dict):
        return ""
    node = cast("Mapping[str, Any]", value)
    parts = cast("list[Any]", node.get("content") or [])
    return str(node.get("text", "")) + "".join(adf_text(part) for part in parts)


def _node(node: Mapping[str, Any], where: str) -> str:
    kind = str(node.get("type"))
    extra = set(node) - _KEYS
    if extra:
        return f"{where} has the unknown key {min(extra)}"
    check = _CHECKS.get(kind)
    if check is not None:
        trouble = check(node, where)
        if trouble:
            return trouble
    return _content(node, kind, where=where)


def _content(node: Mapping[str, Any], kind: str, *, where: str) -> str:
    parts = node.get("content", [])
    if kind not in _PARTS:
        return f"{where} holds content" if "content" in node else ""
    if not isinstance(parts, list) or (kind in _MUST_HOLD and not parts):
        return f"{where} must hold something"
    listed = cast("list[Any]", parts)
    for index, part in enumerate(listed):
        inside = f"{where}.{index}"
        if not isinstance(part, dict):
            return f"{inside} is no node"
        child = cast("Mapping[str, Any]", part)
        if child.get("type") not in _PARTS[kind]:
            return f"{inside}: a {child.get('type')} may not stand in a {kind}"
        if kind == "listItem" and index == 0 and child.get("type") not in ("paragraph", "codeBlock"):
            return f"{inside}: a list item begins with a paragraph"
        trouble = _node(child, inside)
        if trouble:
            return trouble
    return ""


def _text(node: Mapping[str, Any], where: str) -> str:
    if not isinstance(node.get("text"), str) or not node["text"]:
        return f"{where}: a text node must not be empty"
    marks = node.get("marks", [])
    if not isinstance(marks, list):
        return f"{where}: marks must be a list"
    for mark in cast("list[Any]", marks):
        shaped = cast("Mapping[str, Any]", mark if isinstance(mark, dict) else {})
        if shaped.get("type") not in _MARKS:
            return f"{where}: unknown mark"
        attrs = cast("Mapping[str, Any]", shaped.get("attrs") or {})
        if shaped.get("type") == "link" and not str(attrs.get("href") or ""):
            return f"{where}: a link needs an href"
    return ""


def _heading(node: Mapping[str, Any], where: str) -> str:
    attrs = cast("Mapping[str, Any]", node.get("attrs") or {})
    return "" if attrs.get("level") in range(1, 7) else f"{where}: a heading has a level from 1 to 6"


_CHECKS: dict[str, Callable[[Mapping[str, Any], str], str]] = {"text": _text, "heading": _heading}
