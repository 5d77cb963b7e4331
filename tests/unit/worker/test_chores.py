"""Ticks of schedules in child processes: what their exit codes mean, and what happens when the worker stops."""

import asyncio
import logging
from collections.abc import Sequence

import pytest

from earshot.errors import BadInput, Transient
from earshot.ports.jobs import Later
from earshot.worker import chores
from earshot.worker.chores import AGAIN, Chores

KEY = "daily@2026-03-02T06:00:00Z"


class Scripted:
    """A child that ends when a test says so."""

    def __init__(self) -> None:
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.begun = asyncio.Event()
        self.started: list[Sequence[str]] = []
        self.graces: list[float] = []
        self.ends: list[bool] = []

    async def spawn(self, arguments: Sequence[str], *, grace: float) -> "Scripted":
        """Stands for `children.spawn`."""
        self.started.append(arguments)
        self.graces.append(grace)
        self.begun.set()
        return self

    async def ended(self) -> int:
        """Its exit code."""
        return await asyncio.shield(self.code)

    async def end(self, *, at_once: bool = False) -> int:
        """It obeys."""
        self.ends.append(at_once)
        return 0


@pytest.fixture
async def child(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    made = Scripted()
    monkeypatch.setattr(chores, "spawn", made.spawn)
    return made


async def test_a_tick_is_a_command_in_a_child(child: Scripted) -> None:
    child.code.set_result(0)
    await Chores(most=1, stop=asyncio.Event(), grace=8).serve(KEY)
    assert child.started == [["schedule", "run", "daily", "--tick", "2026-03-02T06:00:00Z", "--quiet"]]
    assert child.graces == [2.0]
    assert child.ends == []


async def test_what_failed_and_says_so_is_not_tried_again(
    child: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    child.code.set_result(1)
    await Chores(most=1, stop=asyncio.Event(), grace=8).serve(KEY)
    assert caplog.messages == ["The schedule daily failed; `earshot schedule` says why."]


@pytest.mark.parametrize("code", [-9, 2, 130])
async def test_a_tick_that_was_cut_short_is_tried_again(child: Scripted, code: int) -> None:
    child.code.set_result(code)
    with pytest.raises(Transient, match=f"code {code}"):
        await Chores(most=1, stop=asyncio.Event(), grace=8).serve(KEY)


async def test_no_more_than_so_many_at_once(child: Scripted) -> None:
    served = Chores(most=1, stop=asyncio.Event(), grace=8)
    first = asyncio.create_task(served.serve(KEY))
    await asyncio.sleep(0)
    with pytest.raises(Later) as told:
        await served.serve(KEY)
    assert told.value.seconds == AGAIN
    child.code.set_result(0)
    await first
    await served.serve(KEY)
    assert len(child.started) == 2


async def test_a_worker_that_stops_takes_nothing_new(child: Scripted) -> None:
    stop = asyncio.Event()
    stop.set()
    with pytest.raises(Later):
        await Chores(most=1, stop=stop, grace=8).serve(KEY)
    assert child.started == []


async def test_a_tick_that_ends_within_half_the_grace_time_is_done(child: Scripted) -> None:
    stop = asyncio.Event()
    served = asyncio.create_task(Chores(most=1, stop=stop, grace=600).serve(KEY))
    await child.begun.wait()
    stop.set()
    await asyncio.sleep(0)
    child.code.set_result(0)
    await served
    assert child.ends == []


async def test_a_tick_that_takes_longer_is_interrupted_and_offered_to_others(child: Scripted) -> None:
    stop = asyncio.Event()
    served = asyncio.create_task(Chores(most=1, stop=stop, grace=0.02).serve(KEY))
    await child.begun.wait()
    stop.set()
    with pytest.raises(Later, match="stops"):
        await served
    assert child.ends[0] is False


async def test_a_tick_whose_job_is_taken_away_is_ended_at_once(child: Scripted) -> None:
    served = asyncio.create_task(Chores(most=1, stop=asyncio.Event(), grace=8).serve(KEY))
    await child.begun.wait()
    served.cancel()
    with pytest.raises(asyncio.CancelledError):
        await served
    assert child.ends == [True]


async def test_a_key_without_a_time_is_refused(child: Scripted) -> None:
    with pytest.raises(BadInput):
        await Chores(most=1, stop=asyncio.Event(), grace=8).serve("daily")
    assert child.started == []
