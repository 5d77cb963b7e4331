"""One Intercom conversation (retrieve form, JSON) to the canonical one. Pure; nothing in the JSON makes it fail."""

import re
from collections import Counter
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

from earshot.connectors.intercom.kinds import (
    AUTHORS,
    CUSTOMER_INITIATED,
    NOISE,
    OUTBOUND,
    PRIORITIES,
    STATES,
    part_is_internal,
    part_is_known,
)
from earshot.connectors.lenient import Json, first, ident, integer, moment, obj, objects, string
from earshot.domain.conversation import Author, Conversation, Message, State
from earshot.domain.customer import Customer
from earshot.errors import BadInput
from earshot.ports.source import Fetched
from earshot.text.clean import one_line, storable
from earshot.text.html import decode_entities, html_to_text, looks_like_html

NAME = "intercom"
PART_CAP = 500
"""Intercom returns at most this many parts of a conversation, the newest."""

_STATE = re.compile(r"[a-z][a-z_]{0,39}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Links(NamedTuple):
    """How a link to a conversation is written (see `IntercomSettings.conversation_url`)."""

    template: str
    app: str
    workspace: str | None

    def to(self, conversation_id: str) -> str | None:
        """The link, or None where the workspace is needed for it and not known."""
        if self.workspace is None and "{workspace}" in self.template:
            return None
        return self.template.format(
            app=self.app, workspace=self.workspace or "", id=quote(conversation_id, safe="")
        )


class _Body(NamedTuple):
    text: str
    attachments: int

    @property
    def says_something(self) -> bool:
        return bool(self.attachments or self.text.strip())


class _Messages(NamedTuple):
    messages: tuple[Message, ...]
    redacted: tuple[str, ...]


def normalise(
    data: Json, raw: bytes, *, plain: bool, customer: Customer | None = None, links: Links | None = None
) -> Fetched:
    """The canonical form of a conversation's JSON.

    `plain` says that bodies are plain text already (asked with `display_as=plaintext`) and must stay as they
    are; otherwise bodies that are HTML are converted. Raises BadInput only where there is no id.
    """
    external_id = ident(data.get("id"))
    if external_id is None:
        raise BadInput("a conversation without an id")
    unknown: Counter[str] = Counter()
    created_at = first(moment(data.get("created_at")), moment(data.get("updated_at")), _EPOCH)
    parts_list = data.get("conversation_parts")
    parts = objects(parts_list, "conversation_parts", "parts", "data")
    reader = _Reader(external_id, created_at, plain=plain, unknown=unknown)
    read = reader.read(obj(data.get("source")), parts)
    expected = _expected(data)
    source = obj(data.get("source"))
    conversation = Conversation(
        source=NAME,
        external_id=external_id,
        state=_state(data, unknown),
        created_at=created_at,
        updated_at=first(moment(data.get("updated_at")), created_at),
        title=_title(data, source, plain=plain),
        messages=read.messages,
        customer=customer,
        tags=_tags(data),
        url=links.to(external_id) if links else None,
        team_id=ident(data.get("team_assignee_id")),
        customer_initiated=_customer_initiated(source, unknown),
        rating=_rating(data),
        ai_outcome=_ai_outcome(data),
        parts_expected=expected,
        parts_held=len(parts),
        truncated=len(parts) >= PART_CAP and (expected is None or expected > len(parts)),
    )
    return Fetched(
        conversation=conversation,
        raw=raw,
        unknown=dict(unknown),
        redacted=read.redacted,
        oldest_part_at=min((at for part in parts if (at := moment(part.get("created_at")))), default=None),
    )


class _Reader:
    """Turns the opening message and the parts into messages, counting what it does not know."""

    def __init__(self, external_id: str, created_at: datetime, *, plain: bool, unknown: Counter[str]) -> None:
        self._id = external_id
        self._created_at = created_at
        self._plain = plain
        self._unknown = unknown
        self._redacted: list[str] = []

    def read(self, source: Json, parts: list[Json]) -> _Messages:
        opening = self._opening(source)
        held = {message.id: message for message in self._parts(parts)}
        ordered = sorted(held.values(), key=_place)
        if opening is not None:
            ordered = sorted([opening, *ordered], key=lambda message: message.created_at)
        return _Messages(tuple(ordered), tuple(self._redacted))

    def _opening(self, source: Json) -> Message | None:
        key = f"source:{self._id}"
        if source.get("redacted") is True:
            self._redacted.append(key)
            return None
        author = obj(source.get("author"))
        role = self._author(author, default=Author.CUSTOMER)
        if source.get("delivered_as") in OUTBOUND and role is Author.CUSTOMER:
            role = Author.BOT
        return self._message(key, source, role=role, at=self._created_at)

    def _parts(self, parts: list[Json]) -> list[Message]:
        found: list[Message] = []
        last = self._created_at
        for index, part in enumerate(parts):
            last = first(moment(part.get("created_at")), moment(part.get("updated_at")), last)
            message = self._part(ident(part.get("id")) or f"part:{self._id}:{index}", part, at=last)
            if message is not None:
                found.append(message)
        return found

    def _part(self, key: str, part: Json, *, at: datetime) -> Message | None:
        role = self._author(obj(part.get("author")), default=Author.BOT)
        kind = part.get("part_type")
        if part.get("redacted") is True:
            self._redacted.append(key)
            return None
        if not isinstance(kind, str) or not kind:
            self._count("part_type", "(missing)")
            if role is not Author.CUSTOMER:
                return None
            kind = "comment"
        if not part_is_known(kind):
            self._count("part_type", kind)
        if part_is_internal(kind) or kind in NOISE:
            return None
        return self._message(key, part, role=role, at=at)

    def _message(self, key: str, item: Json, *, role: Author, at: datetime) -> Message | None:
        body = _body(item, plain=self._plain)
        if not body.says_something:
            return None
        author = obj(item.get("author"))
        return Message(
            id=storable(key),
            author=role,
            text=body.text,
            created_at=at,
            author_id=ident(author.get("id")),
            author_name=string(author.get("name")),
            attachments=body.attachments,
        )

    def _author(self, author: Json, *, default: Author) -> Author:
        if author.get("from_ai_agent") is True or author.get("is_ai_answer") is True:
            return Author.BOT
        kind = author.get("type")
        if kind is None:
            return default
        role = AUTHORS.get(kind) if isinstance(kind, str) else None
        if role is None:
            self._count("author", str(kind))
            return Author.BOT
        return role

    def _count(self, what: str, name: str) -> None:
        self._unknown[f"{what}:{one_line(storable(name), limit=60)}"] += 1


def _place(message: Message) -> tuple[datetime, int, str]:
    """Order by time, then by id as a number: shorter digit strings are smaller numbers."""
    return (message.created_at, len(message.id), message.id)


def _body(item: Json, *, plain: bool) -> _Body:
    body = item.get("body")
    files = len(objects(item.get("attachments"), "attachments", "data"))
    if not isinstance(body, str):
        return _Body("", files)
    if plain or not looks_like_html(body):
        return _Body(storable(body), files)
    text, images = html_to_text(body)
    return _Body(storable(text), files + images)


def _title(data: Json, source: Json, *, plain: bool) -> str | None:
    title = string(data.get("title"))
    if title is None:
        title = string(_body({"body": source.get("subject")}, plain=plain).text)
    return None if title is None else storable(decode_entities(title))


def _state(data: Json, unknown: Counter[str]) -> State:
    state = data.get("state")
    if state is None:
        return _open_or_closed(data.get("open"))
    found = STATES.get(state) if isinstance(state, str) else None
    if found is None:
        unknown[f"state:{one_line(storable(str(state)), limit=60)}"] += 1
    priority = data.get("priority")
    if isinstance(priority, str) and priority not in PRIORITIES:
        unknown[f"priority:{one_line(storable(priority), limit=60)}"] += 1
    return found or State.UNKNOWN


def _open_or_closed(value: object) -> State:
    if not isinstance(value, bool):
        return State.UNKNOWN
    return State.OPEN if value else State.CLOSED


def _customer_initiated(source: Json, unknown: Counter[str]) -> bool:
    delivered = source.get("delivered_as")
    if delivered == CUSTOMER_INITIATED or delivered is None:
        kind = obj(source.get("author")).get("type")
        return delivered is not None or not isinstance(kind, str) or AUTHORS.get(kind) is Author.CUSTOMER
    if delivered not in OUTBOUND:
        unknown[f"delivered_as:{one_line(storable(str(delivered)), limit=60)}"] += 1
        return True
    return False


def _tags(data: Json) -> tuple[str, ...]:
    names = (string(tag.get("name")) or ident(tag.get("id")) for tag in objects(data.get("tags"), "tags", "data"))
    return tuple(dict.fromkeys(name for name in names if name))


def _rating(data: Json) -> int | None:
    rating = integer(obj(data.get("conversation_rating")).get("rating"))
    return rating if rating is not None and 1 <= rating <= 5 else None


def _ai_outcome(data: Json) -> str | None:
    """What Fin came to; None where it took no part or said nothing that is a word of Intercom's."""
    state = obj(data.get("ai_agent")).get("resolution_state")
    return state if isinstance(state, str) and _STATE.fullmatch(state) else None


def _expected(data: Json) -> int | None:
    """The larger of the two counts that Intercom gives; None where it gives none."""
    counts = (
        integer(obj(data.get("statistics")).get("count_conversation_parts")),
        integer(obj(data.get("conversation_parts")).get("total_count")),
    )
    return max((count for count in counts if count is not None and count >= 0), default=None)
