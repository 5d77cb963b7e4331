"""One pace for many processes: each `StoredPace` here stands for a process of its own."""

import asyncio

from earshot.pipeline.pacing import StoredPace
from earshot.store import PostgresStore

INTERVAL, SLACK = 0.5, 1.0


async def test_turns_of_all_processes_come_one_per_interval(store: PostgresStore) -> None:
    paces = [StoredPace(store, "intercom") for _ in range(3)]
    waits = sorted(await asyncio.gather(*(paces[n % 3].turn(INTERVAL, SLACK) for n in range(30))))
    assert sum(wait == 0.0 for wait in waits) <= 1 + SLACK / INTERVAL, "early ones up to the slack only"
    latest = 30 * INTERVAL - SLACK
    assert latest - 2.0 < waits[-1] <= latest, "everybody stands in one row"


async def test_paces_of_different_things_do_not_meet(store: PostgresStore) -> None:
    await asyncio.gather(*(StoredPace(store, "one").turn(INTERVAL, SLACK) for _ in range(10)))
    assert await StoredPace(store, "other").turn(INTERVAL, SLACK) == 0.0


async def test_a_turn_that_nobody_waits_for_any_more_hinders_nobody(store: PostgresStore) -> None:
    pace = StoredPace(store, "intercom")
    given_up = asyncio.create_task(pace.turn(INTERVAL, SLACK))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await pace.turn(INTERVAL, SLACK) < INTERVAL
