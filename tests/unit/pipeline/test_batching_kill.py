"""Killed at every single moment: each conversation is read once and paid once, and the ledger is the invoice."""

import pytest

from earshot.domain.batch import BatchStatus, EntryState
from earshot.domain.call import Outcome
from earshot.pipeline.batches.flow import collect, submit
from tests.unit.pipeline.batching_memory import Killed
from tests.unit.pipeline.batching_world import World

_MOST_RUNS = 12


async def _process(world: World) -> None:
    """What one process does: collect what is ready, submit what is pending, look once more."""
    await collect(world.parts, world.llm)
    await submit(world.parts, world.llm)
    await collect(world.parts, world.llm)


async def _until_done(world: World) -> None:
    for _ in range(_MOST_RUNS):
        world.restart()
        world.later(minutes=5)
        await _process(world)
        rows = world.store.rows
        if len(rows.insights) == len(rows.conversations) and not await world.store.unit().batches.unsettled():
            return
    raise AssertionError("the work never ends")


async def _killed_at(world: World, moment: int) -> bool:
    """Run a process that dies at a moment; whether it came that far."""
    world.restart()
    world.fate.at = moment
    try:
        await _process(world)
    except Killed:
        return True
    return False


def _check(world: World) -> None:
    rows, provider = world.store.rows, world.provider
    assert rows.insights.keys() == rows.conversations.keys()
    assert rows.read_twice == 0
    assert len(provider.paid) == len(rows.conversations)
    assert set(provider.paid.values()) == {1}
    called = [call for call in rows.calls.values() if call.batch_id]
    assert {call.id for call in called if call.outcome is Outcome.OK} == provider.paid.keys()
    assert sum(call.cost_usd or 0.0 for call in called) == pytest.approx(provider.usd, abs=1e-12)
    assert all(call.outcome is not Outcome.STARTED for call in called)
    assert all(entry.state is not EntryState.WAITING for entry in rows.entries.values())
    assert all(b.status in {BatchStatus.COLLECTED, BatchStatus.ABANDONED} for b in rows.batches.values())


@pytest.mark.parametrize("keeps_reference", [True, False])
async def test_a_kill_at_every_moment(keeps_reference: bool) -> None:
    moment = 0
    while True:
        moment += 1
        world = World(keeps_reference=keeps_reference)
        came_so_far = await _killed_at(world, moment)
        await _until_done(world)
        _check(world)
        if not came_so_far:
            break
    assert moment > 50


@pytest.mark.parametrize("keeps_reference", [True, False])
async def test_two_kills_one_after_the_other(keeps_reference: bool) -> None:
    tried = 0
    for first in range(3, 60, 3):
        for second in range(1, 40, 4):
            world = World(keeps_reference=keeps_reference)
            if not await _killed_at(world, first):
                break
            world.later(minutes=2)
            await _killed_at(world, second)
            await _until_done(world)
            _check(world)
            tried += 1
    assert tried > 100


async def test_a_kill_at_every_moment_while_batches_take_their_time() -> None:
    """The provider works for a while: a batch that nobody can tell apart is waited for, not sent again."""
    for moment in range(1, 40):
        world = World(keeps_reference=False)
        world.provider.ends_at_once = False
        await _killed_at(world, moment)
        for _ in range(4):
            world.restart()
            world.later(minutes=5)
            await _process(world)
        assert len(world.provider.batches) <= 3
        world.provider.ends_at_once = True
        for held in world.provider.batches:
            world.provider.end(held)
        await _until_done(world)
        _check(world)
