"""A destination that lacks its secret waits alone: the run goes on, and what waited is sent once it is set."""

from dataclasses import replace

from earshot.connectors.slack.settings import SlackSettings
from earshot.connectors.slack.tool import SlackTool
from earshot.domain.delivery import Breaker, DeliveryState
from earshot.pipeline.acting import people
from earshot.pipeline.acting.acting import act
from earshot.pipeline.deciding import decide
from earshot.ports.tool import Tool
from earshot.store import PostgresStore
from tests.flow.vendors import PatientClock, all_cases
from tests.integration.pipeline.ruling_world import rule, switched_on, told, world
from tests.integration.store.store_samples import NOW

RULE = rule("ALL", "true", "CREATE_TICKET", "ALERT_CS_MANAGER")


async def test_one_missing_secret_stops_one_destination(store: PostgresStore) -> None:
    clock = PatientClock(NOW)
    slack_case, jira_case = ({case.name: case for case in all_cases()}[name] for name in ("slack", "jira"))
    async with slack_case.bench() as slack, jira_case.bench() as jira:
        lacking = SlackTool(SlackSettings(channel="#alerts"), {}, clock=clock)
        tools: dict[str, Tool] = {"jira": jira.tool, "slack": lacking}
        parts = replace(world(store, [RULE]), make_tools=lambda: tools, clock=clock)
        await switched_on(parts, RULE)
        await told(store, 1, by="local", priority="HIGH")
        await decide(parts)
        acted = await act(parts, settled=True, patience=10_000)
        assert acted.ok
        assert acted.waiting == 1
        assert any("SLACK_BOT_TOKEN" in problem for problem in acted.problems), acted.problems
        assert (jira.objects(), slack.objects()) == (1, 0)
        health = {one.destination: one for one in await people.healths(parts)}
        assert health["jira"].breaker is Breaker.CLOSED
        assert health["slack"].breaker is Breaker.PAUSED
        assert "SLACK_BOT_TOKEN" in health["slack"].reason

        tools["slack"] = slack.tool
        await people.resume(parts, "slack")
        acted = await act(parts, settled=True, patience=10_000)
        assert (acted.done, acted.waiting) == (1, 0)
        assert (jira.objects(), slack.objects()) == (1, 1)
        async with store.unit() as unit:
            rows = await unit.outbox.deliveries(limit=10)
        assert {row.state for row in rows} == {DeliveryState.DONE}
