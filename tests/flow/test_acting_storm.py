"""A storm of identical critical conversations, with a clock moved by hand, from the rules to the vendors."""

from datetime import timedelta

from earshot.act.settings import ActSettings
from earshot.domain.action import ActionKind
from earshot.domain.delivery import Op, Thing
from earshot.pipeline.acting.acting import act
from earshot.pipeline.deciding import decide
from earshot.store import PostgresStore
from tests.flow.vendors import PatientClock, vendors, wired
from tests.integration.pipeline.ruling_world import rule, switched_on, told, world
from tests.integration.store.store_samples import NOW

CRITICAL = rule("P0", 'insight.priority == "CRITICAL"', "PAGE_ONCALL_ENGINEER", "CREATE_JIRA_P0")
STORM = 500
TICK = 10


async def test_five_hundred_identical_criticals_page_once(store: PostgresStore) -> None:
    clock = PatientClock(NOW)
    async with vendors(clock, kinds=(), rate=0.0, seed=1, only=("pagerduty", "jira")) as found:
        parts = wired(world(store, [CRITICAL]), found, clock, ActSettings())
        await switched_on(parts, CRITICAL)
        arrived = 0
        for second in range(0, 600, TICK):
            while arrived < STORM * (second + TICK) // 600:
                arrived += 1
                await told(store, arrived, by="local", priority="CRITICAL", issue_type="PRODUCT_BUG")
            await decide(parts)
            await act(parts)
            clock.pass_by(TICK)
        assert arrived == STORM
        async with store.unit() as unit:
            actions = await unit.decisions.list(None, limit=1000)
            rows = await unit.outbox.deliveries(limit=1000)
    assert {action.kind for action in actions if not action.dry_run} == {
        ActionKind.PAGE_ONCALL_ENGINEER,
        ActionKind.CREATE_JIRA_P0,
    }
    pages = [row for row in rows if row.thing is Thing.PAGE]
    tickets = [row for row in rows if row.thing is Thing.TICKET]
    assert [row.op for row in pages].count(Op.CREATE) == 1
    assert [row.op for row in tickets].count(Op.CREATE) == 1
    assert 1 <= [row.op for row in pages].count(Op.UPDATE) <= 2
    assert [row.op for row in tickets].count(Op.UPDATE) <= 2
    assert found["pagerduty"].bench.objects() == 1
    assert found["jira"].bench.objects() == 1
    first = min(row.ended_at for row in pages if row.ended_at)
    assert first - NOW <= timedelta(seconds=TICK), "the first page does not wait for more"
