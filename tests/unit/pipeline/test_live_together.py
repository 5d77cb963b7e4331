"""Rounds: what comes while one is under way shares the next; a fault in one stops no other."""

import asyncio
from collections.abc import Sequence

import pytest

from earshot.pipeline.live.together import Together


class Rounds:
    """Notes each round; held back while `open` is not set; `bad` things fail."""

    def __init__(self, *bad: int) -> None:
        self.made: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.bad = set(bad)

    async def do(self, things: Sequence[int]) -> list[int]:
        self.made.append(list(things))
        await self.open.wait()
        if self.bad & set(things):
            raise ValueError("bad")
        return [thing * 10 for thing in things]


async def test_a_lone_thing_is_done_at_once_and_what_comes_meanwhile_together() -> None:
    rounds = Rounds()
    together = Together(rounds.do)
    rounds.open.clear()
    first = asyncio.create_task(together.one(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    rest = [asyncio.create_task(together.one(n)) for n in (2, 3, 4)]
    await asyncio.sleep(0)
    rounds.open.set()
    assert await asyncio.gather(first, *rest) == [10, 20, 30, 40]
    assert rounds.made == [[1], [2, 3, 4]]


async def test_no_round_is_larger_than_the_most() -> None:
    rounds = Rounds()
    together = Together(rounds.do, most=2)
    await asyncio.gather(*(together.one(n) for n in range(5)))
    assert max(map(len, rounds.made)) == 2


async def test_a_fault_in_one_stops_no_other() -> None:
    rounds = Rounds(2)
    together = Together(rounds.do)
    found = await asyncio.gather(*(together.one(n) for n in (1, 2, 3)), return_exceptions=True)
    assert found[0] == 10
    assert isinstance(found[1], ValueError)
    assert found[2] == 30


async def test_where_all_do_the_same_a_fault_is_everybodys_and_nothing_is_done_again() -> None:
    rounds = Rounds(2)
    together = Together(rounds.do, apart=False)
    found = await asyncio.gather(*(together.one(n) for n in (1, 2, 3)), return_exceptions=True)
    assert [type(one) for one in found] == [ValueError] * 3
    assert len(rounds.made) == 1


async def test_who_stops_waiting_stops_nothing() -> None:
    rounds = Rounds()
    together = Together(rounds.do)
    rounds.open.clear()
    one, other = asyncio.create_task(together.one(1)), asyncio.create_task(together.one(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    one.cancel()
    rounds.open.set()
    assert await other == 20
    with pytest.raises(asyncio.CancelledError):
        await one


async def test_several_rounds_may_be_under_way() -> None:
    rounds = Rounds()
    rounds.open.clear()
    together = Together(rounds.do, at_once=2, most=1)
    tasks = [asyncio.create_task(together.one(n)) for n in (1, 2, 3)]
    for _ in range(4):
        await asyncio.sleep(0)
    assert rounds.made == [[1], [2]]
    rounds.open.set()
    assert await asyncio.gather(*tasks) == [10, 20, 30]


async def test_what_comes_right_after_the_last_round_is_done_too() -> None:
    together = Together(Rounds().do)
    for n in range(50):
        assert await together.one(n) == n * 10
