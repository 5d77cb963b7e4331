"""People are told by other means of pages that did not go out, and of what a storm held back: once."""

import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest

from earshot.act.settings import ActSettings
from earshot.connectors.pagerduty.settings import PagerDutySettings
from earshot.connectors.pagerduty.tool import PagerDutyTool
from earshot.decide.settings import RuleSettings
from earshot.domain.delivery import DeliveryState, Thing
from earshot.pipeline.acting import warning
from earshot.pipeline.acting.acting import act
from earshot.pipeline.deciding import decide
from earshot.pipeline.parts import Parts
from earshot.ports.tool import Tool
from earshot.store import PostgresStore
from tests.contract.tools.case import Bench
from tests.flow.vendors import PatientClock, all_cases
from tests.integration.pipeline.ruling_world import rule, switched_on, told, world
from tests.integration.store.store_samples import NOW

PAGING = rule("PAGE", 'insight.priority == "CRITICAL"', "PAGE_ONCALL_ENGINEER")
TICKETS = rule("TICKETS", "true", "CREATE_TICKET")


@asynccontextmanager
async def desk(
    store: PostgresStore, *rules: RuleSettings, most: int = 10
) -> AsyncGenerator[tuple[Parts, PatientClock, dict[str, Bench]]]:
    """Slack and Jira at work; PagerDuty is switched on, but its key is not set."""
    clock = PatientClock(NOW)
    async with AsyncExitStack() as stack:
        cases = [case for case in all_cases() if case.name in ("slack", "jira")]
        benches = {case.name: await stack.enter_async_context(case.bench()) for case in cases}
        tools: dict[str, Tool] = {name: bench.tool for name, bench in benches.items()}
        tools["pagerduty"] = PagerDutyTool(PagerDutySettings(), {}, clock=clock)
        settings = ActSettings(most_new_per_hour=most)
        parts = replace(world(store, rules), make_tools=lambda: tools, clock=clock, act=settings)
        await switched_on(parts, *rules)
        yield parts, clock, benches


async def acted(parts: Parts) -> None:
    await decide(parts)
    assert (await act(parts, settled=True, patience=5.0)).ok


def said(benches: dict[str, Bench]) -> list[str]:
    """The texts of the messages that arrived."""
    return [json.loads(body)["text"] for body in benches["slack"].bodies()]


async def test_a_page_that_waits_too_long_is_told_by_a_message_once(store: PostgresStore) -> None:
    async with desk(store, PAGING) as (parts, clock, benches):
        await told(store, 1, by="local", priority="CRITICAL")
        await acted(parts)
        assert said(benches) == [], "it may still go out"
        clock.pass_by(parts.act.page_give_up_minutes * 60 + 1)
        await acted(parts)
        (message,) = said(benches)
        assert "page" in message.lower()
        for _ in range(2):
            clock.pass_by(3600)
            await acted(parts)
        assert len(said(benches)) == 1
        async with store.unit() as unit:
            (page,) = await unit.outbox.deliveries(thing=Thing.PAGE, limit=10)
        assert page.state is DeliveryState.PENDING, "it goes out once the key is set"


async def test_a_page_is_not_lost_among_all_that_waits(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warning, "MOST", 3)
    async with desk(store, PAGING, TICKETS) as (parts, clock, benches):
        await told(store, 1, by="local", priority="CRITICAL")
        await acted(parts)
        benches["jira"].cut_off()
        for number in range(2, 7):
            await told(store, number, by="local", priority="LOW", affected_feature=f"part {number}")
        clock.pass_by(parts.act.page_give_up_minutes * 60 + 1)
        await acted(parts)
        async with store.unit() as unit:
            rows = await unit.outbox.deliveries(states=[DeliveryState.PENDING], limit=100)
        assert len([row for row in rows if row.thing is Thing.TICKET]) >= 5
        assert len(said(benches)) == 1


async def test_what_a_storm_held_back_is_one_message(store: PostgresStore) -> None:
    async with desk(store, TICKETS, most=3) as (parts, clock, benches):
        for number in range(8):
            await told(store, number, by="local", priority="LOW")
        for _ in range(3):
            await acted(parts)
            clock.pass_by(60)
        assert benches["jira"].objects() == 3
        (message,) = said(benches)
        assert "5" in message
        assert "jira" in message.lower()
