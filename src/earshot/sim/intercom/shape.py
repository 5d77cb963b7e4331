"""Intercom's objects with every field that the API sends: the shapes of API version 2.16."""

from collections.abc import Mapping

from earshot.sim.intercom.plaintext import body_of
from earshot.sim.workspace import Json

PLAIN = "_plain"
"""Private key beside `body`: the plain text that a body was made from. Never sent."""

NOBODY = 0


def spoken(text: str) -> Json:
    """A body made from plain text, with that text kept beside it."""
    return {"body": body_of(text) if text else "", PLAIN: text}


def author_of(person: Mapping[str, object], kind: str) -> Json:
    """How a contact, admin or bot appears as an author."""
    return {
        "type": kind,
        "id": str(person["id"]),
        "name": person.get("name"),
        "email": person.get("email") or f"{person['id']}@example.com",
    }


def part(part_id: str, part_type: str, *, at: int, author: Json, said: Json | None = None) -> Json:
    """One conversation part; `said` comes from `spoken`, None for an event without words."""
    return {
        "type": "conversation_part",
        "id": part_id,
        "part_type": part_type,
        **(said or {"body": None}),
        "created_at": at,
        "updated_at": at,
        "notified_at": at,
        "assigned_to": None,
        "author": {**author, "from_ai_agent": False, "is_ai_answer": False},
        "attachments": [],
        "external_id": None,
        "redacted": False,
        "email_message_metadata": None,
        "metadata": None,
        "state": "open",
        "tags": [],
        "event_details": None,
        "app_package_code": None,
    }


def source(source_id: str, delivered_as: str, *, author: Json, said: Json, subject: str = "") -> Json:
    """The opening message."""
    return {
        "type": "conversation",
        "id": source_id,
        "delivered_as": delivered_as,
        "subject": subject,
        **said,
        "author": author,
        "attachments": [],
        "url": None,
        "redacted": False,
    }


def conversation(conversation_id: str, at: int, *, opening: Json, contact: Json | None) -> Json:
    """A conversation that holds nothing but its opening message."""
    seen = {"type": "contact", "id": contact["id"], "external_id": contact["external_id"]} if contact else None
    return {
        "type": "conversation",
        "id": conversation_id,
        "title": None,
        "created_at": at,
        "updated_at": at,
        "waiting_since": at,
        "snoozed_until": None,
        "open": True,
        "state": "open",
        "read": False,
        "priority": "none",
        "admin_assignee_id": NOBODY,
        "team_assignee_id": NOBODY,
        "company": None,
        "tags": {"type": "tag.list", "tags": []},
        "conversation_rating": None,
        "source": opening,
        "contacts": {"type": "contact.list", "contacts": [seen] if seen else []},
        "teammates": {"type": "admin.list", "admins": []},
        "custom_attributes": {},
        "first_contact_reply": None,
        "sla_applied": None,
        "statistics": None,
        "conversation_parts": {"type": "conversation_part.list", "conversation_parts": [], "total_count": 0},
        "linked_objects": {"type": "list", "total_count": 0, "has_more": False, "data": []},
        "ai_agent_participated": False,
        "ai_agent": None,
        "sales_agent_participated": False,
        "sales_agent": None,
        "channel": {"initial": "messenger", "current": "messenger"},
        "external_references": [],
        "topics": {},
    }


def contact(contact_id: str, app_id: str, *, at: int, name: str | None, email: str | None) -> Json:
    """A user of the simulated customer, without companies."""
    link = f"/contacts/{contact_id}"
    return {
        "type": "contact",
        "id": contact_id,
        "workspace_id": app_id,
        "external_id": f"ext-{contact_id}",
        "role": "user",
        "email": email,
        "phone": None,
        "name": name,
        "avatar": None,
        "owner_id": None,
        "social_profiles": {"type": "list", "data": []},
        "has_hard_bounced": False,
        "marked_email_as_spam": False,
        "unsubscribed_from_emails": False,
        "created_at": at,
        "updated_at": at,
        "signed_up_at": at,
        "last_seen_at": None,
        "last_replied_at": None,
        "last_contacted_at": None,
        "language_override": None,
        "browser_language": None,
        "location": {"type": "location", "country": None, "region": None, "city": None},
        "custom_attributes": {},
        "tags": {"type": "list", "data": [], "url": f"{link}/tags", "total_count": 0, "has_more": False},
        "notes": {"type": "list", "data": [], "url": f"{link}/notes", "total_count": 0, "has_more": False},
        "companies": {
            "type": "list",
            "data": [],
            "url": f"{link}/companies",
            "total_count": 0,
            "has_more": False,
        },
    }


def company(company_id: str, app_id: str, *, at: int, name: str, plan: str | None, spend: int) -> Json:
    """A company; an unset plan is an empty object and an unset spend 0, as Intercom sends them."""
    return {
        "type": "company",
        "company_id": f"key-{company_id}",
        "id": company_id,
        "app_id": app_id,
        "name": name,
        "remote_created_at": at,
        "created_at": at,
        "updated_at": at,
        "last_request_at": at,
        "monthly_spend": spend,
        "session_count": 0,
        "user_count": 1,
        "tags": {"type": "tag.list", "tags": []},
        "segments": {"type": "segment.list", "segments": []},
        "plan": {"type": "plan", "id": f"plan-{plan}", "name": plan} if plan else {},
        "custom_attributes": {},
    }


def attach(person: Json, firm: Json) -> None:
    """Make a contact belong to a company: the contact's list holds ids only."""
    held = person["companies"]
    held["data"].append({"type": "company", "id": firm["id"], "url": f"/companies/{firm['id']}"})
    held["total_count"] = len(held["data"])


def ticket(linked: Json, talk: Json) -> Json:
    """A ticket linked to a conversation, as far as searches need it."""
    return {
        "type": "ticket",
        "id": str(linked["id"]),
        "ticket_id": str(linked["id"])[-6:],
        "category": linked.get("category") or "Customer",
        "ticket_attributes": {},
        "contacts": {"type": "contact.list", "contacts": talk["contacts"]["contacts"]},
        "admin_assignee_id": talk.get("admin_assignee_id") or NOBODY,
        "team_assignee_id": talk.get("team_assignee_id") or NOBODY,
        "created_at": talk["created_at"],
        "updated_at": talk["updated_at"],
        "open": talk.get("open", False),
        "is_shared": False,
    }


def admin(admin_id: str, name: str, *, team_ids: list[int]) -> Json:
    """A teammate with an inbox seat."""
    return {
        "type": "admin",
        "id": admin_id,
        "name": name,
        "email": f"{name.split(maxsplit=1)[0].lower()}@agents.example.com",
        "job_title": "Support",
        "away_mode_enabled": False,
        "away_mode_reassign": False,
        "has_inbox_seat": True,
        "team_ids": team_ids,
    }


def team(team_id: str, name: str, *, admin_ids: list[int]) -> Json:
    """A team of teammates."""
    return {"type": "team", "id": team_id, "name": name, "admin_ids": admin_ids}


def workspace_app(app_id: str, name: str, *, at: int) -> Json:
    """The workspace itself, as `GET /me` shows it."""
    return {
        "type": "app",
        "id_code": app_id,
        "name": name,
        "created_at": at,
        "secure": False,
        "identity_verification": False,
        "timezone": "UTC",
        "region": "US",
    }
