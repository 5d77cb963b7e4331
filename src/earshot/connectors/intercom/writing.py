"""What is written to a conversation, and how it is found again: pure."""

from datetime import datetime

from earshot.connectors.lenient import Json, ident, obj, objects, string
from earshot.connectors.orders import marker
from earshot.domain.delivery import Order, Thing
from earshot.text.clean import one_line
from earshot.text.escape import clip, for_html
from earshot.text.render.html import to_html

_MOST_TEXT = 10_000
_LONGEST_TITLE = 300
_NEEDED = {Thing.TAG: ("tag",), Thing.ATTRIBUTE: ("attribute", "value")}
_LONGEST_NAME = 200


def lacks(order: Order) -> str:
    """What the order does not say though it must, "" when it says all."""
    if not order.content.conversation:
        return "there is no conversation to write to"
    given = order.content.parameters
    for name in _NEEDED.get(order.thing, ()):
        if not given.get(name, "").strip():
            return f"the action has no parameter {name}"
        if len(given[name]) > _LONGEST_NAME:
            return f"the parameter {name} is longer than {_LONGEST_NAME} characters"
    if order.thing is Thing.ASSIGNMENT and not (given.get("team") or given.get("admin")):
        return "the action names no team and no admin"
    return ""


def token(order: Order) -> str:
    """The words by which our note is known among others."""
    return f"earshot:{marker(order)}"


def note(order: Order, admin_id: str) -> Json:
    """An internal note; nothing else can be made of it."""
    content = order.content
    title = for_html(clip(content.title, _LONGEST_TITLE))
    body = f"<p><strong>{title}</strong></p>\n{to_html(content.body, limit=_MOST_TEXT)}\n<p>{token(order)}</p>"
    return {"message_type": "note", "type": "admin", "admin_id": admin_id, "body": body}


def assignment(assignee: str, admin_id: str, *, is_team: bool) -> Json:
    """To whom the conversation goes."""
    kind = "team" if is_team else "admin"
    return {"message_type": "assignment", "type": kind, "admin_id": admin_id, "assignee_id": assignee}


def noted(conversation: Json, order: Order) -> str | None:
    """The id of our note in a conversation, None when it is not there."""
    ours = token(order)
    for part in reversed(_parts(conversation)):
        if part.get("part_type") == "note" and ours in (string(part.get("body")) or ""):
            return ident(part.get("id")) or ours
    return None


def is_assigned(conversation: Json, assignee: str, *, by: str, is_team: bool) -> bool:
    """Whether it stands with them, or we (`by`) gave it to them before somebody moved it on."""
    if ident(conversation.get("team_assignee_id" if is_team else "admin_assignee_id")) == assignee:
        return True
    return any(
        part.get("part_type") == "assignment"
        and ident(obj(part.get("author")).get("id")) == by
        and ident(obj(part.get("assigned_to")).get("id")) == assignee
        for part in _parts(conversation)
    )


def complaint(data: object) -> str:
    """The code of Intercom's refusal; its message may repeat what we sent, so it is not used."""
    codes = [string(error.get("code")) for error in objects(obj(data).get("errors"))]
    return one_line(next((code for code in codes if code), "no code"), limit=60)


def typed(value: str, attribute: Json) -> str | int | float | bool | None:
    """A value as the attribute's type wants it; None where it does not fit."""
    kind = attribute.get("data_type")
    if kind == "list":
        labels = [string(option.get("label")) for option in objects(attribute.get("options"))]
        return next((label for label in labels if label and label.casefold() == value.casefold()), None)
    if kind == "boolean":
        return {"true": True, "false": False}.get(value.casefold())
    if kind in ("integer", "decimal"):
        return _number(value, whole=kind == "integer")
    if kind == "datetime":
        return _seconds(value)
    return value if kind == "string" else None


def _number(value: str, *, whole: bool) -> int | float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    if number != number or abs(number) > 2**53:  # noqa: PLR0124 (not a number)
        return None
    if not whole:
        return number
    return int(number) if number == int(number) else None


def _seconds(value: str) -> int | None:
    try:
        return int(datetime.fromisoformat(value).timestamp())
    except (ValueError, OverflowError):
        return None


def _parts(conversation: Json) -> list[Json]:
    return objects(conversation.get("conversation_parts"), "conversation_parts", "parts", "data")
