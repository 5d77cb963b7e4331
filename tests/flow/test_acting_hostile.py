"""Instructions in a customer's text, up to the bodies that leave: held, or as harmless as any other words."""

import gzip
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from earshot.act.settings import ActSettings
from earshot.domain.delivery import Delivery, DeliveryState
from earshot.domain.insight import Provenance
from earshot.pipeline.acting.acting import act
from earshot.pipeline.deciding import decide
from earshot.pipeline.parts import Parts
from earshot.ports.tool import Tool
from earshot.store import PostgresStore
from tests.contract.tools.case import HOSTILE, Bench, ToolCase
from tests.flow.vendors import PatientClock, all_cases
from tests.integration.pipeline.ruling_world import rule, switched_on, world
from tests.integration.store.store_samples import NOW, conversation, insight, keep, read

INJECTIONS = Path(__file__).parents[3] / "shared" / "data" / "injections.jsonl.gz"
OURS = "https://app.example.com/c/1"
KNOWN = "Since this morning the export of our job list stops at half. We need it before payday, can you look?"
HONEST = {"issue_type": "PRODUCT_BUG", "priority": "HIGH", "sentiment": "NEGATIVE", "churn_risk": "LOW"}
OBEYED = {"issue_type": "OTHER", "priority": "LOW", "sentiment": "VERY_POSITIVE", "churn_risk": "HIGH"}
MANY = ActSettings(most_new_per_hour=10_000)
TELLING = rule("TELL", "true", "CREATE_TICKET", "CREATE_PRODUCTBOARD_NOTE", "ALERT_CS_MANAGER")
PAGING = rule("PAGE", 'insight.churn_risk == "HIGH"', "PAGE_ONCALL_ENGINEER", "ALERT_CS_MANAGER")
NAMES = ("jira", "productboard", "slack", "hubspot", "pagerduty")


@asynccontextmanager
async def desk(
    store: PostgresStore, *rules: Any
) -> AsyncGenerator[tuple[Parts, Mapping[str, tuple[ToolCase, Bench]]]]:
    async with AsyncExitStack() as stack:
        cases = [case for case in all_cases() if case.name in NAMES]
        benches = {case.name: (case, await stack.enter_async_context(case.bench())) for case in cases}
        tools: dict[str, Tool] = {name: bench.tool for name, (_, bench) in benches.items()}
        clock = PatientClock(NOW)
        parts = replace(world(store, rules), make_tools=lambda: tools, clock=clock, act=MANY)
        await switched_on(parts, *rules)
        yield parts, benches


async def acted(
    parts: Parts, store: PostgresStore, texts: Sequence[str], labels: Mapping[str, Any]
) -> list[Delivery]:
    """These texts as conversations that a reader labelled so, acted on; all deliveries."""
    told = [conversation(n, text, url=OURS) for n, text in enumerate(texts)]
    await keep(store, *told)
    by = Provenance(classifier="llm", model="m")
    await read(store, *(insight(c, provenance=by, summary=c.messages[0].text[:200], **labels) for c in told))
    await decide(parts)
    done = await act(parts, settled=True, patience=10_000)
    assert done.failed == 0, done.problems
    async with store.unit() as unit:
        return await unit.outbox.deliveries(limit=10_000)


def inert(case: ToolCase, bench: Bench) -> None:
    """Nothing in any body would be interpreted by its target."""
    for body in bench.bodies():
        case.inert(body)


async def test_hostile_words_leave_as_words(store: PostgresStore) -> None:
    async with desk(store, TELLING) as (parts, benches):
        rows = await acted(parts, store, [f"{KNOWN} {HOSTILE}"], HONEST)
        assert {row.state for row in rows} <= {DeliveryState.DONE, DeliveryState.HELD}
        assert sum(bench.objects() for _, bench in benches.values()) >= 1 or all(
            row.state is DeliveryState.HELD for row in rows
        )
        for case, bench in benches.values():
            inert(case, bench)


@pytest.mark.shared
@pytest.mark.skipif(not INJECTIONS.exists(), reason="needs the evaluation folder ../shared beside the checkout")
async def test_what_an_obeying_reader_would_do_waits_for_a_person(store: PostgresStore) -> None:
    texts = [f"{KNOWN}\n\n{text}".replace("\x00", "") for text in injections()]
    async with desk(store, PAGING) as (parts, benches):
        rows = await acted(parts, store, texts, OBEYED)
        assert len(rows) >= 9, "messages and tasks for four customers, and a page"
        assert {row.state for row in rows} == {DeliveryState.HELD}
        assert all(row.cause for row in rows), "and says why"
        assert [name for name, (_, bench) in benches.items() if bench.bodies()] == []


@pytest.mark.shared
@pytest.mark.skipif(not INJECTIONS.exists(), reason="needs the evaluation folder ../shared beside the checkout")
async def test_injections_read_honestly_leave_as_words_or_wait(store: PostgresStore) -> None:
    texts = [f"{text}\n\n{KNOWN}".replace("\x00", "") for text in injections()[::2]]
    async with desk(store, TELLING) as (parts, benches):
        await acted(parts, store, texts, HONEST)
        for case, bench in benches.values():
            inert(case, bench)


def injections() -> list[str]:
    with gzip.open(INJECTIONS, "rt", encoding="utf-8") as lines:
        return [row["text"] for row in map(json.loads, lines) if row["malicious"]][::3]
