"""Use case: bring in the items of a backlog elsewhere, so that none of them is made a second time."""

import asyncio
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from earshot.connectors.backlog_fields import Remark
from earshot.connectors.backlog_file import Found, read_backlog
from earshot.domain.backlog import ExistingItem
from earshot.domain.model import Noun
from earshot.pipeline.backlog.locks import BACKLOG
from earshot.pipeline.backlog.matching import match_all
from earshot.pipeline.backlog.recognising import Ours, load_ours, recognise
from earshot.pipeline.parts import Parts
from earshot.ports.source import BadEntry

BATCH = 500
"""Items per transaction."""


class ImportedItems(Noun):
    """What became of a file: items taken in, how many of them new, by source, and the entries that were not.

    `ours` of them Earshot had made itself: they are tied to their themes. `same` and `unsure` count the themes that
    are, or may be, one of the existing items now.
    """

    items: int = 0
    new: int = 0
    ours: int = 0
    sources: dict[str, int] = {}
    bad: tuple[BadEntry, ...] = ()
    remarks: tuple[str, ...] = ()
    same: int = 0
    unsure: int = 0
    dry_run: bool = False


async def import_backlog(
    parts: Parts, path: Path, *, source: str | None = None, encoding: str | None = None, dry_run: bool = False
) -> ImportedItems:
    """Read a file as a stream; importing it again changes nothing. Themes are compared with what came in.

    With `dry_run` everything is done and then rolled back.
    """
    entries = read_backlog(path, source=source, encoding=encoding)
    async with parts.store.exclusive(BACKLOG):
        done = await _take_in(parts, entries, name=path.name, dry_run=dry_run)
        if dry_run or not done.items:
            return done
        matched = await match_all(parts)
    return done.model_copy(update={"same": matched.same, "unsure": matched.unsure})


async def _take_in(parts: Parts, entries: Iterator[Found], *, name: str, dry_run: bool) -> ImportedItems:
    step = parts.progress.step(f"Importing {name}")
    new, own, sources = 0, 0, dict[str, int]()
    bad: list[BadEntry] = []
    ours: Ours | None = None
    remarks: list[str] = []
    while batch := await asyncio.to_thread(_next, entries):
        bad += [one for one in batch if isinstance(one, BadEntry)]
        remarks += [one.text for one in batch if isinstance(one, Remark)]
        items = [one for one in batch if isinstance(one, ExistingItem)]
        for item in items:
            sources[item.source] = sources.get(item.source, 0) + 1
        async with parts.store.unit() as unit:
            new += await unit.backlog.import_items(items) if items else 0
            ours = ours or await load_ours(unit)
            own += await recognise(unit, ours, items=items, now=parts.clock.now())
            if not dry_run:
                await unit.commit()
        step.advance(len(batch))
    step.done()
    return ImportedItems(
        items=sum(sources.values()),
        new=new,
        ours=own,
        sources=dict(sorted(sources.items())),
        bad=tuple(bad),
        remarks=tuple(remarks),
        dry_run=dry_run,
    )


def _next(entries: Iterator[Found]) -> list[Found]:
    return list(islice(entries, BATCH))
