"""What happens to a conversation: replies, notes, assignments, tags, attributes, redaction. In place."""

from collections.abc import Mapping
from typing import Any

from earshot.sim.intercom import shape
from earshot.sim.intercom.answers import Refusal, not_found
from earshot.sim.intercom.tally import CUSTOMERS, settle
from earshot.sim.workspace import Json


def touch(talk: Json, at: int) -> None:
    """Raise `updated_at`, always by at least a second, and nothing else."""
    talk["updated_at"] = max(at, int(talk["updated_at"]) + 1)


def add(talk: Json, item: Json, *, at: int) -> None:
    """Append a part and everything that follows from it."""
    touch(talk, at)
    item["created_at"] = item["updated_at"] = item["notified_at"] = talk["updated_at"]
    item["state"] = talk["state"]
    talk["conversation_parts"]["conversation_parts"].append(item)
    settle(talk)


def customer_says(talk: Json, part_id: str, *, said: Json, person: Mapping[str, Any], at: int) -> None:
    """A customer writes: the conversation opens again."""
    _set_state(talk, "open")
    talk["read"] = False
    author = shape.author_of(person, "user")
    add(talk, shape.part(part_id, "comment", at=at, author=author, said=said), at=at)


def staff_says(
    talk: Json, part_id: str, *, said: Json, author: Json, kind: str, at: int, package: str | None = None
) -> None:
    """A teammate or a bot writes; `kind` is the part type: comment, note, quick_reply."""
    item = shape.part(part_id, kind, at=at, author=author, said=said)
    item["app_package_code"] = package
    add(talk, item, at=at)


def assign(talk: Json, part_id: str, *, author: Json, to: str, team: bool, at: int) -> None:
    """Assign to an admin or a team; "0" takes the assignment away."""
    talk["team_assignee_id" if team else "admin_assignee_id"] = int(to)
    item = shape.part(part_id, "assignment", at=at, author=author)
    nobody = {"type": "nobody_admin", "id": None}
    item["assigned_to"] = nobody if to == "0" else {"type": "team" if team else "admin", "id": to}
    add(talk, item, at=at)


def set_state(talk: Json, part_id: str, *, author: Json, kind: str, at: int, until: int | None = None) -> None:
    """Close, open or snooze; `kind` is the part type: close, open, snoozed."""
    _set_state(talk, {"close": "closed", "open": "open", "snoozed": "snoozed"}[kind])
    talk["snoozed_until"] = until
    add(talk, shape.part(part_id, kind, at=at, author=author), at=at)


def tag(talk: Json, part_id: str, *, label: Json, author: Json, at: int) -> Json:
    """Put a tag on; the tag as applied."""
    applied = {**label, "applied_at": at, "applied_by": {"type": "admin", "id": author["id"]}}
    held: list[Json] = [one for one in talk["tags"]["tags"] if one["id"] != label["id"]]
    talk["tags"]["tags"] = [*held, applied]
    add(talk, shape.part(part_id, "conversation_tags_updated", at=at, author=author), at=at)
    return applied


def untag(talk: Json, part_id: str, *, tag_id: str, author: Json, at: int) -> Json:
    """Take a tag off; the tag as it was. Raises Refusal (404) when it is not there."""
    held: list[Json] = talk["tags"]["tags"]
    gone = [one for one in held if one["id"] == tag_id]
    if not gone:
        raise not_found("Tag not found", code="tag_not_found")
    talk["tags"]["tags"] = [one for one in held if one["id"] != tag_id]
    add(talk, shape.part(part_id, "conversation_tags_updated", at=at, author=author), at=at)
    return gone[0]


def set_attributes(talk: Json, part_ids: list[str], *, values: Json, author: Json, at: int) -> None:
    """Write custom attributes; each leaves an event."""
    for part_id, (name, value) in zip(part_ids, values.items(), strict=True):
        talk["custom_attributes"][name] = value
        item = shape.part(part_id, "conversation_attribute_updated_by_admin", at=at, author=author)
        item["event_details"] = {"attribute": {"name": name}, "value": {"name": str(value), "previous": None}}
        add(talk, item, at=at)


def rate(talk: Json, rating: int, *, remark: str | None, at: int) -> None:
    """A customer rates the conversation."""
    touch(talk, at)
    talk["conversation_rating"] = {
        "rating": rating,
        "remark": remark,
        "created_at": talk["updated_at"],
        "contact": next(iter(talk["contacts"]["contacts"]), None),
        "teammate": next(iter(talk["teammates"]["admins"]), None),
    }


def redact(talk: Json, message_id: str | None, *, at: int) -> str:
    """Blank one message's words and files; None takes the last message; its id. Raises Refusal (404)."""
    message = _message(talk, message_id)
    touch(talk, at)
    message.update(attachments=[], redacted=True)
    message.pop(shape.PLAIN, None)
    if message is talk["source"]:
        message["body"] = ""
    else:
        message.update(body=None, updated_at=talk["updated_at"])
    settle(talk)
    return str(message["id"])


def _message(talk: Json, message_id: str | None) -> Json:
    parts: list[Json] = talk["conversation_parts"]["conversation_parts"]
    messages = [talk["source"], *parts]
    if message_id is None:
        return next((one for one in reversed(messages) if one.get("body")), talk["source"])
    for one in messages:
        if str(one["id"]) == message_id:
            return one
    raise Refusal(404, "conversation_part_or_message_not_found", message="Conversation part or message not found")


def _set_state(talk: Json, state: str) -> None:
    talk.update(state=state, open=state != "closed", snoozed_until=None)


def speaker_of(talk: Json) -> Json | None:
    """The customer who spoke last in a conversation, as an author."""
    parts: list[Json] = talk["conversation_parts"]["conversation_parts"]
    for message in (*reversed(parts), talk["source"]):
        if message["author"]["type"] in CUSTOMERS:
            author: Json = message["author"]
            return author
    return None
