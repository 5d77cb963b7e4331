"""The budget of a run."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.pipeline.reading.purse import Purse
from earshot.ports.ledger import BudgetSpent


async def test_without_a_budget_everything_fits() -> None:
    purse = Purse(None)
    for number in range(100):
        await purse.reserve(str(number), 1e9)


async def test_a_call_waits_for_what_others_give_back() -> None:
    purse = Purse(2.0)
    await purse.reserve("a", 1.5)
    second = asyncio.create_task(purse.reserve("b", 1.5))
    await asyncio.sleep(0)
    assert not second.done()
    purse.settle("a", 0.1)
    await second
    purse.settle("b", 1.5)
    with pytest.raises(BudgetSpent):
        await purse.reserve("c", 0.5)


async def test_settling_twice_changes_nothing() -> None:
    purse = Purse(1.0)
    await purse.reserve("a", 1.0)
    purse.settle("a", 0.4)
    purse.settle("a", 0.4)
    purse.settle("never", 0.4)
    await purse.reserve("b", 0.6)
    assert purse.settled == 1


@given(st.lists(st.tuples(st.floats(0.01, 2), st.floats(0, 1)), max_size=30), st.floats(0, 5))
def test_whatever_happens_the_budget_holds(calls: list[tuple[float, float]], budget: float) -> None:
    async def go() -> None:
        purse, spent = Purse(budget), 0.0

        async def one(key: str, bound: float, share: float) -> None:
            nonlocal spent
            try:
                await purse.reserve(key, bound)
            except BudgetSpent:
                return
            await asyncio.sleep(0)
            spent += bound * share
            purse.settle(key, bound * share)
            assert spent <= budget + 1e-9

        await asyncio.gather(*(one(str(n), bound, share) for n, (bound, share) in enumerate(calls)))

    asyncio.run(go())
