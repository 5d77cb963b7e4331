"""OpenAI's Batches: a file of requests in, a file of answers and a file of errors out."""

import json
from collections.abc import Iterator
from typing import Any

from earshot.sim.llm import chat, openai
from earshot.sim.llm.asking import Written
from earshot.sim.llm.catalogue import Tokens
from earshot.sim.llm.files import Files
from earshot.sim.llm.jobs import Errand, Fate, Job, Jobs, Result, page
from earshot.sim.llm.settings import Fault
from earshot.sim.llm.wire import Call, Json, Refused, Reply, bad, encode, mapping, missing, openai_error, parsed
from earshot.sim.llm.world import World

PATH = "/v1/batches"
MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000
ENDPOINTS = ("/v1/responses", "/v1/chat/completions")
_UNRUN = {
    Fate.EXPIRED: ("batch_expired", "This request could not be executed before the completion window expired."),
    Fate.CANCELLED: ("batch_cancelled", "This request was cancelled before it was executed."),
}


class OpenaiBatches:
    """The endpoints of Batches."""

    def __init__(self, sim: World, files: Files) -> None:
        self.sim = sim
        self.files = files
        self.jobs = Jobs(sim, "openai", answering=self._answer)

    async def create(self, sim: World, call: Call) -> Reply:
        """POST: a batch over an uploaded file. What is wrong inside the file shows when it is validated."""
        body = parsed(call)
        _check_order(body)
        file = self.files.find(str(body.get("input_file_id")))
        if file.purpose != "batch":
            raise bad("The file must have purpose 'batch'.", code="invalid_purpose", param="input_file_id")
        errands, errors = _errands(file.content, body["endpoint"])
        details = {
            "order": body,
            "errors": errors,
            "model": mapping(errands[0].body).get("model") if errands else None,
        }
        job = self.jobs.create(sim.new_id("batch_"), errands, details=details, path=PATH)
        if job.ending is Fault.BATCH_FAILED:
            message = "Enqueued token limit reached for this model."
            details["errors"] = [{"code": "token_limit_exceeded", "line": None, "message": message, "param": None}]
        if details["errors"]:
            job.errands = []
        return Reply(200, encode(self._batch(job, fresh=True)))

    async def retrieve(self, _sim: World, call: Call) -> Reply:
        """GET one."""
        job = await self.jobs.look(self._find(call))
        return Reply(200, encode(self._batch(job)))

    async def listing(self, _sim: World, call: Call) -> Reply:
        """GET all, newest first."""
        limit = call.query.get("limit", "20")
        if not limit.isdigit() or not 1 <= int(limit) <= 100:
            raise bad("Invalid 'limit': expected 1 to 100.", code="invalid_value", param="limit")
        found, more = page(self.jobs, after=call.query.get("after"), limit=int(limit))
        data = [self._batch(await self.jobs.look(job)) for job in found]
        ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {}
        return Reply(200, encode({"object": "list", "data": data, "has_more": more, **ends}))

    async def cancel(self, _sim: World, call: Call) -> Reply:
        """POST cancel."""
        job = await self.jobs.look(self._find(call))
        if job.ended is not None:
            message = f"Cannot cancel a batch with status '{self._batch(job)['status']}'."
            raise Refused(409, "invalid_request_error", message=message, code="invalid_status")
        self.jobs.cancel(job)
        return Reply(200, encode(self._batch(job)))

    def _find(self, call: Call) -> Job:
        job = self.jobs.all.get(call.path[0])
        if job is None:
            raise missing(f"No batch found with id '{call.path[0]}'.")
        return job

    async def _answer(self, job: Job, errand: Errand, *, fate: Fate) -> Result:
        if fate in _UNRUN:
            code, message = _UNRUN[fate]
            error = {"code": code, "message": message}
            return Result(self._line(errand, response=None, error=error), "failed", failed=True)
        if fate is Fate.ERROR:
            return self._refused(errand, Refused(500, "server_error", message="The server had an error."))
        try:
            written, body = await self._written(job, errand)
        except Refused as refused:
            return self._refused(errand, refused)
        return Result(self._line(errand, response=self._response(200, body)), "completed", tokens=written.tokens)

    def _refused(self, errand: Errand, refused: Refused) -> Result:
        reply = openai_error(refused)
        spoken = self._response(reply.status, json.loads(reply.body))
        return Result(self._line(errand, response=spoken), "failed", failed=True)

    async def _written(self, job: Job, errand: Errand) -> tuple[Written, Json]:
        sim, body = self.sim, errand.body
        if job.details["order"]["endpoint"] == "/v1/responses":
            ask = openai.read_response_ask(sim, body, custom_id=errand.custom_id)
            written = await sim.write(ask, "batch", prefix="resp_", path=PATH)
            if body.get("store") is not False:
                sim.stored.append(written.id)
            return written, openai.response(sim, body, ask=ask, written=written)
        ask = chat.read_chat_ask(sim, body, custom_id=errand.custom_id)
        written = await sim.write(ask, "batch", prefix="chatcmpl-", path=PATH)
        return written, chat.completion(sim, ask, written=written)

    def _response(self, status: int, body: Json) -> Json:
        return {"status_code": status, "request_id": self.sim.new_id("req_"), "body": body}

    def _line(self, errand: Errand, *, response: Json | None, error: Json | None = None) -> Json:
        line_id = self.sim.new_id("batch_req_")
        return {"id": line_id, "custom_id": errand.custom_id, "response": response, "error": error}

    def _batch(self, job: Job, *, fresh: bool = False) -> Json:
        status = "validating" if fresh else self._status(job)
        order = mapping(job.details["order"])
        ended = job.ended
        self._keep_files(job)
        return {
            "id": job.id,
            "object": "batch",
            "endpoint": order["endpoint"],
            "model": job.details["model"],
            "errors": {"object": "list", "data": job.details["errors"]} if status == "failed" else None,
            "input_file_id": order["input_file_id"],
            "completion_window": "24h",
            "status": status,
            "output_file_id": job.details.get("output"),
            "error_file_id": job.details.get("error"),
            "created_at": int(job.created),
            "in_progress_at": None if fresh or status in {"validating", "failed"} else int(job.created),
            "expires_at": int(job.expires),
            "finalizing_at": _whole(ended),
            "completed_at": _whole(ended) if status == "completed" else None,
            "failed_at": int(job.created) if status == "failed" else None,
            "expired_at": _whole(ended) if status == "expired" else None,
            "cancelling_at": _whole(job.cancelled),
            "cancelled_at": _whole(ended) if status == "cancelled" else None,
            "request_counts": {
                "total": 0 if fresh else len(job.errands),
                "completed": job.counts["completed"],
                "failed": job.counts["failed"],
            },
            "metadata": order.get("metadata"),
            "usage": _usage(job.tokens),
        }

    def _status(self, job: Job) -> str:
        if job.details["errors"]:
            return "failed"
        if job.ended is None:
            if job.cancelled is not None:
                return "cancelling"
            return "finalizing" if job.working is not None else "in_progress"
        if job.cancelled is not None:
            return "cancelled"
        late = job.due > job.expires or job.ending is Fault.BATCH_EXPIRED
        return "expired" if late else "completed"

    def _keep_files(self, job: Job) -> None:
        if job.ended is None:
            return
        for kind, lines in (("output", job.good), ("error", job.bad)):
            if lines and kind not in job.details:
                file = self.files.add(f"{job.id}_{kind}.jsonl", b"\n".join(lines) + b"\n", purpose="batch_output")
                job.details[kind] = file.id


def _check_order(body: Json) -> None:
    if body.get("endpoint") not in ENDPOINTS:
        raise bad(f"Invalid value: '{body.get('endpoint')}'. Supported values are: {', '.join(ENDPOINTS)}.",
                  code="invalid_value", param="endpoint")  # fmt: skip
    if body.get("completion_window") != "24h":
        raise bad("Invalid value for 'completion_window'.", code="invalid_value", param="completion_window")
    given = body.get("metadata")
    pairs = mapping(given)
    fits = all(len(key) <= 64 and isinstance(value, str) and len(value) <= 512 for key, value in pairs.items())
    if (given is not None and not isinstance(given, dict)) or len(pairs) > 16 or not fits:
        raise bad("Invalid 'metadata'.", code="invalid_value", param="metadata")


def _errands(content: bytes, endpoint: str) -> tuple[list[Errand], list[Json]]:
    """The requests of a file, and what is wrong with it."""
    if len(content) > MOST_BYTES:
        return [], [_error("file_too_large", "The file is larger than 200 MB.")]
    errands: list[Errand] = []
    errors: list[Json] = []
    for number, line in _lines(content):
        read = _errand(line, endpoint)
        if isinstance(read, Errand):
            errands.append(read)
        else:
            errors.append({**_error(*read), "line": number})
    return errands, errors or list(_whole_file_errors(errands))


def _lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    return ((number, line) for number, line in enumerate(content.split(b"\n"), start=1) if line.strip())


def _errand(line: bytes, endpoint: str) -> Errand | tuple[str, str]:
    try:
        row: Any = json.loads(line)
    except ValueError:
        return "invalid_json_line", "This line is not parseable as valid JSON."
    known = mapping(row)
    if not isinstance(known.get("custom_id"), str) or not known["custom_id"]:
        return "missing_required_parameter", "Missing required parameter: 'custom_id'."
    if known.get("method") != "POST":
        return "invalid_method", "The method must be POST."
    if known.get("url") != endpoint:
        return "mismatched_endpoint", "The URL provided for this request does not match the batch endpoint."
    if not isinstance(known.get("body"), dict):
        return "missing_required_parameter", "Missing required parameter: 'body'."
    return Errand(known["custom_id"], mapping(known["body"]))


def _whole_file_errors(errands: list[Errand]) -> Iterator[Json]:
    if not errands:
        yield _error("empty_file", "The file holds no request.")
    if len(errands) > MOST_REQUESTS:
        yield _error("too_many_tasks", f"At most {MOST_REQUESTS} requests.")
    if len({errand.custom_id for errand in errands}) < len(errands):
        yield _error("duplicate_custom_id", "The custom_id must be unique within a batch.")
    if len({str(errand.body.get("model")) for errand in errands}) > 1:
        yield _error("mismatched_model", "All requests of a batch must use the same model.")


def _error(code: str, message: str) -> Json:
    return {"code": code, "message": message, "param": None, "line": None}


def _whole(moment: float | None) -> int | None:
    return None if moment is None else int(moment)


def _usage(tokens: list[Tokens]) -> Json:
    prompt, output = sum(t.prompt for t in tokens), sum(t.output for t in tokens)
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": sum(t.read for t in tokens)},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": sum(t.thinking for t in tokens)},
        "total_tokens": prompt + output,
    }
