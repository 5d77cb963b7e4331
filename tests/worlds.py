"""The sample workspace for tests: the same conversations on every day and at every hour, ending now."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from earshot.sim.sample import generate
from earshot.sim.workspace import Json, SimWorkspace

MADE = datetime(2026, 10, 14, 12, tzinfo=UTC)
"""The moment every workspace is made at, before it is moved: what it holds depends on it."""
STAMPS = range(1_400_000_000, 2_400_000_000)
"""Whole numbers that are times (Unix seconds): Intercom's other numbers are smaller, its ids are text."""


def sample(*, conversations: int, seed: int, now: datetime) -> SimWorkspace:
    """A workspace of this many conversations over the ninety days before `now`, moved there as a whole."""
    made = generate(conversations=conversations, seed=seed, now=MADE)
    by = int((now - MADE).total_seconds())
    talks = [_moved(talk, by) for talk in made.conversations]
    named = {
        name: _moved(getattr(made, name), by)
        for name in ("app", "admins", "teams", "tags", "contacts", "companies")
    }
    return replace(made, conversations=talks, deleted=_moved(made.deleted, by), **named)


def _moved(value: Any, by: int) -> Any:
    if isinstance(value, dict):
        return {key: _moved(one, by) for key, one in cast("Json", value).items()}
    if isinstance(value, list):
        return [_moved(one, by) for one in cast("list[Any]", value)]
    return value + by if type(value) is int and value in STAMPS else value
