"""What a grouping held is freed with it: long-lived workers look for garbage rarely."""

import gc
import weakref
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from earshot.domain.grouping import Partition
from earshot.group.regroup import Given, Regroup

from .partitions import NOW, SETTINGS, afresh, mention, verdict

MENTIONS = [mention(n, f"The csv export is {word}") for n, word in enumerate(["empty", "slow", "garbled"] * 4, 1)]
LATE = mention(99, "The export is empty again")


@contextmanager
def nobody_looking_for_garbage() -> Generator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.parametrize("partial", [False, True])
def test_a_grouping_is_gone_with_its_last_reference(partial: bool) -> None:
    stored = afresh(MENTIONS) if partial else Partition()
    said = [verdict(LATE, MENTIONS[0], same=True)]
    with nobody_looking_for_garbage():
        work = Regroup([*MENTIONS, LATE], Given(stored=stored, settings=SETTINGS, verdicts=said, partial=partial))
        done = work.done(NOW)
        parts = [weakref.ref(one) for one in (work, work.held, work.cells, work.unions, work.held.cores)]
        assert all(part() is not None for part in parts)
        del work
        assert [part() for part in parts] == [None] * len(parts)
    assert done.mentions
