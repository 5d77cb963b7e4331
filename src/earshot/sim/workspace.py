"""What a simulated Intercom workspace holds, and the truth planted in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Truth:
    """What is really the matter in one sample conversation; tests compare reports with it.

    `matters` are slugs of planted matters, the main one first; `excluded` names why a conversation must not
    be counted (spam, own staff, unanswered outbound), None where it counts.
    """

    conversation_id: str
    issue_type: str
    priority: str
    sentiment: str
    churn_risk: str
    matters: tuple[str, ...]
    language: str = "en"
    excluded: str | None = None
    injection: bool = False
    personal_data: tuple[str, ...] = ()


@dataclass(frozen=True)
class Matter:
    """A planted matter: many customers raise it in different words."""

    slug: str
    issue_type: str
    area: str
    title: str


@dataclass
class SimWorkspace:
    """Everything the simulated Intercom serves, in Intercom's own JSON (API 2.16, HTML bodies).

    `conversations` are full retrieve-form objects with all parts (the server derives listings from them);
    `deleted` maps conversation id to deletion time; `merged` maps an old contact id to its canonical one.
    """

    app: Json
    admins: list[Json]
    teams: list[Json]
    tags: list[Json]
    contacts: list[Json]
    companies: list[Json]
    conversations: Iterable[Json]
    deleted: dict[str, int] = field(default_factory=dict[str, int])
    merged: dict[str, str] = field(default_factory=dict[str, str])
    truths: list[Truth] = field(default_factory=list[Truth])
    matters: list[Matter] = field(default_factory=list[Matter])


def accounts(workspace: SimWorkspace) -> dict[str, str]:
    """What counts as one customer, by conversation: the company where there is one, otherwise the contact."""
    people = {str(contact["id"]): contact for contact in workspace.contacts}
    found: dict[str, str] = {}
    for talk in workspace.conversations:
        listed = talk["contacts"]["contacts"]
        if not listed:
            continue
        contact = str(listed[0]["id"])
        while contact in workspace.merged:
            contact = workspace.merged[contact]
        companies = people.get(contact, {}).get("companies", {}).get("data", [])
        company = talk.get("company") or next(iter(companies), None)
        found[str(talk["id"])] = str(company["id"]) if company else contact
    return found
