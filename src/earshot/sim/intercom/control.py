"""The control plane under `/_sim`: change the workspace, script faults, read counts and the planted truth."""

from typing import Any

from earshot.sim.intercom.answers import Answer, Call, invalid, ok
from earshot.sim.intercom.peek import mapping
from earshot.sim.intercom.settings import Fault
from earshot.sim.intercom.world import STATES, World

AUTHORS = ("customer", "agent", "note", "bot")


def reply(sim: World, call: Call) -> Answer:
    """Somebody writes: `{"author": "customer"|"agent"|"note"|"bot", "text"}`."""
    body = mapping(call.body)
    if body.get("author") not in AUTHORS or not isinstance(body.get("text"), str):
        raise invalid(f"author must be one of {', '.join(AUTHORS)}, and text must be text")
    return _changed(sim.reply(call.path["id"], body["author"], text=body["text"]))


def begin(sim: World, call: Call) -> Answer:
    """A customer begins a conversation: `{"text", "contact"?}`."""
    body = mapping(call.body)
    if not isinstance(body.get("text"), str):
        raise invalid("text must be text")
    contact = body.get("contact")
    return _changed(sim.begin(body["text"], contact_id=None if contact is None else str(contact)))


def state(sim: World, call: Call) -> Answer:
    """An agent closes, opens or snoozes: `{"state": "close"|"open"|"snoozed"}`."""
    wanted = mapping(call.body).get("state")
    if wanted not in STATES:
        raise invalid(f"state must be one of {', '.join(STATES)}")
    return _changed(sim.set_state(call.path["id"], str(wanted)))


def rate(sim: World, call: Call) -> Answer:
    """A customer rates: `{"rating": 1 to 5, "remark"?}`."""
    body = mapping(call.body)
    if body.get("rating") not in range(1, 6):
        raise invalid("rating must be a number from 1 to 5")
    remark = body.get("remark")
    return _changed(sim.rate(call.path["id"], int(body["rating"]), remark=None if remark is None else str(remark)))


def touch(sim: World, call: Call) -> Answer:
    """Raise `updated_at` only."""
    return _changed(sim.touch(call.path["id"]))


def redact(sim: World, call: Call) -> Answer:
    """Blank `{"part_id"}`, or the newest message."""
    part_id = mapping(call.body).get("part_id")
    return _changed(sim.redact(call.path["id"], None if part_id is None else str(part_id)))


def delete(sim: World, call: Call) -> Answer:
    """Delete a conversation."""
    sim.delete(call.path["id"])
    return ok({"id": call.path["id"], "deleted": True})


def merge(sim: World, call: Call) -> Answer:
    """Merge a contact `{"into"}` another."""
    sim.merge_contact(call.path["id"], str(mapping(call.body).get("into")))
    return ok({"id": call.path["id"], "canonical": sim.canonical(call.path["id"])})


def forget(sim: World, call: Call) -> Answer:
    """Delete a contact."""
    sim.delete_contact(call.path["id"])
    return ok({"id": call.path["id"], "deleted": True})


def rename(sim: World, call: Call) -> Answer:
    """Change a contact's `{"name"}` or `{"email"}`."""
    values = {name: value for name, value in mapping(call.body).items() if name in ("name", "email")}
    return ok(sim.update_contact(call.path["id"], values))


def webhooks(sim: World, _call: Call) -> Answer:
    """What became of the webhooks; null where none are sent."""
    return ok(None if sim.webhooks is None else sim.webhooks.stats())


def ping(sim: World, _call: Call) -> Answer:
    """Send the test webhook."""
    if sim.webhooks is None:
        raise invalid("no webhooks are sent; start the simulator with --webhooks-to")
    return ok({"id": sim.webhooks.tell("ping", {"type": "ping", "message": "hello"}, at=sim.now())})


def stats(sim: World, _call: Call) -> Answer:
    """Counts since the start or the last reset."""
    return ok(sim.stats())


def reset(sim: World, _call: Call) -> Answer:
    """Begin counting anew."""
    sim.reset_stats()
    return ok({})


def truth(sim: World, _call: Call) -> Answer:
    """The planted truth."""
    return ok(sim.truth_json())


def fault(sim: World, call: Call) -> Answer:
    """Script a fault: `{"kind", "times"?, "path"?}`."""
    body = mapping(call.body)
    kinds = [str(kind) for kind in Fault]
    if body.get("kind") not in kinds:
        raise invalid(f"kind must be one of {', '.join(kinds)}")
    sim.script_fault(Fault(body["kind"]), times=int(body.get("times", 1)), path=str(body.get("path", "/")))
    return ok({})


def _changed(talk: dict[str, Any]) -> Answer:
    parts = talk["conversation_parts"]["conversation_parts"]
    return ok({"id": talk["id"], "updated_at": talk["updated_at"], "parts": len(parts)})


CONTROLS = (
    ("POST", "/conversations", begin),
    ("POST", "/conversations/{id}/state", state),
    ("POST", "/conversations/{id}/rate", rate),
    ("POST", "/conversations/{id}/reply", reply),
    ("POST", "/conversations/{id}/touch", touch),
    ("POST", "/conversations/{id}/redact", redact),
    ("DELETE", "/conversations/{id}", delete),
    ("POST", "/contacts/{id}/merge", merge),
    ("DELETE", "/contacts/{id}", forget),
    ("POST", "/contacts/{id}", rename),
    ("GET", "/webhooks", webhooks),
    ("POST", "/webhooks/ping", ping),
    ("GET", "/stats", stats),
    ("POST", "/stats/reset", reset),
    ("GET", "/truth", truth),
    ("POST", "/faults", fault),
)
