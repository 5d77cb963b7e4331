"""The plain form of a conversation, which any help desk's export can be brought into:

`{id, title?, created_at?, messages: [{author: "customer"|"agent"|"bot", text, created_at?, speaker?}],
customer?: {…}}`.
What `earshot export conversations` writes is this form too; its further keys are understood.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from earshot.connectors.lenient import Json, first, ident, integer, is_array, is_object, moment, number, string
from earshot.connectors.segments import SegmentSettings, segment_of
from earshot.domain.conversation import Author, Conversation, Message, State
from earshot.domain.customer import Customer
from earshot.errors import BadInput
from earshot.ports.source import Fetched
from earshot.text.clean import one_line, storable

NAME = "file"
"""The source's name, and so the prefix of public ids."""

_AUTHORS = {author.value: author for author in Author}
_STATES = {state.value: state for state in State}


class _Said(NamedTuple):
    messages: tuple[Message, ...]
    times_known: bool


def from_plain(data: Json, raw: bytes, *, now: datetime, segments: SegmentSettings) -> Fetched:
    """The canonical form; text stays as it is. Without times the conversation is of `now`, and says so.

    Raises BadInput that names the field at fault.
    """
    external_id = (ident(data.get("id")) or "").removeprefix(f"{NAME}:")
    if not external_id:
        raise BadInput("`id` is missing")
    created_at = _time(data, "created_at")
    said = _messages(data.get("messages"), created_at, now=now)
    times = [message.created_at for message in said.messages]
    begun = created_at or min(times, default=now)
    conversation = Conversation(
        source=NAME,
        external_id=external_id,
        state=_STATES.get(str(data.get("state")), State.UNKNOWN),
        created_at=begun,
        updated_at=_time(data, "updated_at") or max([begun, *times]),
        deleted=data.get("deleted") is True,
        title=string(data.get("title")),
        messages=said.messages,
        customer=_customer(data.get("customer"), external_id, segments=segments),
        tags=_tags(data.get("tags")),
        url=_web_address(data.get("url")),
        customer_initiated=not said.messages or said.messages[0].author is Author.CUSTOMER,
        parts_held=len(said.messages),
        times_known=said.times_known,
    )
    return Fetched(conversation=conversation, raw=raw)


def _messages(value: Any, created_at: datetime | None, *, now: datetime) -> _Said:
    if not is_array(value):
        raise BadInput("`messages` is not a list")
    found: list[Message] = []
    last = created_at
    for index, item in enumerate(value):
        where = f"messages[{index}]"
        if not is_object(item):
            raise BadInput(f"`{where}` is not an object")
        at = _time(item, "created_at", where=f"{where}.")
        last = at or last
        found.append(_message(item, index, where=where, at=last or now))
    if len({message.id for message in found}) < len(found):
        found = [m.model_copy(update={"id": _position(index)}) for index, m in enumerate(found)]
    found.sort(key=lambda message: message.created_at)
    return _Said(tuple(found), last is not None)


def _message(item: Json, index: int, *, where: str, at: datetime) -> Message:
    author = _AUTHORS.get(str(item.get("author")))
    if author is None:
        raise BadInput(f"`{where}.author` must be customer, agent or bot, not {_shown(item.get('author'))}")
    text = item.get("text")
    if not isinstance(text, str):
        raise BadInput(f"`{where}.text` must be text, not {_shown(text)}")
    return Message(
        id=ident(item.get("id")) or _position(index),
        author=author,
        text=storable(text),
        created_at=at,
        author_id=ident(item.get("author_id")) or ident(item.get("speaker")),
        author_name=string(item.get("author_name")),
        attachments=max(0, integer(item.get("attachments")) or 0),
    )


def _position(index: int) -> str:
    """The id of a message without one: its place, so that ids sort as the messages do."""
    return f"{index + 1:04d}"


def _customer(value: Any, conversation_id: str, *, segments: SegmentSettings) -> Customer | None:
    """The customer; without an id, e-mail or name stand for one."""
    if value is None:
        return None
    if not is_object(value):
        raise BadInput(f"`customer` must be an object, not {_shown(value)}")
    email, name = string(value.get("email")), string(value.get("name"))
    plan, mrr = string(value.get("plan")), number(value.get("mrr"))
    since = moment(value.get("since"))
    return Customer(
        id=ident(value.get("id")) or email or name or f"{NAME}:{conversation_id}",
        name=name,
        email=email,
        company_id=ident(value.get("company_id")) or string(value.get("company")),
        company=string(value.get("company")),
        plan=plan,
        mrr=mrr,
        segment=segment_of(segments, named=string(value.get("segment")), plan=plan, mrr=mrr),
        since=since,
        signed_up_at=first(moment(value.get("signed_up_at")), since),
        previous_conversations=integer(value.get("previous_conversations")),
    )


def _time(item: Json, key: str, *, where: str = "") -> datetime | None:
    """A time, None where there is none; what is there and is no time is an error, never a guess."""
    value = item.get(key)
    if value in (None, ""):
        return None
    found = moment(value)
    if found is None:
        raise BadInput(f"`{where}{key}` is no time: {_shown(value)} (ISO 8601 or Unix seconds)")
    return found


def _tags(value: Any) -> tuple[str, ...]:
    tags: Iterable[Any] = value if is_array(value) else ()
    return tuple(dict.fromkeys(tag for item in tags if (tag := string(item))))


def _web_address(value: Any) -> str | None:
    address = string(value)
    return address if address and address.startswith(("https://", "http://")) else None


def _shown(value: Any) -> str:
    """A value in a message about it: its kind, or a short name; never text of a customer."""
    if value is None:
        return "nothing"
    if isinstance(value, str) and len(value) <= 30:
        return f'"{one_line(storable(value), limit=30)}"'
    return type(value).__name__
