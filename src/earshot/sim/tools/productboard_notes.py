"""What is wrong with the body of a note, in the places where Productboard would point."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from earshot.sim.intercom.peek import is_object, mapping, sequence
from earshot.sim.tools.shapes import is_moment, is_text
from earshot.sim.tools.wire import Json

_TYPES = ("textNote", "conversationNote", "simple", "conversation")
_NAME, _TAG, _CONTENT = 255, 255, 524_288
_FIELDS = frozenset({"name", "content", "tags", "owner", "creator"})
_PART = ("externalId", "authorType", "content", "timestamp")
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_OPS = ("set", "clear", "addItems", "removeItems")


class Mistake(NamedTuple):
    """What is wrong, and where."""

    pointer: str
    detail: str


def wrong_note(body: Json) -> list[Mistake]:
    """Mistakes of a body that is to make a note."""
    if not is_object(body.get("data")) or body.keys() - {"data"}:
        return [Mistake("/data", "data is missing or not alone")]
    held = mapping(body["data"])
    found = [
        Mistake(f"/data/{name}", "is not known")
        for name in held
        if name not in ("type", "fields", "metadata", "relationships")
    ]
    if held.get("type") not in _TYPES:
        found.append(Mistake("/data/type", f"must be one of {', '.join(_TYPES)}"))
    fields = mapping(held.get("fields"))
    if "name" not in fields:
        return [*found, Mistake("/data/fields/name", "is missing")]
    conversation = held.get("type") in ("conversationNote", "conversation")
    found += _wrong_fields(fields, conversation=conversation)
    return [*found, *_wrong_source(held.get("metadata", {})), *_wrong_relations(held.get("relationships", []))]


def wrong_change(body: Json, *, kind: str) -> list[Mistake]:
    """Mistakes of a body that is to change a note of that type."""
    held = mapping(body.get("data"))
    if not {"fields", "patch"} & held.keys():
        return [Mistake("/data", "fields or patch is missing")]
    found = [Mistake(f"/data/{name}", "cannot be changed") for name in held if name not in ("fields", "patch")]
    if not is_object(held.get("fields", {})):
        return [*found, Mistake("/data/fields", "must be an object")]
    found += _wrong_fields(mapping(held.get("fields")), conversation=kind == "conversationNote")
    patches = sequence(held.get("patch", []))
    if patches is None or not all(_is_patch(mapping(patch)) for patch in patches):
        found.append(Mistake("/data/patch", "must be a list of op and path"))
    return found


def _is_patch(patch: Json) -> bool:
    return patch.get("op") in _OPS and isinstance(patch.get("path"), str)


def _wrong_fields(fields: Json, *, conversation: bool) -> Iterator[Mistake]:
    for name in fields:
        if name not in _FIELDS:
            yield Mistake(f"/data/fields/{name}", "is not configured in this workspace")
    if "name" in fields and not is_text(fields["name"], 1, high=_NAME):
        yield Mistake("/data/fields/name", f"must have 1 to {_NAME} characters")
    if "content" in fields:
        yield from _wrong_parts(fields["content"]) if conversation else _wrong_text(fields["content"])
    tags = sequence(fields.get("tags", []))
    if tags is None or not all(_is_tag(mapping(tag)) for tag in tags):
        yield Mistake("/data/fields/tags", "must be a list of names")
    if "owner" in fields and not _EMAIL.fullmatch(str(mapping(fields["owner"]).get("email"))):
        yield Mistake("/data/fields/owner", "must be a member")


def _wrong_text(content: object) -> Iterator[Mistake]:
    if not is_text(content, 0, high=_CONTENT):
        yield Mistake("/data/fields/content", f"must be text of at most {_CONTENT} characters")


def _wrong_parts(content: object) -> Iterator[Mistake]:
    parts = sequence(content)
    if parts is None:
        yield Mistake("/data/fields/content", "must be a list of parts")
    for number, value in enumerate(parts or ()):
        part = mapping(value)
        wrong = part.keys() - {*_PART, "authorName"} or any(not isinstance(part.get(name), str) for name in _PART)
        if wrong or part["authorType"] not in ("customer", "agent") or not is_moment(part["timestamp"]):
            yield Mistake(f"/data/fields/content/{number}", "is not a part of a conversation")


def _wrong_source(metadata: object) -> Iterator[Mistake]:
    source = mapping(mapping(metadata).get("source", {}))
    if not is_object(metadata) or mapping(metadata).keys() - {"source"}:
        yield Mistake("/data/metadata", "holds source only")
    if source.keys() - {"system", "recordId", "url"}:
        yield Mistake("/data/metadata/source", "holds system, recordId and url only")
    if "url" in source and urlsplit(str(source["url"])).scheme not in ("http", "https"):
        yield Mistake("/data/metadata/source/url", "must be an address")


def _wrong_relations(relations: object) -> Iterator[Mistake]:
    held = sequence(relations)
    if held is None:
        yield Mistake("/data/relationships", "must be a list")
    for number, value in enumerate(held or ()):
        relation = mapping(value)
        if relation.get("type") != "customer" or not _is_target(mapping(relation.get("target"))):
            yield Mistake(
                f"/data/relationships/{number}/target", "must be a user by id or email, or a company by id"
            )


def _is_target(target: Json) -> bool:
    if target.keys() == {"type", "email"}:
        return target["type"] == "user" and _EMAIL.fullmatch(str(target["email"])) is not None
    return target.keys() == {"type", "id"} and target["type"] in ("user", "company")


def _is_tag(tag: Json) -> bool:
    return is_text(tag.get("name"), 1, high=_TAG) if "name" in tag else isinstance(tag.get("id"), str)
