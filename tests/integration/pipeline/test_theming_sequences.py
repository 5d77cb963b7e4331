"""Random sequences of everything that can happen to themes, deaths included: all counts equal a recount.

`EARSHOT_SEQUENCES=1000` runs the thousand that the project promises (about ten minutes); the default is a sample.
"""

import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from earshot.errors import BadInput, NotFound
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.edits import merge, move, rename, split, undo
from earshot.pipeline.theming.group import group, place_one
from earshot.store import PostgresStore
from tests.integration.pipeline.theming_world import (
    MATTERS,
    Counted,
    Faulty,
    Killed,
    SlowClock,
    assert_counts_hold,
    emptied,
    forget,
    held,
    parts_of,
    tell,
)

SEQUENCES = int(os.environ.get("EARSHOT_SEQUENCES", "60"))
STEPS = 5
CHAIN = 20
"""So many sequences go on from where the one before ended; then everything begins anew."""


@dataclass
class World:
    """One sequence: what is told, and what may happen next."""

    store: PostgresStore
    dice: random.Random
    parts: Parts
    left: list[int] = field(default_factory=lambda: list(range(200)))
    numbers: set[int] = field(default_factory=set[int])
    done: list[str] = field(default_factory=list[str])

    async def arrive(self) -> None:
        fresh = self.dice.sample(self.left, min(3, len(self.left)))
        self.left = [number for number in self.left if number not in fresh]
        self.numbers |= set(fresh)
        await tell(self.store, [(number, self._text()) for number in fresh])

    async def read_again(self) -> None:
        if self.numbers:
            await tell(self.store, [(self.dice.choice(sorted(self.numbers)), self._text())])

    async def delete(self) -> None:
        if self.numbers:
            number = self.dice.choice(sorted(self.numbers))
            self.numbers.remove(number)
            await forget(self.store, [number])

    async def group(self) -> None:
        await group(self.parts)

    async def place(self) -> None:
        if self.numbers:
            await place_one(self.parts, str(1000 + self.dice.choice(sorted(self.numbers))))

    async def merge(self) -> None:
        themes = sorted(await held(self.store))
        if len(themes) > 1:
            one, other = self.dice.sample(themes, 2)
            await merge(self.parts, one, into=other)

    async def split(self) -> None:
        if splittable := await self._splittable():
            theme, conversations = splittable
            await split(self.parts, theme, conversations=[self.dice.choice(conversations)])

    async def move(self) -> None:
        others = sorted(await held(self.store))
        splittable = await self._splittable()
        if splittable and len(others) > 1:
            theme, conversations = splittable
            into = self.dice.choice([other for other in others if other != theme])
            await move(self.parts, [self.dice.choice(conversations)], theme=theme, into=into)

    async def rename(self) -> None:
        if themes := sorted(await held(self.store)):
            await rename(self.parts, self.dice.choice(themes), title=f"Name {len(self.done)}")

    async def undo(self) -> None:
        async with self.store.unit() as unit:
            edits = await unit.themes.edits()
        if edits:
            await undo(self.parts, self.dice.choice(edits).id)

    async def _splittable(self) -> tuple[str, list[str]] | None:
        found = [(theme, sorted(c)) for theme, c in sorted((await held(self.store)).items()) if len(c) > 1]
        return self.dice.choice(found) if found else None

    def _text(self) -> str:
        matter = self.dice.choice(sorted(MATTERS))
        return self.dice.choice(MATTERS[matter])

    async def step(self) -> None:
        """One thing happens; now and then the process dies in the middle of it."""
        grouping = [self.group, self.place, self.merge, self.split, self.move, self.rename, self.undo]
        around = [self.arrive, self.read_again, self.delete]
        what: Callable[[], Awaitable[None]] = self.dice.choice([self.arrive, *around, *grouping, self.group])
        self.done.append(getattr(what, "__name__", ""))
        if self.dice.random() < 0.25:
            faulty = Faulty(self.store, at=self.dice.randrange(2), after=self.dice.random() < 0.5)
            self.parts.store = faulty  # type: ignore[assignment]
        try:
            await what()
        except Killed:
            self.done.append("died")
        finally:
            self.parts.store = self.store


async def test_random_sequences_keep_all_counts(store: PostgresStore) -> None:
    clock, ids = SlowClock(), Counted()
    world = World(store, random.Random(0), parts_of(store))
    for seed in range(SEQUENCES):
        if seed % CHAIN == 0:
            await emptied(store)
            world = World(store, random.Random(seed), parts_of(store, clock=clock, ids=ids))
        try:
            for _ in range(STEPS):
                await world.step()
            await assert_counts_hold(world.parts)
            await group(world.parts)
            await assert_counts_hold(world.parts)
        except (AssertionError, KeyError, BadInput, NotFound) as broken:
            raise AssertionError(f"sequence {seed}: {world.done}") from broken
