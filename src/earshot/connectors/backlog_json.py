"""Items of a backlog out of JSON: plain ones, the guide's, and what Jira, Linear and Productboard answer."""

from collections.abc import Iterator
from typing import Any

from earshot.connectors.backlog_fields import FILE, JIRA, LINEAR, PRODUCTBOARD, Fields
from earshot.connectors.lenient import Json, first, is_array, is_object, obj, string

_TITLES = ("summary", "title", "name", "subject")
_KEYS = ("key", "identifier", "id", "item_id")
_DESCRIPTIONS = ("description", "content", "body")
_TYPES = ("issuetype", "issue_type", "type", "kind")
_STATUSES = ("status", "state")
_LISTS = ("issues", "items", "features", "backlog", "data", "nodes", "results", "edges")
_DEEPEST = 40
_MOST_NODES = 20_000


def items_of(data: Json, *, deep: int = 4) -> Iterator[Json]:
    """The items in an object: itself, or those in the lists it wraps them in."""
    if is_object(data.get("node")):
        yield from items_of(data["node"], deep=deep - 1)
    elif any(name in data for name in _TITLES) or is_object(data.get("fields")) or deep <= 0:
        yield data
    else:
        inner = next((data[name] for name in _LISTS if is_array(data.get(name)) or is_object(data.get(name))), None)
        if is_object(inner):
            yield from items_of(inner, deep=deep - 1)
        elif is_array(inner):
            for one in inner:
                yield from items_of(one, deep=deep - 1) if is_object(one) else ({},)
        else:
            yield data


def fields_of(data: Json) -> Fields:
    """An item's fields, under whatever names."""
    inside = {**data, **obj(data.get("fields"))}
    title = next((name for name in _TITLES if name in inside), "title")
    key = next((name for name in _KEYS if first(data.get(name)) is not None), None)
    return Fields(
        title=string(inside.get(title)),
        key=string(data.get(key)) if key else None,
        keyed=key is not None,
        description=_rich(first(*(inside.get(name) for name in _DESCRIPTIONS))),
        issue_type=_name(first(*(inside.get(name) for name in _TYPES))),
        status=_name(first(*(inside.get(name) for name in _STATUSES))),
        url=_url(inside),
        labels=_labels(first(inside.get("labels"), inside.get("tags"))),
        updated=string(first(*(inside.get(name) for name in ("updated", "updatedAt", "updated_at")))),
        title_name=title,
        key_name=key or "key",
    )


def source_of(data: Json) -> str:
    """Whose form an item has."""
    if is_object(data.get("fields")) and "key" in data:
        return JIRA
    if "identifier" in data and "title" in data:
        return LINEAR
    links = obj(data.get("links"))
    return PRODUCTBOARD if "productboard.com/" in f"{links.get('html', '')} {links.get('self', '')}" else FILE


def _url(inside: Json) -> str | None:
    links = obj(inside.get("links"))
    return string(first(inside.get("url"), inside.get("html_url"), links.get("html")))


def _name(value: Any) -> str | None:
    return string(obj(value).get("name")) if is_object(value) else string(value)


def _labels(value: Any) -> list[str]:
    listed = first(obj(value).get("nodes"), [value]) if not is_array(value) else value
    return [name for one in (listed if is_array(listed) else []) if (name := _name(one))]


def _rich(value: Any) -> str | None:
    """Text as it is; a document of Atlassian's editor (nested nodes) becomes lines."""
    if not is_object(value):
        return string(value)
    pieces: list[str] = []
    stack: list[tuple[Any, int]] = [(value, 0)]
    while stack and len(pieces) < _MOST_NODES:
        node, depth = stack.pop()
        if not is_object(node) or depth > _DEEPEST:
            continue
        pieces.append(string(node.get("text")) or ("\n" if node.get("type") in _BREAKS else ""))
        inner = node.get("content")
        stack += [(one, depth + 1) for one in reversed(inner)] if is_array(inner) else []
    return "".join(pieces).strip() or None


_BREAKS = {"paragraph", "heading", "listItem", "hardBreak", "codeBlock", "blockquote", "tableRow", "rule"}
