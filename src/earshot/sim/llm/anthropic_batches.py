"""Anthropic's Message Batches."""

import re
from datetime import UTC, datetime
from typing import Any

from earshot.sim.llm import anthropic
from earshot.sim.llm.jobs import Errand, Fate, Job, Jobs, Result, page
from earshot.sim.llm.wire import (
    Call,
    Json,
    Refused,
    Reply,
    anthropic_error_body,
    bad,
    encode,
    items,
    mapping,
    parsed,
)
from earshot.sim.llm.world import World

PATH = "/v1/messages/batches"
MOST_REQUESTS = 100_000
MOST_BYTES = 256_000_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class AnthropicBatches:
    """The endpoints of Message Batches. Parameters are validated late, as the vendor does: in the results."""

    def __init__(self, sim: World) -> None:
        self.sim = sim
        self.jobs = Jobs(sim, "anthropic", answering=self._answer)

    async def create(self, sim: World, call: Call) -> Reply:
        """POST: take the requests."""
        if len(call.body) > MOST_BYTES:
            raise Refused(413, "request_too_large", message="Request exceeds the maximum size")
        errands = _errands(parsed(call).get("requests"))
        job = self.jobs.create(sim.new_id("msgbatch_"), errands, details={}, path=PATH)
        return _ok(_batch(job, call.address))

    async def retrieve(self, _sim: World, call: Call) -> Reply:
        """GET one."""
        job = await self.jobs.look(self._find(call))
        return _ok(_batch(job, call.address))

    async def listing(self, _sim: World, call: Call) -> Reply:
        """GET all, newest first."""
        limit = _limit(call.query.get("limit", "20"))
        found, more = page(self.jobs, after=call.query.get("after_id"), limit=limit)
        data = [_batch(await self.jobs.look(job), call.address) for job in found]
        ends = (
            {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
        )
        return _ok({"data": data, "has_more": more, **ends})

    async def results(self, _sim: World, call: Call) -> Reply:
        """GET the results as JSON lines, in no order."""
        job = await self.jobs.look(self._find(call))
        if job.ended is None:
            raise bad("Batch results are not available until processing has ended.")
        return Reply(200, b"".join(line + b"\n" for line in job.good), media="application/x-jsonl")

    async def cancel(self, _sim: World, call: Call) -> Reply:
        """POST cancel."""
        job = self._find(call)
        self.jobs.cancel(job)
        return _ok(_batch(job, call.address))

    async def delete(self, _sim: World, call: Call) -> Reply:
        """DELETE one that has ended."""
        job = await self.jobs.look(self._find(call))
        if job.ended is None:
            raise bad("Message Batches can only be deleted once they have finished processing.")
        del self.jobs.all[job.id]
        return _ok({"id": job.id, "type": "message_batch_deleted"})

    def _find(self, call: Call) -> Job:
        job = self.jobs.all.get(call.path[0])
        if job is None:
            raise Refused(404, "not_found_error", message=f"Message Batch {call.path[0]} not found.")
        return job

    async def _answer(self, _job: Job, errand: Errand, *, fate: Fate) -> Result:
        if fate in {Fate.EXPIRED, Fate.CANCELLED}:
            kind = "expired" if fate is Fate.EXPIRED else "canceled"
            return _result(errand, {"type": kind})
        if fate is Fate.ERROR:
            failed = Refused(500, "api_error", message="Internal server error")
            return _result(errand, {"type": "errored", "error": anthropic_error_body(failed)})
        try:
            ask = anthropic.read_ask(self.sim, errand.body, custom_id=errand.custom_id)
        except Refused as refused:
            return _result(errand, {"type": "errored", "error": anthropic_error_body(refused)})
        written = await self.sim.write(ask, "batch", prefix="msg_", path=PATH)
        message = anthropic.message(ask, written, tier="batch")
        return _result(errand, {"type": "succeeded", "message": message})


def _errands(requests: Any) -> list[Errand]:
    rows = items(requests)
    if not 1 <= len(rows) <= MOST_REQUESTS:
        raise bad(f"requests: List should have between 1 and {MOST_REQUESTS} items")
    errands: list[Errand] = []
    for number, row in enumerate(rows):
        custom_id = mapping(row).get("custom_id")
        if not isinstance(custom_id, str) or not _ID.fullmatch(custom_id):
            raise bad(f"requests.{number}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'")
        if not isinstance(row.get("params"), dict):
            raise bad(f"requests.{number}.params: Field required")
        errands.append(Errand(custom_id, mapping(row["params"])))
    if len({errand.custom_id for errand in errands}) < len(errands):
        raise bad("requests: custom_id must be unique within a batch")
    return errands


def _result(errand: Errand, result: Json) -> Result:
    return Result({"custom_id": errand.custom_id, "result": result}, result["type"])


def _batch(job: Job, address: str) -> Json:
    ended = job.ended is not None
    counts = {name: job.counts[name] if ended else 0 for name in ("succeeded", "errored", "canceled", "expired")}
    return {
        "id": job.id,
        "type": "message_batch",
        "processing_status": "ended" if ended else "canceling" if job.cancelled is not None else "in_progress",
        "request_counts": {"processing": 0 if ended else len(job.errands), **counts},
        "created_at": _stamp(job.created),
        "expires_at": _stamp(job.expires),
        "ended_at": _stamp(job.ended),
        "cancel_initiated_at": _stamp(job.cancelled),
        "archived_at": None,
        "results_url": f"{address}{PATH}/{job.id}/results" if ended else None,
    }


def _stamp(moment: float | None) -> str | None:
    return None if moment is None else anthropic.stamp(datetime.fromtimestamp(moment, UTC))


def _limit(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1000:
        raise bad("limit: Input should be between 1 and 1000")
    return int(text)


def _ok(value: Json) -> Reply:
    return Reply(200, encode(value))
