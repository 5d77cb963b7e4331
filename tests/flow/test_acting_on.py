"""A run acts for a while before it reports; what is left goes out afterwards, and nothing goes out twice."""

from dataclasses import replace

from earshot.pipeline.acting_on import act_on
from earshot.pipeline.deciding import decide
from earshot.store import PostgresStore
from tests.flow.vendors import PatientClock, all_cases
from tests.integration.pipeline.ruling_world import rule, switched_on, told, world
from tests.integration.store.store_samples import NOW

RULE = rule("ALL", "true", "CREATE_TICKET")
MATTERS = 5


async def test_what_time_cuts_short_is_done_afterwards_and_once(store: PostgresStore) -> None:
    clock = PatientClock(NOW)
    jira_case = next(case for case in all_cases() if case.name == "jira")
    async with jira_case.bench() as jira:
        parts = replace(world(store, [RULE]), make_tools=lambda: {"jira": jira.tool}, clock=clock)
        await switched_on(parts, RULE)
        for number in range(MATTERS):
            await told(store, number, by="local", priority="HIGH")
        await decide(parts)
        first = await act_on(parts, within=0)
        assert first.cut_short
        assert jira.objects() < MATTERS
        rest = await act_on(parts)
        assert not rest.cut_short
        assert jira.objects() == MATTERS
        assert (await act_on(parts)).done == 0
        assert jira.objects() == MATTERS
