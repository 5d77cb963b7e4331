"""A small world for the use cases of themes: a real store, conversations that tell a few matters, a recount."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Self, cast

from earshot.domain.report import BEGINNING, Window
from earshot.errors import Misconfigured
from earshot.pipeline.exporting import export
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.group import group
from earshot.ports.source import Deletion
from earshot.ports.store import Store, Unit
from earshot.store import PostgresStore
from tests.integration.store.store_samples import NOW, T0, arrival, conversation, insight, query

EVERYTHING = Window(start=BEGINNING, end=T0 + timedelta(days=4000))
MANY = 100_000

MATTERS: dict[str, tuple[str, ...]] = {
    "export": (
        "The CSV export stops half way with error 500",
        "CSV export stops with error 500 half way through",
        "Error 500: our CSV export stops half way",
        "Since Monday the CSV export stops half way, error 500",
    ),
    "login": (
        "Single sign-on login loops back to the sign-in page",
        "Our single sign-on loops back to the sign-in page",
        "The sign-in page comes back in a loop with single sign-on",
        "Single sign-on sends us in a loop to the sign-in page again",
    ),
    "invoice": (
        "We were charged twice on the October invoice",
        "The October invoice was charged twice to our card",
        "Charged twice for one October invoice",
        "Our card was charged twice, see the October invoice",
    ),
    "calendar": (
        "Google calendar events appear one hour late after the time change",
        "Since the time change Google calendar events appear one hour late",
        "Events from Google calendar are one hour late after the time change",
        "One hour late: Google calendar events after the time change",
    ),
}
"""Matters, each told in several ways that share most of their telling words."""


_EMPTY = """
    truncate conversation, conversation_insights, finding, theme, cell, placement, core, theme_edit, lineage,
        verdict, doubt, proposal, lexicon, feature_requests, theme_day, theme_hour, dirty_hour,
        insight_hour, raw, account
"""


class Killed(Exception):
    """The process died here."""


@dataclass
class Counted:
    """Ids in order, so that runs can be compared."""

    prefix: str = "id"

    def __post_init__(self) -> None:
        self._numbers = count(1)

    def new(self) -> str:
        """The next id."""
        return f"{self.prefix}-{next(self._numbers):08}"


@dataclass
class SlowClock:
    """A clock that moves a second with every look."""

    at: datetime = NOW

    def now(self) -> datetime:
        """The next moment."""
        self.at += timedelta(seconds=1)
        return self.at

    def monotonic(self) -> float:
        """Seconds since the world began."""
        return (self.at - NOW).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.at += timedelta(seconds=seconds)


class Faulty:
    """A store that dies at one of its commits: just before it, or just after."""

    def __init__(self, store: Store, *, at: int, after: bool) -> None:
        self._store = store
        self._left = at
        self._after = after

    def unit(self) -> Unit:
        """A unit that may die at its commit."""
        return cast("Unit", _FaultyUnit(self._store.unit(), self))

    async def committing(self, commit: Callable[[], Awaitable[None]]) -> None:
        """Commit, or die."""
        self._left -= 1
        if self._left < 0 and not self._after:
            raise Killed
        await commit()
        if self._left < 0:
            raise Killed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class _FaultyUnit:
    def __init__(self, unit: Unit, faults: Faulty) -> None:
        self._unit = unit
        self._faults = faults

    async def commit(self) -> None:
        await self._faults.committing(self._unit.commit)

    async def __aenter__(self) -> Self:
        await self._unit.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._unit.__aexit__(*exc)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._unit, name)


def _nobody(*_: object) -> Any:
    raise Misconfigured("nobody is here")


def parts_of(store: Store, **more: Any) -> Parts:
    """Parts around a store, with nothing outside it."""
    given: dict[str, Any] = {"clock": SlowClock(), "ids": Counted(), "actor": "tester", **more}
    return Parts(
        store=store, make_source=_nobody, make_reader=_nobody, make_rules=_nobody, read_file=_nobody, **given
    )


async def tell(store: Store, told: Iterable[tuple[int, str]]) -> None:
    """Conversations by number, each with its text, arrive (or change) and are read."""
    found = [conversation(number, text) for number, text in told]
    async with store.unit() as unit:
        await unit.conversations.save([arrival(c) for c in found], now=NOW)
        await unit.insights.save([insight(c) for c in found], [])
        await unit.commit()


async def emptied(store: PostgresStore) -> None:
    """Everything is as in a fresh database."""
    await query(store, _EMPTY)


async def forget(store: Store, numbers: Iterable[int]) -> None:
    """Conversations are deleted at the source."""
    gone = [Deletion(external_id=str(1000 + number), deleted_at=NOW) for number in numbers]
    async with store.unit() as unit:
        await unit.conversations.delete("intercom", gone)
        await unit.commit()


async def grouped(store: Store, told: Iterable[tuple[int, str]], **more: Any) -> Parts:
    """These conversations, told and grouped."""
    parts = parts_of(store, **more)
    await tell(store, told)
    await group(parts)
    return parts


def every(*matters: str, each: int = 4, start: int = 0) -> list[tuple[int, str]]:
    """Conversations of some matters by turns: numbers and texts."""
    texts = [MATTERS[matter][turn % 4] for turn in range(each) for matter in matters]
    return list(enumerate(texts, start=start))


async def held(store: Store) -> dict[str, set[str]]:
    """The conversations of each theme, counted from mentions and placements, not from any count."""
    async with store.unit() as unit:
        state = await unit.themes.partition()
        mentions = await unit.themes.mentions(MANY)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for mention in mentions:
        placement = state.placements.get(mention.id)
        if placement is not None:
            found[state.cells[placement.cell_id]].add(mention.conversation_id)
    return dict(found)


async def theme_of(store: Store, number: int) -> str:
    """The theme that holds a conversation."""
    wanted = str(1000 + number)
    (found,) = [theme for theme, conversations in (await held(store)).items() if wanted in conversations]
    return found


def parted(themes: dict[str, set[str]]) -> set[frozenset[str]]:
    """A partition without the names of its themes."""
    return {frozenset(conversations) for conversations in themes.values()}


async def assert_counts_hold(parts: Parts) -> None:
    """Every count that is shown equals a recount from scratch."""
    store = parts.store
    recounted = await held(store)
    async with store.unit() as unit:
        placed = await unit.themes.mentions(MANY, placed=True)
        listed = {theme.id: theme.conversations for theme in await unit.themes.top(EVERYTHING, limit=MANY)}
        got = {theme.id: theme.conversations for theme in await unit.themes.get(sorted(recounted))}
        members = {one: await unit.themes.members(one, limit=MANY) for one in recounted}
        alive = {c.id async for batch in unit.conversations.export() for c in batch if not c.deleted}
    counts = {theme: len(conversations) for theme, conversations in recounted.items()}
    assert listed == counts
    assert got == counts
    assert {one: {m.mention.conversation_id for m in found} for one, found in members.items()} == recounted
    ids = [m.mention.id for found in members.values() for m in found]
    assert sorted(ids) == sorted(mention.id for mention in placed), "each placed mention is in exactly one theme"
    assert {one for conversations in recounted.values() for one in conversations} <= alive
    rows = [cast("Any", row) async for batch in export(parts, "themes") for row in batch]
    assert {row.id: row.frequency for row in rows} == counts
