"""The searchable fields of conversations and tickets, and where their values lie."""

from operator import attrgetter
from typing import Any

from earshot.sim.intercom.peek import mapping
from earshot.sim.intercom.query import Kind, Lookup
from earshot.sim.intercom.shelf import Record, Shelf
from earshot.sim.workspace import Json

_ON_RECORD: dict[str, Kind] = {
    "id": Kind.TEXT,
    "created_at": Kind.DATE,
    "updated_at": Kind.DATE,
    "waiting_since": Kind.DATE,
    "snoozed_until": Kind.DATE,
    "open": Kind.FLAG,
    "read": Kind.FLAG,
    "state": Kind.TEXT,
    "priority": Kind.TEXT,
    "admin_assignee_id": Kind.NUMBER,
    "team_assignee_id": Kind.NUMBER,
    "contact_ids": Kind.LIST,
    "teammate_ids": Kind.LIST,
    "tag_ids": Kind.LIST,
}
_GETTERS = {name: attrgetter(name) for name in _ON_RECORD}
_RENAMED = {
    "channel_initiated": "source.type",
    "conversation_rating.requested_at": "conversation_rating.created_at",
    "conversation_rating.replied_at": "conversation_rating.updated_at",
    "conversation_rating.score": "conversation_rating.rating",
    "conversation_rating.contact_id": "conversation_rating.contact.id",
    "conversation_rating.admin_d": "conversation_rating.teammate.id",
}
_TEXTS = [
    "channel_initiated",
    "source.type",
    "source.id",
    "source.delivered_as",
    "source.subject",
    "source.author.id",
    "source.author.type",
    "source.author.name",
    "source.author.email",
    "source.url",
    "statistics.last_closed_by_id",
    "conversation_rating.remark",
    "conversation_rating.contact_id",
    "conversation_rating.admin_d",
    "ai_agent.resolution_state",
    "ai_agent.last_answer_type",
    "ai_agent.rating_remark",
    "ai_agent.source_type",
    "ai_agent.source_title",
]
_NUMBERS = [
    "statistics.time_to_assignment",
    "statistics.time_to_admin_reply",
    "statistics.time_to_first_close",
    "statistics.time_to_last_close",
    "statistics.median_time_to_reply",
    "statistics.count_reopens",
    "statistics.count_assignments",
    "statistics.count_conversation_parts",
    "conversation_rating.score",
    "ai_agent.rating",
]
_DATES = [
    "statistics.first_contact_reply_at",
    "statistics.first_assignment_at",
    "statistics.first_admin_reply_at",
    "statistics.first_close_at",
    "statistics.last_assignment_at",
    "statistics.last_assignment_admin_reply_at",
    "statistics.last_contact_reply_at",
    "statistics.last_admin_reply_at",
    "statistics.last_close_at",
    "conversation_rating.requested_at",
    "conversation_rating.replied_at",
]

CONVERSATION_FIELDS: dict[str, Kind] = {
    **_ON_RECORD,
    **dict.fromkeys(_TEXTS, Kind.TEXT),
    **dict.fromkeys(_NUMBERS, Kind.NUMBER),
    **dict.fromkeys(_DATES, Kind.DATE),
    "source.body": Kind.WORDS,
    "ai_agent_participated": Kind.FLAG,
}
TICKET_FIELDS: dict[str, Kind] = {
    "id": Kind.TEXT,
    "created_at": Kind.DATE,
    "updated_at": Kind.DATE,
    "open": Kind.FLAG,
    "category": Kind.TEXT,
    "contact_ids": Kind.LIST,
    "admin_assignee_id": Kind.NUMBER,
    "team_assignee_id": Kind.NUMBER,
}


def conversation_lookup(shelf: Shelf, record: Record) -> Lookup:
    """Reads fields of a record; its JSON is opened only when a field lies there."""
    opened: list[Json] = []

    def look(field: str) -> Any:
        getter = _GETTERS.get(field)
        if getter is not None:
            return getter(record)
        if not opened:
            opened.append(shelf.open_up(record))
        return _at(opened[0], _RENAMED.get(field, field))

    return look


def ticket_lookup(ticket: Json) -> Lookup:
    """Reads fields of a ticket."""

    def look(field: str) -> Any:
        if field == "contact_ids":
            return tuple(one["id"] for one in ticket["contacts"]["contacts"])
        return ticket.get(field)

    return look


def _at(talk: Json, path: str) -> Any:
    value: Any = talk
    for key in path.split("."):
        value = mapping(value).get(key)
    return value
