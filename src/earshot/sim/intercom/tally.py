"""What Intercom derives from a conversation's parts: statistics, first reply, teammates, waiting time."""

from earshot.sim.workspace import Json

CUSTOMERS = frozenset({"user", "lead", "contact", "visitor"})
_SPOKEN = frozenset({"comment", "quick_reply", "assignment", "close", "open"})


def settle(talk: Json) -> None:
    """Recompute the derived fields of a conversation in place, after its parts changed."""
    parts: list[Json] = talk["conversation_parts"]["conversation_parts"]
    talk["conversation_parts"]["total_count"] = len(parts)
    talk["statistics"] = {**(talk.get("statistics") or {}), **_statistics(parts)}
    _first_reply(talk, parts)
    admins = {p["author"]["id"] for p in parts if p["author"]["type"] == "admin"}
    talk["teammates"] = {"type": "admin.list", "admins": [{"type": "admin", "id": a} for a in sorted(admins)]}


def heard(item: Json) -> bool:
    """Whether a part carries words or files that the customer can see."""
    return item["part_type"] in _SPOKEN and bool(item.get("body") or item.get("attachments"))


def _statistics(parts: list[Json]) -> Json:
    contact = [p["created_at"] for p in parts if p["author"]["type"] in CUSTOMERS and heard(p)]
    admin = [p["created_at"] for p in parts if p["author"]["type"] == "admin" and heard(p)]
    closes = [p["created_at"] for p in parts if p["part_type"] == "close"]
    return {
        "type": "conversation_statistics",
        "first_contact_reply_at": contact[0] if contact else None,
        "first_admin_reply_at": admin[0] if admin else None,
        "last_contact_reply_at": contact[-1] if contact else None,
        "last_admin_reply_at": admin[-1] if admin else None,
        "first_close_at": closes[0] if closes else None,
        "last_close_at": closes[-1] if closes else None,
        "count_reopens": sum(p["part_type"] == "open" for p in parts),
        "count_assignments": sum(bool(p.get("assigned_to")) for p in parts),
        "count_conversation_parts": len(parts),
    }


def _first_reply(talk: Json, parts: list[Json]) -> None:
    said = [p for p in parts if heard(p) and p["author"]["type"] in CUSTOMERS | {"admin"}]
    opened_by_customer = talk["source"]["author"]["type"] in CUSTOMERS
    customer = [p for p in said if p["author"]["type"] in CUSTOMERS]
    first = talk["created_at"] if opened_by_customer else customer[0]["created_at"] if customer else None
    talk["first_contact_reply"] = (
        None if first is None else {"created_at": first, "type": "conversation", "url": None}
    )
    last = said[-1] if said else None
    if last is None:
        talk["waiting_since"] = talk["created_at"] if opened_by_customer else None
    else:
        talk["waiting_since"] = last["created_at"] if last["author"]["type"] in CUSTOMERS else None
