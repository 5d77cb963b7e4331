"""The control plane under `/_sim`: change the workspace, script faults, read counts and the planted truth."""

from typing import Any

from earshot.sim.intercom.answers import Answer, Call, invalid, ok
from earshot.sim.intercom.peek import mapping
from earshot.sim.intercom.settings import Fault
from earshot.sim.intercom.world import World

AUTHORS = ("customer", "agent", "note", "bot")


def reply(sim: World, call: Call) -> Answer:
    """Somebody writes: `{"author": "customer"|"agent"|"note"|"bot", "text"}`."""
    body = mapping(call.body)
    if body.get("author") not in AUTHORS or not isinstance(body.get("text"), str):
        raise invalid(f"author must be one of {', '.join(AUTHORS)}, and text must be text")
    return _changed(sim.reply(call.path["id"], body["author"], text=body["text"]))


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
    ("POST", "/conversations/{id}/reply", reply),
    ("POST", "/conversations/{id}/touch", touch),
    ("POST", "/conversations/{id}/redact", redact),
    ("DELETE", "/conversations/{id}", delete),
    ("POST", "/contacts/{id}/merge", merge),
    ("GET", "/stats", stats),
    ("POST", "/stats/reset", reset),
    ("GET", "/truth", truth),
    ("POST", "/faults", fault),
)
