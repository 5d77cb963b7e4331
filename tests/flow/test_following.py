"""What follows a decision in real time: acting, and themes for what was read."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from earshot.act.settings import ActSettings
from earshot.decide.settings import RuleSettings
from earshot.domain.delivery import DeliveryState
from earshot.pipeline.deciding import decide
from earshot.pipeline.live.following import MANY, Following
from earshot.pipeline.parts import Parts
from earshot.ports.jobs import Later
from earshot.sim.tools.settings import ToolFault, ToolFaultSettings
from earshot.store import PostgresStore
from tests.flow.vendors import PatientClock, Vendor, vendors, wired
from tests.integration.pipeline.ruling_world import rule, switched_on, told, world
from tests.integration.pipeline.theming_world import every, tell
from tests.integration.store.store_samples import NOW, query

CRITICAL = rule("P0", 'insight.priority == "CRITICAL"', "PAGE_ONCALL_ENGINEER")
GROWING = rule("GROWING", "theme.frequency >= 2", "CREATE_TICKET")
_JOBS = "select entrypoint as name, execute_after as at from earshot_jobs.pgqueuer order by id"


@dataclass
class Pager:
    """A pager that is the only tool, and a clock that is moved by hand."""

    parts: Parts
    vendor: Vendor
    clock: PatientClock
    store: PostgresStore

    async def critical(self, *numbers: int) -> None:
        """Conversations that call for a page."""
        for number in numbers:
            await told(self.store, number, priority="CRITICAL", issue_type="PRODUCT_BUG")
        await decide(self.parts)

    def fails(self, *, wait: float) -> None:
        """From now on every request is answered with 429 and a time to wait."""
        self.vendor.bench.sim.faults.settings = ToolFaultSettings(
            kinds=frozenset({ToolFault.TOO_MANY}), rate=1.0, streak=1_000, retry_after=wait
        )

    async def states(self) -> list[DeliveryState]:
        async with self.store.unit() as unit:
            return [row.state for row in await unit.outbox.deliveries(limit=100)]


@pytest.fixture
async def pager(store: PostgresStore) -> AsyncGenerator[Pager]:
    clock = PatientClock(NOW)
    async with vendors(clock, kinds=(), rate=0.0, seed=1, only=("pagerduty",)) as found:
        parts = wired(world(store, [CRITICAL]), found, clock, ActSettings())
        await switched_on(parts, CRITICAL)
        yield Pager(parts, found["pagerduty"], clock, store)


async def jobs(store: PostgresStore) -> list[tuple[str, timedelta]]:
    """Jobs by name, each with how long after the beginning it runs."""
    return [(row["name"], row["at"] - NOW) for row in await query(store, _JOBS)]


async def test_whoever_is_to_be_paged_is_paged_once_however_many_jobs_say_so(pager: Pager) -> None:
    await pager.critical(1)
    follow = Following(pager.parts)
    await asyncio.gather(*(follow.page_now(f"job-{number}") for number in range(5)))
    assert pager.vendor.bench.objects() == 1
    assert await pager.states() == [DeliveryState.DONE]
    assert await jobs(pager.store) == []


async def test_nothing_more_is_asked_for_when_all_is_delivered(pager: Pager) -> None:
    await pager.critical(1)
    await Following(pager.parts).act_now("k")
    assert await pager.states() == [DeliveryState.DONE]
    assert await jobs(pager.store) == []


def themed(store: PostgresStore, rules: Sequence[RuleSettings] = (GROWING,)) -> Parts:
    """Parts for giving themes, whose clock moves a second with every look."""
    return world(store, rules)


async def test_a_few_are_placed_and_judged_by_what_their_themes_have_become(store: PostgresStore) -> None:
    parts = themed(store)
    await tell(store, every("export", each=3))
    await Following(parts).place_new("k")
    async with store.unit() as unit:
        (action,) = await unit.decisions.list(None, limit=10)
        assert not await unit.themes.unplaced(10)
        assert len(await unit.decisions.members(action.key, limit=10)) == 3


async def test_many_are_grouped_at_once_with_a_rest_before_the_next_time(store: PostgresStore) -> None:
    parts = themed(store)
    await switched_on(parts, GROWING)
    follow = Following(parts)
    await tell(store, every("export", "login", each=MANY))
    await follow.place_new("k")
    async with store.unit() as unit:
        assert not await unit.themes.unplaced(10)
        assert len(await unit.decisions.list(None, limit=10)) == 2
    assert [name for name, _ in await jobs(store)] == ["deliver"]
    await tell(store, every("invoice", each=MANY + 1, start=2 * MANY))
    with pytest.raises(Later) as again:
        await follow.place_new("k")
    assert again.value.seconds > 0
    await parts.clock.sleep(again.value.seconds)
    await follow.place_new("k")
    async with store.unit() as unit:
        assert not await unit.themes.unplaced(10)


async def test_where_nothing_is_new_nothing_happens(store: PostgresStore) -> None:
    await Following(themed(store)).place_new("k")
    assert await jobs(store) == []
