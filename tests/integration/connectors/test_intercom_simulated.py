"""The Intercom source against the simulator on a real socket."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.intercom.source import IntercomSource
from earshot.domain.run import Gap
from earshot.errors import Misconfigured, NotFound, Transient
from earshot.ports.clock import SystemClock
from earshot.ports.source import Fetched
from earshot.sim.intercom.server import running
from earshot.sim.intercom.settings import Fault, FaultSettings, SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.sample.workspace import generate
from earshot.text.html import html_to_text

COUNT = 160
LONG_AGO = timedelta(days=365)


class Quick(SystemClock):
    """The real clock, except that waiting between tries takes no time worth naming."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))


def simulated(**settings: Any) -> IntercomSim:
    workspace = generate(conversations=COUNT, now=datetime.now(UTC))
    return IntercomSim(workspace, settings=SimSettings(rate_per_minute=600_000, **settings))


@asynccontextmanager
async def connected(
    sim: IntercomSim, *, token: str = "sim-token", **changes: Any
) -> AsyncGenerator[IntercomSource]:
    async with running(sim) as address:
        settings = IntercomSettings.model_validate(
            {"base_url": address, "rate_share": 1.0, "page_size": 50, "timeout_seconds": 2, **changes}
        )
        source = IntercomSource(settings, token, clock=Quick(), jitter=random.Random(1))
        try:
            yield source
        finally:
            await source.close()


async def everything(source: IntercomSource) -> tuple[dict[str, Fetched], list[Gap], dict[str, str]]:
    gaps: list[Gap] = []
    ids: dict[str, None] = {}
    async for page in source.changed(datetime.now(UTC) - LONG_AGO, None):
        gaps += page.gaps
        ids |= dict.fromkeys(sighting.external_id for sighting in page.sightings)
    fetched: dict[str, Fetched] = {}
    failed: dict[str, str] = {}
    gate = asyncio.Semaphore(10)

    async def fetch(external_id: str) -> None:
        async with gate:
            try:
                fetched[external_id] = await source.fetch(external_id)
            except Transient as error:
                failed[external_id] = str(error)

    await asyncio.gather(*(fetch(external_id) for external_id in ids))
    return fetched, gaps, failed


def notes(sim: IntercomSim) -> set[str]:
    parts = [
        part
        for record in sim.shelf
        for part in sim.shelf.open_up(record)["conversation_parts"]["conversation_parts"]
        if "note" in part["part_type"]
    ]
    return {html_to_text(part["body"]).text for part in parts if part["body"]}


async def test_everything_is_read_with_hardly_a_request_too_many() -> None:
    sim = simulated()
    async with connected(sim) as source:
        fetched, gaps, failed = await everything(source)
        customers = [f.conversation.customer for f in fetched.values() if f.conversation.customer]
    assert (len(fetched), gaps, failed) == (COUNT, [], {})
    people = {customer.id for customer in customers}
    firms = {customer.company_id for customer in customers if customer.company_id}
    asked = sim.requests.total()
    least = 4 + COUNT + len(people) + len(firms)
    assert asked <= least * 1.02 + 1 + len(sim.merged)
    unequal = [
        f.conversation for f in fetched.values() if f.conversation.parts_held != f.conversation.parts_expected
    ]
    assert all(conversation.truncated and conversation.parts_held == 500 for conversation in unequal)
    assert all((f.conversation.url or "").endswith(f"/inbox/conversation/{key}") for key, f in fetched.items())


async def test_no_note_of_the_sample_reaches_a_message() -> None:
    sim = simulated()
    async with connected(sim) as source:
        fetched, _, _ = await everything(source)
    internal = notes(sim)
    assert internal
    assert not internal & {m.text for f in fetched.values() for m in f.conversation.messages}


async def test_with_every_fault_on_what_is_missing_is_named_exactly() -> None:
    kinds = frozenset(Fault)
    sim = simulated(
        faults=FaultSettings(kinds=kinds, rate=0.03, rates={Fault.TOO_MANY: 0.002}, slow_seconds=0.05, seed=3)
    )
    async with connected(sim, tries=12) as source:
        fetched, gaps, failed = await everything(source)
    lost = {record.id for record in sim.shelf} - set(fetched)
    assert set(failed) == sim.faults.failing - sim.faults.poisoned
    assert lost == sim.faults.failing | sim.faults.poisoned
    assert len(gaps) == 1
    assert "created" in gaps[0].what
    assert sim.faults.struck[Fault.RESET] > 0


async def test_a_deleted_conversation_is_gone_and_listed() -> None:
    sim = simulated()
    before = datetime.now(UTC) - timedelta(minutes=1)
    key = next(record.id for record in sim.shelf)
    sim.delete(key)
    async with connected(sim) as source:
        with pytest.raises(NotFound):
            await source.fetch(key)
        pages = [page async for page in source.deleted(before)]
    assert key in {deletion.external_id for page in pages for deletion in page}


async def test_redacted_words_are_gone() -> None:
    sim = simulated()
    async with connected(sim) as source:
        found, _, _ = await everything(source)
        key, before = next(one for one in sorted(found.items()) if len(one[1].conversation.messages) > 1)
        sim.redact(key, before.conversation.messages[-1].id)
        after = await source.fetch(key)
    gone = {m.text for m in before.conversation.messages} - {m.text for m in after.conversation.messages}
    assert len(gone) == 1
    assert after.redacted
    assert after.conversation.content_hash != before.conversation.content_hash


async def test_a_merged_contact_becomes_the_canonical_one() -> None:
    sim = simulated()
    async with connected(sim) as source:
        fetched, _, _ = await everything(source)
        people = {f.conversation.customer.id for f in fetched.values() if f.conversation.customer}
        old, new = sorted(people)[:2]
        sim.merge_contact(old, new)
        key = next(k for k, f in fetched.items() if f.conversation.customer and f.conversation.customer.id == old)
        settings = source.settings
        later = IntercomSource(settings, "sim-token")
        customer = (await later.fetch(key)).conversation.customer
        await later.close()
    assert customer is not None
    assert customer.id == sim.canonical(old)


async def test_the_rate_limit_is_respected_and_survived() -> None:
    sim = simulated()
    sim.script_fault(Fault.TOO_MANY, times=3, path="/me")
    async with connected(sim) as source:
        assert (await source.workspace()).id
        assert source.client.requests == 4


async def test_a_wrong_token_says_so() -> None:
    async with connected(simulated(), token="another") as source:
        with pytest.raises(Misconfigured, match="token"):
            await source.workspace()


async def test_nobody_listening_says_so() -> None:
    settings = IntercomSettings(base_url="http://127.0.0.1:9", first_wait_seconds=0.001)
    source = IntercomSource(settings, "token")
    with pytest.raises(Transient, match="no connection") as caught:
        await source.workspace()
    await source.close()
    assert "network" in caught.value.hint
