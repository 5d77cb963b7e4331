"""Transactions that met another one are done again, but not for ever."""

import pytest

from earshot.errors import Misconfigured, Transient
from earshot.pipeline.clashes import TRIES, clash_safe


class Clashing:
    """A transaction that fails so many times."""

    def __init__(self, times: int, error: Exception) -> None:
        self.left, self.error, self.tries = times, error, 0

    async def __call__(self) -> str:
        self.tries += 1
        if self.tries <= self.left:
            raise self.error
        return "done"


@pytest.mark.parametrize("times", range(TRIES))
async def test_a_clash_is_survived(times: int) -> None:
    transaction = Clashing(times, Transient("deadlock"))
    assert await clash_safe(transaction) == "done"
    assert transaction.tries == times + 1


async def test_what_clashes_each_time_is_told() -> None:
    transaction = Clashing(TRIES, Transient("deadlock"))
    with pytest.raises(Transient, match="deadlock"):
        await clash_safe(transaction)
    assert transaction.tries == TRIES


async def test_another_fault_is_not_tried_again() -> None:
    transaction = Clashing(1, Misconfigured("no such table", hint="h"))
    with pytest.raises(Misconfigured):
        await clash_safe(transaction)
    assert transaction.tries == 1
