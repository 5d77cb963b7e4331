"""Judging a bound: left, kept again, or as before; a value that swings about its limit tells nobody twice."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from earshot.domain.pulse import WatchState
from earshot.pipeline.watching.bounds import Reading

BACK = 0.8
"""A bound is kept again below this share of its limit only."""
LOOKS_BACK = 3
"""So many looks in a row below it, where one look does not tell."""


class News(StrEnum):
    """What people are told of a bound."""

    LEFT = "left"
    STILL = "still"
    KEPT = "kept"


class Judged(NamedTuple):
    """How a bound stands now, and what is new about it."""

    state: WatchState
    news: News | None


def judge(reading: Reading, before: WatchState | None, *, now: datetime, reachable: bool = True) -> Judged:
    """How a bound stands after this look. `reachable`: somebody can be told; otherwise it is told when they can."""
    state = before or WatchState(bound=reading.bound, since=now, seen_at=now)
    state = state.model_copy(update={"seen_at": now, "value": reading.value})
    if reading.value is None:
        return Judged(state, None)
    if not _says_otherwise(reading, outside=state.outside, value=reading.value):
        return _as_before(reading, state.model_copy(update={"strikes": 0}), now=now, reachable=reachable)
    needed = LOOKS_BACK if state.outside and reading.looks > 1 else reading.looks
    if state.strikes + 1 < needed:
        return Judged(state.model_copy(update={"strikes": state.strikes + 1}), None)
    left = not state.outside
    update = {
        "outside": left,
        "since": now,
        "strikes": 0,
        "episode": state.episode + left,
        "told_at": (now if reachable else None) if left else state.told_at,
    }
    return Judged(state.model_copy(update=update), News.LEFT if left else News.KEPT)


def _says_otherwise(reading: Reading, *, outside: bool, value: float) -> bool:
    """Whether the value speaks against how the bound stands. What takes one look knows no swinging."""
    if not outside:
        return value > reading.limit
    return value <= (reading.limit if reading.looks == 1 else BACK * reading.limit)


def _as_before(reading: Reading, state: WatchState, *, now: datetime, reachable: bool) -> Judged:
    if not state.outside or not reachable:
        return Judged(state, None)
    told = state.model_copy(update={"told_at": now})
    if state.told_at is None:
        return Judged(told, News.LEFT)
    due = reading.again is not None and now - state.told_at >= reading.again
    return Judged(told, News.STILL) if due else Judged(state, None)
