"""The source of one process: whose workspace it is, and single things fetched from it."""

import asyncio
from functools import cached_property

from earshot.errors import NotFound
from earshot.pipeline.arriving import Outdated, anew
from earshot.pipeline.parts import Parts
from earshot.ports.source import Fetched, Source


class Fetching:
    """Fetches what changed. The database is bound to the source's workspace before anything is stored."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._bound = False
        self._binding = asyncio.Lock()

    @cached_property
    def source(self) -> Source:
        """The source; made once, so that pace, connections and the customer cache are shared."""
        return self._parts.make_source()

    async def conversation(self, external_id: str) -> Fetched | None:
        """The conversation as it stands at the source, None when it is gone there."""
        await self._bind()
        try:
            return await self.source.fetch(external_id)
        except NotFound:
            return None

    async def anew(self, fetched: Fetched, outdated: Outdated) -> Fetched:
        """What was fetched with its customer as known now."""
        return await anew(self.source, fetched, outdated=outdated)

    async def _bind(self) -> None:
        async with self._binding:
            if self._bound:
                return
            workspace = await self.source.workspace()
            async with self._parts.store.unit() as unit:
                await unit.runs.bind(self.source.name, workspace)
                await unit.commit()
            self._bound = True
