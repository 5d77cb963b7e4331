"""Receiver, worker and database killed at the worst moment: nothing that was acknowledged is lost or done twice."""

import asyncio
import signal

from earshot.sim.intercom.settings import Fault
from tests.flow.live.conftest import Line
from tests.processes import PAUSE, Late


async def test_a_receiver_killed_right_after_its_200_has_kept_the_webhook(line: Line) -> None:
    ones = [line.actor.create(f"The printer is on fire, case {number}.") for number in range(5)]
    await line.postbox.calm()
    line.server.kill()
    assert line.postbox.tally["acknowledged"] == len(ones)
    await line.worker()
    for number, one in enumerate(ones):
        await line.heard(one, f"on fire, case {number}")
    await line.serve()
    line.sim.reply(ones[0], "customer", text="Out again.")
    await line.heard(ones[0], "Out again.")


async def test_a_worker_killed_in_the_middle_of_a_turn_is_followed_by_another(line: Line) -> None:
    first = await line.worker()
    line.sim.script_fault(Fault.SLOW, times=1, path="/conversations/")
    one = line.actor.create("Everything is down since noon.")
    await _asked(line, one)
    first.kill()
    await line.worker()
    await line.heard(one, "down since noon", within=100.0)
    await line.settled()
    (row,) = await line.query("select count(*) as n from inbox where external_id = $1", one)
    assert row["n"] == 1
    (decided,) = await line.query("select count(*) as n from conversation_insights where conversation_id = $1", one)
    assert decided["n"] == 1


async def test_a_restart_of_the_database_loses_nothing_and_needs_no_restart_of_ours(line: Line) -> None:
    worker = await line.worker()
    before = line.actor.create("Before the restart.")
    await line.postbox.calm()
    for number in (signal.SIGKILL, signal.SIGINT):
        await line.postgres.restart(number)
    await _taken(line, "After the restart.")
    await line.heard(before, "Before the restart.", within=60.0)
    assert worker.alive
    assert line.server.alive
    assert await worker.stop() == 0
    assert await line.server.stop() == 0


async def test_a_small_installation_is_one_command_that_ends_in_good_order(line: Line) -> None:
    line.server.kill()
    await line.server.ended()
    await line.serve("--with-worker")
    one = line.actor.create("Is anybody there? The export fails.")
    await line.heard(one, "The export fails.", within=60.0)
    assert await line.server.stop() == 0


async def _taken(line: Line, words: str) -> None:
    """A webhook that Intercom repeats until it is taken, and is heard then."""
    one = line.actor.create(words)
    await line.postbox.calm()
    await line.heard(one, words, within=60.0)


async def _asked(line: Line, conversation_id: str) -> None:
    """Wait until the simulated Intercom was asked for a conversation (the answer is slow)."""
    for _ in range(1_000):
        if line.sim.faults.struck[Fault.SLOW]:
            return
        await asyncio.sleep(PAUSE)
    raise Late(f"nobody fetched {conversation_id}")
