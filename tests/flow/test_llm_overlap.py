"""A run with a language model reads what the sync has stored while the sync goes on."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from earshot.cli.sim_answers import local_answer
from earshot.errors import Misconfigured, Transient
from earshot.ports.source import Page, Source
from earshot.sim.intercom.server import running
from earshot.sim.intercom.settings import SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.llm.simulator import LlmSim
from tests.flow.conftest import NOW
from tests.flow.llm_line import Open, calls_of, insights_of, opening
from tests.worlds import sample

SINCE = NOW - timedelta(days=100)


class Breaking:
    """A source that breaks off after its first page."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    async def changed(self, since: datetime, until: datetime | None) -> AsyncIterator[Page]:
        async for page in self._source.changed(since, until):
            yield page
            raise Transient("the source went away")


@pytest.fixture
def desk() -> IntercomSim:
    workspace = sample(conversations=200, seed=3, now=NOW)
    return IntercomSim(workspace, settings=SimSettings(token="", rate_per_minute=600_000))


@pytest.fixture
async def open_llm(database_url: str, desk: IntercomSim) -> AsyncGenerator[Open]:
    async with running(desk) as address, opening(database_url) as opened:
        intercom = {"base_url": address, "rate_share": 1.0, "first_wait_seconds": 0.0}

        async def with_desk(sim: LlmSim, **more: Any) -> Any:
            return await opened(sim, sections={"intercom": intercom}, secrets={"intercom_token": "t"}, **more)

        yield with_desk


async def test_everything_is_read_and_reported(desk: IntercomSim, open_llm: Open) -> None:
    sim = LlmSim(local_answer)
    earshot = await open_llm(sim)
    done = await earshot.run(since=SINCE)
    assert done.run.ok
    assert done.run.classified > 100
    assert (done.reading.left, done.reading.provisional) == (0, 0)
    assert done.report.totals.conversations == done.run.classified == len(await insights_of(earshot))
    calls = await calls_of(earshot)
    assert {call.run_id for call in calls} == {done.run.id}
    async with earshot.parts.store.unit() as unit:
        assert await unit.conversations.count_pending() == 0
    again = await earshot.run(since=SINCE)
    assert again.run.classified == 0
    assert len(await calls_of(earshot)) == len(calls)


async def test_when_the_sync_fails_what_is_under_way_is_read_and_saved(open_llm: Open) -> None:
    sim = LlmSim(local_answer)
    earshot = await open_llm(sim)
    make = earshot.parts.make_source
    source: Any = None

    def breaking() -> Any:
        nonlocal source
        source = source or Breaking(make())
        return source

    earshot.parts.make_source = breaking
    with pytest.raises(Transient, match="went away"):
        await earshot.run(since=SINCE)
    assert len(await insights_of(earshot)) == len(sim.invoice)
    assert {call.outcome.value for call in await calls_of(earshot)} <= {"ok"}
    earshot.parts.make_source = make
    done = await earshot.run(since=SINCE)
    assert done.run.ok
    assert len(await insights_of(earshot)) == len(sim.invoice) > 100


async def test_when_reading_fails_the_run_fails_and_resumes(open_llm: Open) -> None:
    sim = LlmSim(local_answer)
    earshot = await open_llm(sim, key="wrong-key")
    with pytest.raises(Misconfigured, match="401"):
        await earshot.run(since=SINCE)
    later = await open_llm(sim)
    done = await later.run(since=SINCE)
    assert done.run.ok
    assert len(await insights_of(later)) == len(sim.invoice) > 100


async def test_a_run_in_batches_is_taken_in_by_a_later_run(open_llm: Open) -> None:
    sim = LlmSim(local_answer)
    earshot = await open_llm(sim)
    first = await earshot.run(since=SINCE, batch=True)
    assert first.submitted is not None
    assert first.submitted.requests > 100
    assert first.run.classified == 0
    second = await earshot.run(since=SINCE)
    while second.collected is not None and second.collected.open:  # the provider is not done with it yet
        second = await earshot.run(since=SINCE)
    assert second.collected is not None
    assert second.run.classified == second.collected.read + second.reading.read
    assert second.collected.read == first.submitted.requests
    assert len(await insights_of(earshot)) == second.run.classified
    assert second.report.totals.conversations == second.run.classified


async def test_where_the_model_takes_no_batches_it_is_asked_at_once(open_llm: Open) -> None:
    sim = LlmSim(local_answer)
    earshot = await open_llm(sim)
    assert earshot.parts.make_llm is not None
    unbatched = replace(earshot.parts.make_llm(), batch=None)
    earshot.parts.make_llm = lambda: unbatched
    done = await earshot.run(since=SINCE, batch=True)
    assert done.submitted is None
    assert done.run.classified > 100
