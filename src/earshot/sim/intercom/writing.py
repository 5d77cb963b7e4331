"""The endpoints that write; every write leaves a part and raises `updated_at`."""

from typing import Any

from earshot.sim.intercom import changes, shape
from earshot.sim.intercom.answers import Answer, Call, Refusal, invalid, not_found, ok
from earshot.sim.intercom.peek import is_object, mapping, members
from earshot.sim.intercom.reading import whole
from earshot.sim.intercom.world import STATES, World
from earshot.sim.workspace import Json

DATA_TYPES = ("string", "integer", "list", "decimal", "boolean", "datetime", "relationship", "files")


def reply(sim: World, call: Call) -> Answer:
    """A comment or a note by an admin, or a comment by a contact."""
    body = _object(call.body)
    kind, text = body.get("message_type"), str(body.get("body") or "")
    said = {"body": text if "<" in text else shape.body_of(text)}
    part_id, at = sim.new_id(), sim.now()
    if body.get("type") == "user":
        person = _contact(sim, body)
        talk = sim.change(
            call.path["id"],
            lambda talk: changes.customer_says(talk, part_id, said=said, person=person, at=at),
            topic="conversation.user.replied",
        )
        return ok(whole(sim, talk, call=call))
    if kind not in ("comment", "note", "quick_reply"):
        raise invalid("message_type must be comment, note or quick_reply")
    author, package = _author(sim, body), sim.settings.app_package_code
    talk = sim.change(
        call.path["id"],
        lambda talk: changes.staff_says(
            talk, part_id, said=said, author=author, kind=str(kind), at=at, package=package
        ),
        topic=f"conversation.admin.{'noted' if kind == 'note' else 'replied'}",
    )
    return ok(whole(sim, talk, call=call))


def manage(sim: World, call: Call) -> Answer:
    """Assign, close, open or snooze."""
    body = _object(call.body)
    kind, author = body.get("message_type"), _author(sim, body)
    part_id, at = sim.new_id(), sim.now()
    if kind == "assignment":
        to, team = _assignee(sim, body)
        talk = sim.change(
            call.path["id"],
            lambda talk: changes.assign(talk, part_id, author=author, to=to, team=team, at=at),
            topic="conversation.admin.assigned",
        )
        return ok(whole(sim, talk, call=call))
    if kind not in STATES:
        raise invalid("message_type must be assignment, close, open or snoozed")
    until = body.get("snoozed_until")
    if kind == "snoozed" and not isinstance(until, int):
        raise invalid("snoozed_until must be a time in seconds")
    talk = sim.change(
        call.path["id"],
        lambda talk: changes.set_state(
            talk, part_id, author=author, kind=str(kind), at=at, until=until if kind == "snoozed" else None
        ),
        topic=STATES[str(kind)],
    )
    return ok(whole(sim, talk, call=call))


def update(sim: World, call: Call) -> Answer:
    """Title, read mark, company, custom attributes."""
    body = _object(call.body)
    values = _object(body.get("custom_attributes") or {})
    _unambiguous(sim, values)
    company: Json | None = None
    if body.get("company_id") is not None:
        company = sim.companies.get(str(body["company_id"]))
        if company is None:
            raise not_found("Company Not Found", code="company_not_found")
    at, author = sim.now(), _owner(sim)

    def act(talk: Json) -> None:
        talk.update({name: body[name] for name in ("title", "read") if name in body})
        if company is not None:
            talk["company"] = company
        changes.touch(talk, at)
        changes.set_attributes(talk, [sim.new_id() for _ in values], values=values, author=author, at=at)

    topic = "" if company is None else "conversation.company.updated"
    return ok(whole(sim, sim.change(call.path["id"], act, topic=topic), call=call))


def delete(sim: World, call: Call) -> Answer:
    """Delete a conversation."""
    conversation_id = call.path["id"]
    sim.delete(conversation_id, retain_metrics=call.asked.get("retain_metrics", "true") != "false")
    return ok({"id": conversation_id, "object": "conversation", "deleted": True})


def redact(sim: World, call: Call) -> Answer:
    """Blank a part or the source of a conversation."""
    body = _object(call.body)
    message_id = body.get("conversation_part_id" if body.get("type") == "conversation_part" else "source_id")
    if message_id is None:
        raise invalid("conversation_part_id or source_id is missing")
    return ok(whole(sim, sim.redact(str(body.get("conversation_id")), str(message_id)), call=call))


def add_tag(sim: World, call: Call) -> Answer:
    """Tag a conversation; wants the tag's id, not its name."""
    body = _object(call.body)
    author, label = _author(sim, body), sim.tags.get(str(body.get("id")))
    if label is None:
        raise not_found("Tag not found", code="tag_not_found")
    applied: list[Json] = []
    at, part_id = sim.now(), sim.new_id()
    sim.change(
        _conversation(sim, call),
        lambda talk: applied.append(changes.tag(talk, part_id, label=label, author=author, at=at)),
    )
    return ok(applied[0])


def remove_tag(sim: World, call: Call) -> Answer:
    """Take a tag off a conversation; the body must name an admin."""
    author, part_id = _author(sim, _object(call.body)), sim.new_id()
    gone: list[Json] = []
    sim.change(
        _conversation(sim, call),
        lambda talk: gone.append(
            changes.untag(talk, part_id, tag_id=call.path["tag_id"], author=author, at=sim.now())
        ),
    )
    return ok(gone[0])


def create_tag(sim: World, call: Call) -> Answer:
    """Create a tag or give back the one with this name, whatever its case."""
    name = _object(call.body).get("name")
    if not isinstance(name, str) or not name:
        raise invalid("invalid tag parameters")
    for label in sim.tags.values():
        if label["name"].lower() == name.lower():
            return ok(label)
    label = {"type": "tag", "id": sim.new_id(), "name": name}
    sim.tags[label["id"]] = label
    return ok(label)


def create_attribute(sim: World, call: Call) -> Answer:
    """Define a conversation attribute."""
    body = _object(call.body)
    kind = body.get("data_type")
    if kind not in DATA_TYPES:
        message = f"data_type '{kind}' is not valid. Allowed types: {', '.join(DATA_TYPES)}"
        raise Refusal(422, "parameter_invalid", message=message)
    at = sim.now()
    attribute: Json = {
        "type": "conversation_attribute",
        "id": len(sim.attributes) + 1,
        "name": body.get("name"),
        "description": body.get("description", ""),
        "data_type": kind,
        "required": bool(body.get("required", False)),
        "visible_to_team_ids": [],
        "archived": False,
        "created_at": at,
        "updated_at": at,
        "admin_id": _owner(sim)["id"],
    }
    if kind == "list":
        attribute["options"] = [
            {"id": sim.new_id(), "label": option["label"], "archived": False} for option in members(body, "options")
        ]
    if kind == "string":
        attribute["multiline"] = bool(body.get("multiline", False))
    sim.attributes.append(attribute)
    return ok(attribute)


def _object(value: Any) -> Json:
    if not is_object(value):
        raise invalid("the body must be a JSON object")
    return mapping(value)


def _conversation(sim: World, call: Call) -> str:
    conversation_id = call.path["id"]
    if sim.shelf.get(conversation_id) is None:
        raise not_found("Conversation not found")
    return conversation_id


def _author(sim: World, body: Json) -> Json:
    admin = sim.admins.get(str(body.get("admin_id")))
    if admin is None:
        raise not_found("Admin for admin_id not found", code="admin_not_found")
    return shape.author_of(admin, "admin")


def _owner(sim: World) -> Json:
    return shape.author_of(next(iter(sim.admins.values())), "admin")


def _contact(sim: World, body: Json) -> Json:
    for asked, field in (("intercom_user_id", "id"), ("user_id", "external_id"), ("email", "email")):
        for person in sim.contacts.values():
            if asked in body and str(person.get(field)) == str(body[asked]):
                return person
    raise not_found("User Not Found")


def _assignee(sim: World, body: Json) -> tuple[str, bool]:
    to, team = str(body.get("assignee_id")), body.get("type") == "team"
    if to != "0" and to not in (sim.teams if team else sim.admins):
        raise not_found("Assignee not found", code="assignee_not_found")
    return to, team


def _unambiguous(sim: World, values: Json) -> None:
    for name in values:
        if sum(one["name"] == name and not one["archived"] for one in sim.attributes) > 1:
            raise invalid(f"more than one attribute is called {name}", code="INVALID_PARAMETER")


WRITINGS = (
    ("POST", "/conversations/redact", redact),
    ("POST", "/conversations/attributes", create_attribute),
    ("POST", "/conversations/{id}/reply", reply),
    ("POST", "/conversations/{id}/parts", manage),
    ("PUT", "/conversations/{id}", update),
    ("DELETE", "/conversations/{id}", delete),
    ("POST", "/conversations/{id}/tags", add_tag),
    ("DELETE", "/conversations/{id}/tags/{tag_id}", remove_tag),
    ("POST", "/tags", create_tag),
)
