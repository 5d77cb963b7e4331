"""One trace follows a webhook to what is done outside, and no customer's words are in it."""

import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from earshot.app import build
from earshot.decide.rules import load_rules
from earshot.domain.job import JobName
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.live.serving import live_serving
from earshot.ports.tool import Tool
from earshot.settings import Secrets, Settings
from earshot.sim.intercom.server import running
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.llm.server import running as running_llm
from earshot.sim.llm.simulator import LlmSim
from earshot.telemetry.meter import PrometheusMeter
from earshot.web.app import make_app
from tests.contract.tools.case import Bench
from tests.flow.vendors import all_cases
from tests.integration.pipeline.ruling_world import rule, switched_on
from tests.notifier import ROUTE, SECRET, conversation, envelope, sign
from tests.soak.truth import rows
from tests.unit.telemetry.test_meter import read

ALERT = rule("PAGE", "true", "PAGE_ONCALL_ENGINEER")
_QUEUED = """
    delete from earshot_jobs.pgqueuer where status = 'queued' and entrypoint in ('hear', 'act')
    returning entrypoint, convert_from(payload, 'UTF8') as key
"""


@dataclass
class Traced:
    """A line with an exporter in memory, a simulated Intercom, a simulated model and Slack."""

    database_url: str
    earshot: Earshot
    meter: PrometheusMeter
    exporter: InMemorySpanExporter
    site: httpx2.AsyncClient
    sim: IntercomSim
    slack: Bench

    async def work(self) -> None:
        """Do all jobs that wait, as a worker does."""
        serving = live_serving(self.earshot.parts)
        while True:
            jobs = await rows(self.database_url, _QUEUED)
            if not jobs:
                return
            for job in jobs:
                await serving[JobName(job["entrypoint"])](job["key"])

    def spans(self) -> dict[str, list[ReadableSpan]]:
        found: dict[str, list[ReadableSpan]] = {}
        for span in self.exporter.get_finished_spans():
            found.setdefault(span.name, []).append(span)
        return found


@pytest.fixture
async def line(database_url: str, sim: IntercomSim) -> AsyncGenerator[Traced]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    meter = PrometheusMeter(strict=True, tracer=provider.get_tracer("test"))
    (case,) = (case for case in all_cases() if case.name == "slack")
    async with AsyncExitStack() as stack:
        intercom = await stack.enter_async_context(running(sim))
        llm = await stack.enter_async_context(running_llm(LlmSim()))
        slack = await stack.enter_async_context(case.bench())
        settings = Settings.fixed(
            {
                "intercom": {"base_url": intercom, "rate_share": 1.0},
                "llm": {"provider": "openai", "requests_per_minute": None},
                "realtime": {"reader": "full"},
                "act": {"first_wait_seconds": 0.0},
            }
        )
        keys = {"openai": "sim-key", "openai_base_url": f"{llm}/v1"}
        secrets = Secrets.model_validate(
            {"database_url": database_url, "intercom_token": "t", "intercom_client_secret": SECRET, "llm": keys}
        )
        earshot = await stack.enter_async_context(await build(settings, secrets=secrets, meter=meter))
        tools: dict[str, Tool] = {"slack": slack.tool}
        earshot.parts.make_tools = lambda: tools
        earshot.parts.make_rules = lambda: load_rules([ALERT])
        await switched_on(earshot.parts, ALERT)
        async with earshot.parts.store.unit() as unit:
            await unit.calls.consent("openai", now=earshot.parts.clock.now())
            await unit.commit()
        site = make_app(earshot, settings, secrets, meter=meter)
        await stack.enter_async_context(site.running())
        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(site), base_url="http://localhost")
        yield Traced(database_url, earshot, meter, exporter, await stack.enter_async_context(client), sim, slack)


async def test_one_trace_from_webhook_to_message_without_content(line: Traced) -> None:
    external_id = min(line.sim.shelf.ids())
    app_id = str(line.sim.workspace_app["id_code"])
    body = envelope("conversation.user.replied", conversation(external_id), app_id=app_id, number=1)
    answer = await line.site.post(ROUTE, content=body, headers={"X-Hub-Signature": sign(body)})
    assert answer.status_code == 200
    await line.work()
    assert line.slack.bodies(), "a message went out"

    spans = line.spans()
    (webhook,), (hear,), (page,) = spans["earshot.webhook"], spans["earshot.hear"], spans["earshot.page"]
    (fetch,), (label,), (deliver,) = spans["earshot.fetch"], spans["earshot.label"], spans["deliver slack"]
    chats = [span for name, found in spans.items() if name.startswith("chat ") for span in found]
    assert chats
    assert webhook.parent is None
    assert parent(hear) == own(webhook)
    assert {parent(fetch), parent(label), parent(page)} == {own(hear)}
    assert {parent(chat) for chat in chats} == {own(label)}
    assert parent(deliver) == own(page)
    assert len({span.context.trace_id for span in line.exporter.get_finished_spans() if span.context}) == 1
    told = dict(chats[0].attributes or {})
    assert told["gen_ai.provider.name"] == "openai"
    assert told["gen_ai.conversation.id"]
    assert told["earshot.outcome"] == "ok"
    assert isinstance(told["gen_ai.usage.input_tokens"], int)
    assert told["gen_ai.usage.input_tokens"] > 0

    said = await words_of(line, external_id)
    dump = "\n".join(span.to_json() for span in line.exporter.get_finished_spans())
    assert said
    for word in said:
        assert word not in dump


async def test_the_same_path_is_counted(line: Traced) -> None:
    external_id = min(line.sim.shelf.ids())
    app_id = str(line.sim.workspace_app["id_code"])
    body = envelope("conversation.user.replied", conversation(external_id), app_id=app_id, number=1)
    for _ in range(2):
        await line.site.post(ROUTE, content=body, headers={"X-Hub-Signature": sign(body)})
    await line.site.post(ROUTE, content=body, headers={"X-Hub-Signature": "sha1=" + 40 * "0"})
    await line.work()
    found = read(line.meter)
    assert found["earshot_webhooks_total[('outcome', 'kept'), ('topic', 'conversation.user.replied')]"] == 2
    assert found["earshot_webhooks_total[('outcome', 'forged'), ('topic', 'unknown')]"] == 1
    assert found["earshot_webhook_duplicates_total[]"] == 1
    assert found["earshot_webhook_ack_seconds_count[]"] == 2
    assert found["earshot_live_latency_seconds_count[]"] == 1
    stages = {stage for stage in ("fetch", "store", "label", "decide", "page") if count(found, stage) >= 1}
    assert stages == {"fetch", "store", "label", "decide", "page"}
    (requests,) = [name for name in found if name.startswith("earshot_llm_requests_total")]
    assert "('operation', 'classify'), ('outcome', 'ok'), ('provider', 'openai')" in requests
    assert sum(value for name, value in found.items() if name.startswith("earshot_llm_tokens_total")) > 0
    assert sum(value for name, value in found.items() if name.startswith("earshot_llm_circuit_state")) == 0
    assert found["earshot_actions_total[('destination', 'slack'), ('state', 'done')]"] == 1
    assert found["earshot_action_seconds_count[('destination', 'slack')]"] == 1


def count(found: dict[str, float], stage: str) -> float:
    return found.get(f"earshot_stage_seconds_count[('stage', '{stage}')]", 0.0)


def own(span: ReadableSpan) -> int:
    assert span.context is not None
    return span.context.span_id


def parent(span: ReadableSpan) -> int:
    assert span.parent is not None, span.name
    return span.parent.span_id


async def words_of(line: Traced, external_id: str) -> list[str]:
    """Every longer word that stands in the conversation, its summary, and about its customer."""
    async with line.earshot.parts.store.unit() as unit:
        (found,) = await unit.conversations.get([external_id])
    texts = [message.text for message in found.messages]
    if found.customer is not None:
        texts.append(json.dumps(found.customer.model_dump(mode="json")))
    known: set[Any] = {"conversation", "customer", "openai", "message", "earshot", "status", "result", "delivery"}
    return sorted({word for text in texts for word in text.split() if len(word) > 7 and word.isalpha()} - known)
