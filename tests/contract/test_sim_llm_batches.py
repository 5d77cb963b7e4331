"""Batches of both simulated providers through their whole life."""

import json
from collections.abc import Iterable
from typing import Any

import anthropic
import openai
import pytest
from openai.types import Batch
from pydantic_ai.messages import ModelRequest, UserPromptPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.batch import BatchRequest
from pydantic_ai.models.openai import OpenAIResponsesModel
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from earshot.sim.llm.answering import Recorded
from earshot.sim.llm.settings import Fault, SimLlmSettings
from tests.contract.llm_desk import SCHEMA, Desk, Json, always, desk, message, response, with_faults

IDS = [f"id-{number:03d}" for number in range(40)]


def _requests(ids: Iterable[str] = IDS) -> list[Any]:
    return [{"custom_id": one, "params": message(f"Conversation {one}")} for one in ids]


async def _results(d: Desk, batch_id: str) -> list[Any]:
    return [row async for row in await d.anthropic.messages.batches.results(batch_id)]


def _lines(ids: Iterable[str] = IDS, *, url: str = "/v1/responses", **changes: Any) -> bytes:
    rows = [
        {"custom_id": one, "method": "POST", "url": url, "body": response(f"Conversation {one}", **changes)}
        for one in ids
    ]
    return b"\n".join(json.dumps(row).encode() for row in rows)


async def _upload(d: Desk, content: bytes, *, endpoint: Any = "/v1/responses", **more: Any) -> Batch:
    file = await d.openai.files.create(file=("batch.jsonl", content), purpose="batch")
    return await d.openai.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h", **more)


async def _read(d: Desk, file_id: str | None) -> list[Json]:
    if file_id is None:
        return []
    return [json.loads(line) for line in (await d.openai.files.content(file_id)).text.splitlines()]


async def test_messages_are_answered_within_the_batch_in_no_order_at_half_the_price() -> None:
    async with desk(SimLlmSettings(batch_seconds=600)) as d:
        made = await d.anthropic.messages.batches.create(requests=_requests())
        assert made.processing_status == "in_progress"
        d.clock.pass_by(1)
        early = await d.anthropic.messages.batches.retrieve(made.id)
        assert early.request_counts.processing == 40
        assert early.request_counts.succeeded == 0
        assert len(d.sim.invoice) == 0
        with pytest.raises(anthropic.AnthropicError, match="No `results_url`"):
            await _results(d, made.id)
        d.clock.pass_by(7200)
        ended = await d.anthropic.messages.batches.retrieve(made.id)
        assert ended.processing_status == "ended"
        assert (ended.request_counts.succeeded, ended.request_counts.processing) == (40, 0)
        rows = await _results(d, made.id)
        online = await d.say("Conversation id-000")
    assert sorted(row.custom_id for row in rows) == IDS
    assert [row.custom_id for row in rows] != IDS
    first = next(row for row in rows if row.custom_id == "id-000")
    assert first.result.message.usage.service_tier == "batch"
    assert first.result.message.content == online.content
    line = next(line for line in d.sim.invoice if line.custom_id == "id-000")
    assert line.amount * 2 == d.sim.invoice.lines[-1].amount
    assert {line.custom_id for line in d.sim.invoice if line.mode == "batch"} == set(IDS)


async def test_wrong_parameters_show_only_in_the_results() -> None:
    async with desk() as d:
        rows: list[Any] = [*_requests(IDS[:2]), {"custom_id": "bad", "params": message(model="claude-nobody")}]
        made = await d.anthropic.messages.batches.create(requests=rows)
        ended = await d.anthropic.messages.batches.retrieve(made.id)
        results = {row.custom_id: row.result for row in await _results(d, made.id)}
    assert (ended.request_counts.succeeded, ended.request_counts.errored) == (2, 1)
    assert results["bad"].type == "errored"
    assert results["bad"].error.error.type == "not_found_error"
    assert len(d.sim.invoice) == 2


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"custom_id": "a/b", "params": {}}],
        [{"custom_id": "x" * 65, "params": {}}],
        [{"custom_id": "a"}],
        [{"custom_id": "a", "params": {}}, {"custom_id": "a", "params": {}}],
    ],
)
async def test_batches_that_are_no_batches_are_refused(rows: list[Any]) -> None:
    async with desk() as d:
        with pytest.raises(anthropic.BadRequestError):
            await d.anthropic.messages.batches.create(requests=rows)


async def test_a_cancelled_batch_keeps_what_had_run() -> None:
    async with desk(SimLlmSettings(batch_seconds=600)) as d:
        made = await d.anthropic.messages.batches.create(requests=_requests())
        job = d.sim.routes.message_batches.jobs.all[made.id]
        d.clock.pass_by((job.due - job.created) / 2 + 0.01)
        assert (await d.anthropic.messages.batches.cancel(made.id)).processing_status == "canceling"
        ended = await d.anthropic.messages.batches.retrieve(made.id)
        rows = await _results(d, made.id)
        assert (await d.anthropic.messages.batches.delete(made.id)).id == made.id
        with pytest.raises(anthropic.NotFoundError):
            await d.anthropic.messages.batches.retrieve(made.id)
    assert (ended.request_counts.succeeded, ended.request_counts.canceled) == (20, 20)
    assert ended.cancel_initiated_at is not None
    assert sum(row.result.type == "canceled" for row in rows) == 20
    assert len(d.sim.invoice) == 20


async def test_a_running_batch_cannot_be_deleted() -> None:
    async with desk(SimLlmSettings(batch_seconds=600)) as d:
        made = await d.anthropic.messages.batches.create(requests=_requests())
        with pytest.raises(anthropic.BadRequestError):
            await d.anthropic.messages.batches.delete(made.id)


async def test_a_batch_ends_after_a_day_at_the_latest() -> None:
    async with desk(SimLlmSettings(batch_seconds=600)) as d:
        made = await d.anthropic.messages.batches.create(requests=_requests())
        job = d.sim.routes.message_batches.jobs.all[made.id]
        job.due = job.created + 4 * 86_400
        d.clock.pass_by(86_399)
        assert (await d.anthropic.messages.batches.retrieve(made.id)).processing_status == "in_progress"
        d.clock.pass_by(1)
        ended = await d.anthropic.messages.batches.retrieve(made.id)
    assert (ended.request_counts.succeeded, ended.request_counts.expired) == (10, 30)


async def test_batches_are_listed_newest_first_page_by_page() -> None:
    async with desk() as d:
        theirs = [(await d.anthropic.messages.batches.create(requests=_requests(IDS[:1]))).id for _ in range(5)]
        ours = [(await _upload(d, _lines(IDS[:1]))).id for _ in range(5)]
        assert [b.id async for b in d.anthropic.messages.batches.list(limit=2)] == theirs[::-1]
        assert [b.id async for b in d.openai.batches.list(limit=2)] == ours[::-1]
        with pytest.raises(anthropic.BadRequestError):
            await d.anthropic.messages.batches.list(limit=0)
        with pytest.raises(openai.BadRequestError):
            await d.openai.batches.list(limit=0)


async def test_a_file_of_requests_becomes_a_file_of_answers() -> None:
    async with desk(SimLlmSettings(batch_seconds=600)) as d:
        made = await _upload(d, _lines(), metadata={"earshot": "batch-1"})
        assert made.status == "validating"
        d.clock.pass_by(1)
        running = await d.openai.batches.retrieve(made.id)
        assert running.status == "in_progress"
        assert running.metadata == {"earshot": "batch-1"}
        assert running.request_counts is not None
        assert running.request_counts.total == 40
        await d.raw.post("/_sim/batches/finish")
        done = await d.openai.batches.retrieve(made.id)
        rows = await _read(d, done.output_file_id)
    assert done.status == "completed"
    assert done.error_file_id is None
    assert done.model == "gpt-6-luna"
    assert done.request_counts is not None
    assert (done.request_counts.completed, done.request_counts.failed) == (40, 0)
    assert sorted(row["custom_id"] for row in rows) == IDS
    assert [row["custom_id"] for row in rows] != IDS
    assert all(row["response"]["body"]["status"] == "completed" for row in rows)
    assert done.usage is not None
    assert done.usage.output_tokens == sum(line.tokens.output for line in d.sim.invoice)
    assert {line.mode for line in d.sim.invoice} == {"batch"}
    assert d.sim.stored == []


async def test_lines_that_fail_are_in_the_error_file_and_cost_nothing() -> None:
    async with desk(with_faults(Fault.LINE_ERROR, rate=0.3)) as d:
        made = await _upload(d, _lines())
        done = await d.openai.batches.retrieve(made.id)
        good, bad = await _read(d, done.output_file_id), await _read(d, done.error_file_id)
    assert done.status == "completed"
    assert len(bad) > 3
    assert len(good) + len(bad) == 40
    assert {row["response"]["status_code"] for row in bad} == {500}
    assert {line.custom_id for line in d.sim.invoice} == {row["custom_id"] for row in good}


async def test_wrong_bodies_are_errors_of_their_lines() -> None:
    async with desk() as d:
        made = await _upload(d, _lines(IDS[:3], max_output_tokens=3))
        done = await d.openai.batches.retrieve(made.id)
        bad = await _read(d, done.error_file_id)
    assert done.output_file_id is None
    assert [row["response"]["body"]["error"]["code"] for row in bad] == ["integer_below_min_value"] * 3


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{nonsense", "invalid_json_line"),
        (_lines(["a", "a"]), "duplicate_custom_id"),
        (_lines(["a"]) + b"\n" + _lines(["b"], model="gpt-6.1-terra"), "mismatched_model"),
        (_lines(["a"], url="/v1/chat/completions"), "mismatched_endpoint"),
        (b'{"custom_id": "a", "method": "GET", "url": "/v1/responses", "body": {}}', "invalid_method"),
        (b'{"method": "POST", "url": "/v1/responses", "body": {}}', "missing_required_parameter"),
        (b"\n\n", "empty_file"),
    ],
)
async def test_a_file_with_mistakes_fails_as_a_whole(content: bytes, code: str) -> None:
    async with desk() as d:
        made = await _upload(d, content)
        assert made.status == "validating"
        done = await d.openai.batches.retrieve(made.id)
    assert done.status == "failed"
    assert done.errors is not None
    assert done.errors.data is not None
    assert done.errors.data[0].code == code
    assert len(d.sim.invoice) == 0


async def test_batches_take_no_decisions_and_no_foreign_files() -> None:
    async with desk() as d:
        with pytest.raises(openai.BadRequestError):
            await _upload(d, _lines(IDS[:1]), endpoint="/v1/decisions")
        with pytest.raises(openai.NotFoundError):
            await d.openai.batches.create(
                input_file_id="file-none", endpoint="/v1/responses", completion_window="24h"
            )
        with pytest.raises(openai.BadRequestError):
            await _upload(d, _lines(IDS[:1]), metadata={"k" * 65: "v"})
        with pytest.raises(openai.NotFoundError):
            await d.openai.batches.retrieve("batch_none")


async def test_chat_completions_go_in_batches_too() -> None:
    body = {"model": "llama", "messages": [{"role": "user", "content": "Hello"}]}
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    async with desk() as d:
        made = await _upload(d, json.dumps(line).encode(), endpoint="/v1/chat/completions")
        done = await d.openai.batches.retrieve(made.id)
        rows = await _read(d, done.output_file_id)
    assert rows[0]["response"]["body"]["choices"][0]["message"]["content"]


async def test_a_cancelled_batch_of_openai_keeps_what_had_run() -> None:
    async with desk(SimLlmSettings(batch_seconds=600)) as d:
        made = await _upload(d, _lines())
        job = d.sim.routes.batches.jobs.all[made.id]
        d.clock.pass_by((job.due - job.created) / 4 + 0.01)
        assert (await d.openai.batches.cancel(made.id)).status == "cancelling"
        done = await d.openai.batches.retrieve(made.id)
        good, bad = await _read(d, done.output_file_id), await _read(d, done.error_file_id)
        with pytest.raises(openai.ConflictError):
            await d.openai.batches.cancel(made.id)
    assert done.status == "cancelled"
    assert len(good) == 10
    assert {row["error"]["code"] for row in bad} == {"batch_cancelled"}
    assert len(d.sim.invoice) == 10


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (Fault.BATCH_EXPIRED, "expired", "batch_expired"),
        (Fault.BATCH_CANCELLED, "cancelled", "batch_cancelled"),
        (Fault.BATCH_FAILED, "failed", None),
    ],
)
async def test_batches_end_badly_on_request(kind: Fault, status: str, code: str | None) -> None:
    async with desk() as d:
        d.sim.script(kind, path="/v1/batches")
        made = await _upload(d, _lines())
        done = await d.openai.batches.retrieve(made.id)
        bad = await _read(d, done.error_file_id)
    assert done.status == status
    assert {row["error"]["code"] for row in bad} == ({code} if code else set())
    assert len(d.sim.invoice) == (20 if code else 0)


async def test_message_batches_expire_on_request() -> None:
    async with desk() as d:
        d.sim.script(Fault.BATCH_EXPIRED)
        made = await d.anthropic.messages.batches.create(requests=_requests())
        ended = await d.anthropic.messages.batches.retrieve(made.id)
    assert (ended.request_counts.succeeded, ended.request_counts.expired) == (20, 20)


async def test_results_may_be_doubled_missing_or_of_strangers() -> None:
    async with desk(with_faults(Fault.DUPLICATED, Fault.UNKNOWN_ID, Fault.MISSING, rate=0.15)) as d:
        made = await d.anthropic.messages.batches.create(requests=_requests())
        await d.anthropic.messages.batches.retrieve(made.id)
        ids = [row.custom_id for row in await _results(d, made.id)]
    known = [one for one in ids if one in IDS]
    assert len(set(known)) < len(known)
    assert set(IDS) - set(known)
    assert any(one.startswith("unknown-") for one in ids)
    assert len(d.sim.invoice) == 40


async def test_a_batch_whose_answer_was_lost_exists_all_the_same() -> None:
    async with desk() as d:
        d.sim.script(Fault.HALF, path="/v1/messages/batches")
        with pytest.raises(anthropic.APIError):
            await d.anthropic.messages.batches.create(requests=_requests())
        assert len([b async for b in d.anthropic.messages.batches.list()]) == 1
        d.sim.script(Fault.LATE_ERROR, path="/v1/messages/batches")
        with pytest.raises(anthropic.InternalServerError):
            await d.anthropic.messages.batches.create(requests=_requests())
        assert len([b async for b in d.anthropic.messages.batches.list()]) == 2
        d.sim.script(Fault.RESET, path="/v1/batches")
        with pytest.raises(openai.APIConnectionError):
            await _upload(d, _lines())
        assert [b async for b in d.openai.batches.list()] == []


async def test_recorded_answers_are_found_by_custom_id_and_by_content() -> None:
    recorded = Recorded({"id-001": "by id"})
    async with desk(recorded=recorded, answer=always("asked")) as d:
        made = await d.anthropic.messages.batches.create(requests=_requests(IDS[:2]))
        await d.anthropic.messages.batches.retrieve(made.id)
        texts = {row.custom_id: row.result.message.content[0].text for row in await _results(d, made.id)}
    assert texts == {"id-000": "asked", "id-001": "by id"}


@pytest.mark.parametrize("vendor", ["anthropic", "openai"])
async def test_pydantic_ai_carries_a_batch_from_encoding_to_decoding(vendor: str) -> None:
    form = OutputObjectDefinition(json_schema=SCHEMA, name="reading", strict=True)
    params = ModelRequestParameters(output_mode="native", output_object=form, allow_text_output=True)
    settings: Any = {"max_tokens": 300, "thinking": False, "openai_store": False}
    async with desk() as d:
        if vendor == "anthropic":
            model: Any = AnthropicModel(
                "claude-haiku-5-5", provider=AnthropicProvider(anthropic_client=d.anthropic)
            )
        else:
            model = OpenAIResponsesModel("gpt-6-luna", provider=OpenAIProvider(openai_client=d.openai))
        requests = [
            BatchRequest(
                custom_id=one,
                messages=[ModelRequest(parts=[UserPromptPart(f"Conversation {one}")], instructions="Sort.")],
                model_settings=settings,
                model_request_parameters=params,
            )
            for one in IDS
        ]
        batch = await model.batch_create([await model.batch_encode(request) for request in requests])
        batch = await model.batch_status(batch)
        assert batch.status == "ended"
        results = {result.custom_id: result for result in await model.batch_results(batch)}
        answers = [model.batch_decode(results[request.custom_id], request) for request in requests]
    lines = {line.custom_id: line for line in d.sim.invoice}
    for request, answer in zip(requests, answers, strict=True):
        assert json.loads(answer.text or "")["kind"] in {"BUG", "BILLING"}
        assert answer.cost().total_price == lines[request.custom_id].amount
