"""The control plane under `/_sim`: script faults, go down and up, hurry batches, read counts and the invoice."""

import base64
import math
from typing import Any

from earshot.sim.llm.settings import Fault
from earshot.sim.llm.wire import Call, Json, Reply, bad, encode, mapping, parsed
from earshot.sim.llm.world import World


async def stats(sim: World, _call: Call) -> Reply:
    """Counts since the start or the last reset."""
    return _ok(
        {
            "requests": dict(sim.counts),
            "statuses": {str(status): number for status, number in sim.statuses.items()},
            "faults": dict(sim.faults.struck),
            "charged": len(sim.invoice),
            "total_usd": str(sim.invoice.total),
            "stored_responses": len(sim.stored),
            "down": sim.is_down,
        }
    )


async def reset(sim: World, _call: Call) -> Reply:
    """Begin counting anew; the invoice stays."""
    sim.counts.clear()
    sim.statuses.clear()
    sim.faults.struck.clear()
    return _ok({})


async def fault(sim: World, call: Call) -> Reply:
    """Script a fault: `{"kind", "times"?, "path"?}`."""
    body = parsed(call)
    times = body.get("times", 1)
    if not isinstance(times, int) or times < 1:
        raise bad("times must be a positive number")
    sim.script(_kind(body), times=times, path=str(body.get("path", "/")))
    return _ok({})


async def down(sim: World, call: Call) -> Reply:
    """Let nobody in: `{"seconds"?, "way"?: "5xx"|"529"|"reset"}`."""
    body = parsed(call) if call.body else {}
    seconds = body.get("seconds", math.inf)
    if not isinstance(seconds, int | float) or seconds <= 0:
        raise bad("seconds must be a positive number")
    way = Fault(body["way"]) if body.get("way") in {"529", "reset"} else Fault.SERVER_ERROR
    sim.down(seconds, way=way)
    return _ok({})


async def up(sim: World, _call: Call) -> Reply:
    """Let everybody in again."""
    sim.up()
    return _ok({})


async def invoice(sim: World, _call: Call) -> Reply:
    """What was charged, line by line."""
    return _ok(sim.invoice.as_json())


async def peek(sim: World, call: Call) -> Reply:
    """The newest received requests (`?limit=`), oldest first; a body that is not text comes as base64."""
    limit = call.query.get("limit", "100")
    newest = list(sim.requests)[-int(limit if limit.isdigit() else 100) :]
    rows: list[Json] = [
        {"method": one.method, "url": one.url, "at": one.at.isoformat(), **_text(one.body)} for one in newest
    ]
    return _ok({"requests": rows})


def _text(body: bytes) -> Json:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _kind(body: Any) -> Fault:
    kind = mapping(body).get("kind")
    if kind not in [str(fault) for fault in Fault]:
        raise bad(f"kind must be one of {', '.join(sorted(Fault))}")
    return Fault(kind)


def _ok(value: Json) -> Reply:
    return Reply(200, encode(value))
