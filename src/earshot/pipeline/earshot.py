"""The public Python API: the verbs of the command line as methods."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

from earshot.domain.model import Noun
from earshot.domain.report import Report
from earshot.domain.run import Completeness
from earshot.pipeline.acting.tally import Acted
from earshot.pipeline.acting_on import act_on
from earshot.pipeline.daily import DailyRun, line, run
from earshot.pipeline.exporting import export
from earshot.pipeline.importing import Imported, import_file
from earshot.pipeline.locks import LINE
from earshot.pipeline.parts import Parts
from earshot.pipeline.people import Erased, erase
from earshot.pipeline.reading.classify import Classified
from earshot.pipeline.reporting import report
from earshot.pipeline.syncing import sync


class Earshot:
    """An open Earshot: `async with await build(settings) as earshot: await earshot.run()`."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    async def sync(self, *, since: datetime | None = None, until: datetime | None = None) -> Completeness:
        """Bring in what changed at the source; the statement says what is missing, if anything."""
        async with self.parts.store.exclusive(LINE):
            return await sync(self.parts, since=since, until=until)

    async def import_file(self, path: Path) -> Imported:
        """Bring in a file of conversations."""
        async with self.parts.store.exclusive(LINE):
            return await import_file(self.parts, path)

    async def classify(self, *, classifier: str = "auto") -> Classified:
        """Read what is new or changed, group it and let the rules judge it."""
        return await line(self.parts, classifier=classifier)

    async def run(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        classifier: str = "auto",
        batch: bool = False,
        with_sync: bool = True,
        retention_days: int | None = None,
    ) -> DailyRun:
        """The whole daily batch; with `batch`, reading is handed to the provider and collected by a later run."""
        return await run(
            self.parts,
            since=since,
            until=until,
            classifier=classifier,
            batch=batch,
            with_sync=with_sync,
            retention_days=retention_days,
        )

    async def act(self) -> Acted:
        """Plan and deliver what the rules decided, and read back where tickets stand."""
        return await act_on(self.parts)

    async def report(self, *, since: datetime | None = None, until: datetime | None = None) -> Report:
        """The figures over a window of conversation time."""
        return await report(self.parts, since=since, until=until)

    def export(self, kind: str) -> AsyncIterator[Sequence[Noun]]:
        """Batches of rows in the documented export forms."""
        return export(self.parts, kind)

    async def erase(self, *, contact: str | None = None, conversation: str | None = None) -> Erased:
        """Remove a person or a conversation everywhere, and show what is left."""
        return await erase(self.parts, contact=contact, conversation=conversation)

    async def close(self) -> None:
        """Give everything back."""
        for closer in self.parts.closers:
            await closer()
        await self.parts.store.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()
