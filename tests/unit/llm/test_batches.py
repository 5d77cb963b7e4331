"""Batches of both providers: what is sent, found again, read as it streams, and what each end means."""

import json
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from earshot.domain.call import Outcome, Tier, Usage
from earshot.errors import Misconfigured, NotFound, Rejected
from earshot.ports.model import Answer, BatchAnswer, BatchModel, Finish, Request, Unanswered
from tests.unit.llm.test_answers import assert_silent
from tests.unit.llm.wire import ASKED, SECRET, Wire, message, reply, response

AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
REQUESTS = {f"call-{number}": ASKED for number in (1, 2, 3)}
Routes = Mapping[tuple[str, str], Any]


class Provider(Wire):
    """Answers by method and path."""

    def __init__(self, routes: Routes) -> None:
        super().__init__(self.route)
        self.routes = routes

    def route(self, request: httpx2.Request) -> httpx2.Response:
        answer = self.routes[request.method, request.url.path]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx2.Response) else answer()

    def batch(self, provider: str) -> BatchModel:
        made = self.models(provider=provider).batch(Tier.CHEAP)
        assert made is not None
        return made


def lines(*told: Mapping[str, Any] | str) -> Callable[[], httpx2.Response]:
    """A file of JSON lines, in chunks that end anywhere."""
    text = "\n".join(each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in told)

    async def chunks() -> AsyncGenerator[bytes]:
        data = text.encode()
        for start in range(0, len(data), 37):
            yield data[start : start + 37]

    return lambda: httpx2.Response(200, content=chunks(), headers={"content-type": "application/x-jsonl"})


async def collected(batch: BatchModel, handle: str, requests: Mapping[str, Request]) -> dict[str, BatchAnswer]:
    return {answer.custom_id: answer async for answer in batch.results(handle, requests)}


def answered(given: BatchAnswer) -> Answer:
    assert given.answer is not None, given
    return given.answer


# Anthropic


def message_batch(name: str = "msgbatch_1", *, status: str = "in_progress", **more: Any) -> dict[str, Any]:
    counts = {"processing": 3, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
    return {
        "id": name,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": counts,
        "created_at": AT.isoformat(),
        "expires_at": (AT + timedelta(days=1)).isoformat(),
        "ended_at": None,
        "archived_at": None,
        "cancel_initiated_at": None,
        "results_url": f"https://api.anthropic.com/v1/messages/batches/{name}/results",
        **more,
    }


BATCHES = "/v1/messages/batches"


def claude(*results: Mapping[str, Any] | str, status: str = "ended") -> Provider:
    return Provider(
        {
            ("POST", BATCHES): reply(message_batch()),
            ("GET", f"{BATCHES}/msgbatch_1"): reply(message_batch(status=status)),
            ("POST", f"{BATCHES}/msgbatch_1/cancel"): reply(message_batch(status="canceling")),
            ("GET", f"{BATCHES}/msgbatch_1/results"): lines(*results),
        }
    )


def result(custom_id: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "result": {"type": kind, **more}}


async def test_anthropic_gets_the_same_requests_as_online() -> None:
    provider = claude()
    handle = await provider.batch("anthropic").submit(REQUESTS, reference="ours")
    assert json.loads(handle)["id"] == "msgbatch_1"
    [body] = provider.bodies
    assert [each["custom_id"] for each in body["requests"]] == list(REQUESTS)
    params = body["requests"][0]["params"]
    assert params["max_tokens"] == ASKED.max_tokens
    assert params["thinking"] == {"type": "disabled"}
    assert params["output_config"]["format"]["type"] == "json_schema"
    assert "temperature" not in params
    assert params["messages"][0]["content"][0]["text"] == ASKED.content


async def test_anthropics_results_in_any_order_with_every_end() -> None:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": SECRET}}
    invalid = {"type": "error", "error": {"type": "invalid_request_error", "message": SECRET}}
    provider = claude(
        result("c", "succeeded", message=message("", stop="refusal")),
        result("b", "succeeded", message=message("cut", stop="max_tokens")),
        "this is no JSON",
        "[1]",
        result("a", "succeeded", message=message("line\u2028separator\x85within")),
        result("a", "succeeded", message=message()),
        result("d", "errored", error=overloaded),
        result("e", "errored", error=invalid),
        result("f", "expired"),
        result("g", "canceled"),
        result("h", "succeeded", message={"usage": {"input_tokens": 5, "output_tokens": 2}}),
        result("i", "succeeded", message={"nothing": True}),
        result("stranger", "succeeded", message=message()),
        result("k", "something new"),
    )
    batch = provider.batch("anthropic")
    handle = (await batch.look(await batch.submit(REQUESTS, reference="x"))).handle
    requests = dict.fromkeys("abcdefghik", ASKED)
    seen = [answer async for answer in batch.results(handle, requests)]
    assert [answer.custom_id for answer in seen].count("a") == 2
    given = {answer.custom_id: answer for answer in reversed(seen)}
    usage = Usage(input_tokens=2040, cached_tokens=500, cache_write_tokens=1500, output_tokens=30)
    assert answered(given["a"]) == Answer(
        text="line\u2028separator\x85within", usage=usage, model="claude-haiku-5-5"
    )
    assert answered(given["b"]).finish is Finish.LENGTH
    assert answered(given["c"]).finish is Finish.REFUSAL
    assert answered(given["c"]).usage == usage
    assert (given["d"].answer, given["d"].outcome) == (None, Outcome.OVERLOADED)
    assert (given["e"].answer, given["e"].outcome) == (None, Outcome.ERROR)
    assert given["f"].outcome is Outcome.EXPIRED
    assert given["g"].outcome is Outcome.CANCELLED
    assert answered(given["h"]) == Answer(text="", usage=Usage(input_tokens=5, output_tokens=2))
    assert given["i"].outcome is Outcome.LOST
    assert given["stranger"].answer is None
    assert given["k"].outcome is Outcome.ERROR
    assert SECRET not in repr(given)


async def test_anthropics_batches_are_told_apart_by_their_requests_once_they_ended() -> None:
    running = claude(status="in_progress").batch("anthropic")
    handle = await running.submit(REQUESTS, reference="x")
    assert await running.holds(handle, ["call-1"]) is None
    ended = claude(result("other", "expired"), result("call-2", "expired")).batch("anthropic")
    assert await ended.holds(handle, ["call-1", "call-2"]) is True
    assert await ended.holds(handle, ["call-9"]) is False


async def test_anthropics_recent_batches_over_pages_until_the_moment() -> None:
    old = message_batch("old", created_at=(AT - timedelta(hours=2)).isoformat())
    pages = [
        {"data": [message_batch("b2"), message_batch("b1")], "has_more": True, "last_id": "b1", "first_id": "b2"},
        {"data": [message_batch("b0"), old], "has_more": True, "last_id": "old", "first_id": "b0"},
    ]
    provider = Provider({("GET", BATCHES): lambda: reply(pages.pop(0))})
    recent = await provider.batch("anthropic").recent(AT - timedelta(hours=1))
    assert [json.loads(each.handle)["id"] for each in recent] == ["b2", "b1", "b0"]
    assert recent[0].requests == 3
    assert recent[0].reference is None
    assert recent[0].created_at == AT


async def test_anthropics_batch_stands_and_is_cancelled() -> None:
    batch = claude(status="in_progress").batch("anthropic")
    handle = await batch.submit(REQUESTS, reference="x")
    state = await batch.look(handle)
    assert (state.ended, state.failed, state.note) == (False, False, "3 processing")
    assert (await batch.cancel(state.handle)).ended is False
    assert (await claude().batch("anthropic").look(handle)).ended is True


async def test_results_that_the_provider_deleted() -> None:
    gone = message_batch(status="ended", archived_at=AT.isoformat())
    provider = Provider({("GET", f"{BATCHES}/msgbatch_1"): reply(gone)})
    handle = await claude().batch("anthropic").submit(REQUESTS, reference="x")
    state = await provider.batch("anthropic").look(handle)
    assert (state.ended, state.failed) == (True, True)
    assert "deleted" in (state.note or "")


# OpenAI


def openai_batch(name: str = "batch_1", *, status: str = "in_progress", **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "object": "batch",
        "endpoint": "/v1/responses",
        "input_file_id": "file-in",
        "completion_window": "24h",
        "status": status,
        "created_at": int(AT.timestamp()),
        "output_file_id": None,
        "error_file_id": None,
        "errors": None,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "metadata": {"earshot": "ours"},
        **more,
    }


FILE = {"id": "file-in", "object": "file", "bytes": 1, "created_at": 1, "filename": "f", "purpose": "batch"}


def gpt(
    batch: Mapping[str, Any] | None = None, *, good: list[Any] | None = None, bad: list[Any] | None = None
) -> Provider:
    return Provider(
        {
            ("POST", "/v1/files"): reply(FILE),
            ("DELETE", "/v1/files/file-in"): reply({"id": "file-in", "object": "file", "deleted": True}),
            ("POST", "/v1/batches"): reply(openai_batch()),
            ("GET", "/v1/batches/batch_1"): reply(batch or openai_batch()),
            ("POST", "/v1/batches/batch_1/cancel"): reply(openai_batch(status="cancelling")),
            ("GET", "/v1/files/file-in/content"): lines({"custom_id": "call-1"}, {"custom_id": "call-2"}),
            ("GET", "/v1/files/file-out/content"): lines(*(good or [])),
            ("GET", "/v1/files/file-err/content"): lines(*(bad or [])),
        }
    )


def line(custom_id: str, body: Any = None, *, status: int = 200) -> dict[str, Any]:
    return {"id": "r", "custom_id": custom_id, "response": {"status_code": status, "body": body}, "error": None}


def unrun(custom_id: str, code: str) -> dict[str, Any]:
    return {"custom_id": custom_id, "response": None, "error": {"code": code, "message": SECRET}}


async def test_openai_gets_a_file_of_requests_and_our_reference() -> None:
    provider = gpt()
    handle = await provider.batch("openai").submit(REQUESTS, reference="ours")
    assert json.loads(handle)["id"] == "batch_1"
    assert json.loads(handle)["requests"] == 3
    upload, creation = provider.requests
    uploaded = _form(upload)
    assert uploaded["purpose"] == "batch"
    told = [json.loads(each) for each in uploaded["file"].split("\n")]
    assert [each["custom_id"] for each in told] == list(REQUESTS)
    assert {(each["method"], each["url"]) for each in told} == {("POST", "/v1/responses")}
    body = told[0]["body"]
    assert body["store"] is False
    assert body["reasoning"]["effort"] == "none"
    assert body["text"]["format"]["strict"] is True
    created = json.loads(creation.content)
    assert created["metadata"] == {"earshot": "ours"}
    assert created["endpoint"] == "/v1/responses"
    assert created["input_file_id"] == "file-in"


async def test_openais_two_files_with_every_end() -> None:
    ended = openai_batch(status="expired", output_file_id="file-out", error_file_id="file-err")
    refused = response()
    refused["output"][0]["content"] = [{"type": "refusal", "refusal": "no"}]
    cut = response("cut", status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    provider = gpt(
        ended,
        good=[line("b", refused), "no JSON", line("a", response("text with \u2028 in it")), line("c", cut)],
        bad=[
            line("d", {"error": {"code": "rate_limit_exceeded", "message": SECRET}}, status=429),
            unrun("e", "batch_expired"),
            unrun("f", "batch_cancelled"),
            unrun("g", "something_else"),
            line("h", {"usage": {"input_tokens": 5, "output_tokens": 2}, "output": 7}),
            line("a", response()),
        ],
    )
    batch = provider.batch("openai")
    state = await batch.look(await batch.submit(REQUESTS, reference="ours"))
    assert (state.ended, state.failed) == (True, False)
    seen = [answer async for answer in batch.results(state.handle, dict.fromkeys("abcdefghz", ASKED))]
    given = {answer.custom_id: answer for answer in reversed(seen)}
    usage = Usage(
        input_tokens=2040, cached_tokens=500, cache_write_tokens=1500, output_tokens=30, reasoning_tokens=5
    )
    assert answered(given["a"]) == Answer(text="text with \u2028 in it", usage=usage, model="gpt-6-luna")
    assert answered(given["b"]).finish is Finish.REFUSAL
    assert answered(given["c"]).finish is Finish.LENGTH
    assert given["d"].outcome is Outcome.RATE_LIMITED
    assert given["e"].outcome is Outcome.EXPIRED
    assert given["f"].outcome is Outcome.CANCELLED
    assert given["g"].outcome is Outcome.ERROR
    assert answered(given["h"]) == Answer(text="", usage=Usage(input_tokens=5, output_tokens=2))
    assert given["z"].outcome is Outcome.EXPIRED, "what an expired batch leaves out was not run"
    assert SECRET not in repr(given)


async def test_a_completed_batch_that_leaves_something_out_says_nothing_about_it() -> None:
    ended = openai_batch(status="completed", output_file_id="file-out")
    batch = gpt(ended, good=[line("a", response())]).batch("openai")
    state = await batch.look(await batch.submit(REQUESTS, reference="ours"))
    assert set(await collected(batch, state.handle, dict.fromkeys("ab", ASKED))) == {"a"}


async def test_a_batch_that_fails_as_a_whole() -> None:
    errors = {"object": "list", "data": [{"code": "invalid_json_line", "line": 1, "message": SECRET}]}
    batch = gpt(openai_batch(status="failed", errors=errors)).batch("openai")
    state = await batch.look(await batch.submit(REQUESTS, reference="ours"))
    assert (state.ended, state.failed, state.note) == (True, True, "failed: invalid_json_line")
    given = await collected(batch, state.handle, REQUESTS)
    assert {answer.outcome for answer in given.values()} == {Outcome.ERROR}
    assert set(given) == set(REQUESTS)


async def test_openais_batches_are_found_by_our_reference_or_by_their_file() -> None:
    listing = [
        openai_batch("new"),
        openai_batch("foreign", metadata=None),
        openai_batch("old", created_at=int((AT - timedelta(hours=2)).timestamp())),
    ]
    page = {"object": "list", "data": listing, "has_more": False, "first_id": "new", "last_id": "old"}
    provider = Provider({**gpt().routes, ("GET", "/v1/batches"): reply(page)})
    batch = provider.batch("openai")
    recent = await batch.recent(AT - timedelta(minutes=10))
    assert [each.reference for each in recent] == ["ours", None]
    assert recent[0].created_at == AT
    assert await batch.holds(recent[0].handle, ["call-2"]) is True
    assert await batch.holds(recent[0].handle, ["call-9"]) is False


async def test_openais_progress_and_cancelling() -> None:
    counts = {"total": 3, "completed": 2, "failed": 1}
    batch = gpt(openai_batch(request_counts=counts)).batch("openai")
    handle = await batch.submit(REQUESTS, reference="ours")
    assert (await batch.look(handle)).note == "2 of 3 answered, 1 failed"
    assert (await batch.cancel(handle)).ended is False


# Both


@pytest.mark.parametrize(("provider", "path"), [("anthropic", BATCHES), ("openai", "/v1/batches")])
@pytest.mark.parametrize(
    ("answer", "lost"),
    [
        (reply({"error": {"message": SECRET}}, status=500), True),
        (reply({"error": {"message": SECRET}}, status=529), True),
        (reply({"error": {"message": SECRET}}, status=429), False),
        (reply("<html>"), True),
        (httpx2.ReadError("x"), True),
        (httpx2.ReadTimeout("x"), True),
        (httpx2.ConnectError("x"), False),
    ],
)
async def test_a_creation_of_unknown_outcome_may_exist(
    provider: str, path: str, answer: Any, *, lost: bool
) -> None:
    batch = Provider({**gpt().routes, ("POST", path): answer}).batch(provider)
    with pytest.raises(Unanswered) as raised:
        await batch.submit(REQUESTS, reference="ours")
    assert raised.value.lost is lost
    assert_silent(raised.value)


@pytest.mark.parametrize(
    "answer", [reply({"error": {"message": "x"}}, status=500), httpx2.ReadError("x"), httpx2.ReadTimeout("x")]
)
async def test_a_file_whose_upload_is_unknown_is_no_batch(answer: Any) -> None:
    batch = Provider({**gpt().routes, ("POST", "/v1/files"): answer}).batch("openai")
    with pytest.raises(Unanswered) as raised:
        await batch.submit(REQUESTS, reference="ours")
    assert raised.value.lost is False


@pytest.mark.parametrize(("status", "kind"), [(400, Rejected), (401, Misconfigured), (404, Misconfigured)])
async def test_a_refused_creation_leaves_no_file_behind(status: int, kind: type[Exception]) -> None:
    refused = reply({"error": {"message": SECRET}}, status=status)
    provider = Provider({**gpt().routes, ("POST", "/v1/batches"): refused})
    with pytest.raises(kind) as raised:
        await provider.batch("openai").submit(REQUESTS, reference="ours")
    assert_silent(raised.value)
    assert provider.requests[-1].method == "DELETE"


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_a_batch_that_is_no_longer_there(provider: str) -> None:
    ours = (claude() if provider == "anthropic" else gpt()).batch(provider)
    handle = await ours.submit(REQUESTS, reference="x")
    path = f"{BATCHES}/msgbatch_1" if provider == "anthropic" else "/v1/batches/batch_1"
    gone = reply({"error": {"message": SECRET}}, status=404)
    batch = Provider({("GET", path): gone, ("POST", f"{path}/cancel"): gone}).batch(provider)
    with pytest.raises(NotFound) as raised:
        await batch.look(handle)
    with pytest.raises(NotFound):
        await batch.cancel(handle)
    if provider == "anthropic":
        with pytest.raises(NotFound):
            await collected(batch, handle, REQUESTS)
        with pytest.raises(NotFound):
            await batch.holds(handle, ["call-1"])
    assert_silent(raised.value)


async def test_a_stream_that_breaks_off_says_so_after_what_came() -> None:
    async def chunks() -> AsyncGenerator[bytes]:
        yield json.dumps(line("a", response())).encode() + b"\n" + b'{"custom_id": "b", "resp'
        raise httpx2.ReadError("x")

    ended = openai_batch(status="completed", output_file_id="file-out")
    broken = {("GET", "/v1/files/file-out/content"): lambda: httpx2.Response(200, content=chunks())}
    batch = Provider({**gpt(ended).routes, **broken}).batch("openai")
    state = await batch.look(await batch.submit(REQUESTS, reference="ours"))
    results = aiter(batch.results(state.handle, dict.fromkeys("ab", ASKED)))
    assert (await anext(results)).custom_id == "a"
    with pytest.raises(Unanswered):
        await anext(results)


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_what_does_not_fit_is_not_sent(provider: str) -> None:
    ours = claude() if provider == "anthropic" else gpt()
    with pytest.raises(Rejected):
        await ours.batch(provider).submit({}, reference="x")
    assert ours.requests == []
    with pytest.raises(Rejected):
        await ours.batch(provider).look("not a handle")


async def test_text_travels_whole() -> None:
    odd = ASKED.model_copy(update={"content": 'a "quoted" \u2028 \U0001f600 line\nnext'})
    provider = gpt()
    await provider.batch("openai").submit({"x": odd}, reference="r")
    told = json.loads(_form(provider.requests[0])["file"])
    assert told["body"]["input"][1]["content"] == odd.content


def _form(request: httpx2.Request) -> dict[str, str]:
    """The fields of a multipart form."""
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    found: dict[str, str] = {}
    for part in request.content.split(b"--" + boundary)[1:-1]:
        head, _, body = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]+)"', head)
        assert name is not None
        found[name[1].decode()] = body.removesuffix(b"\r\n").decode()
    return found
