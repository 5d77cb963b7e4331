"""Use case: bring in a file of conversations; bad entries are named, the rest goes in."""

import asyncio
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from earshot.domain.model import Noun
from earshot.pipeline.arriving import arrivals
from earshot.pipeline.parts import Parts
from earshot.ports.source import BadEntry, Fetched

BATCH = 500
"""Conversations per transaction."""


class Imported(Noun):
    """What became of a file: conversations taken in, how many of them new or changed, and the bad entries."""

    conversations: int = 0
    changed: int = 0
    bad: tuple[BadEntry, ...] = ()


async def import_file(parts: Parts, path: Path) -> Imported:
    """Read a file as a stream. Importing it again changes nothing."""
    step = parts.progress.step(f"Importing {path.name}")
    entries = parts.read_file(path, parts.clock.now())
    taken = changed = 0
    bad: list[BadEntry] = []
    while batch := await asyncio.to_thread(_next, entries):
        bad += [entry for entry in batch if isinstance(entry, BadEntry)]
        fetched = [entry for entry in batch if isinstance(entry, Fetched)]
        async with parts.store.unit() as unit:
            changed += await unit.conversations.save(
                await arrivals(parts, unit, fetched=fetched), now=parts.clock.now()
            )
            await unit.commit()
        taken += len(fetched)
        step.advance(len(batch))
    step.done()
    return Imported(conversations=taken, changed=changed, bad=tuple(bad))


def _next(entries: Iterator[Fetched | BadEntry]) -> list[Fetched | BadEntry]:
    return list(islice(entries, BATCH))
