"""Whose workspace this database belongs to, so that a webhook of another one is known as foreign."""

import logging

from earshot.errors import EarshotError
from earshot.pipeline.parts import Parts
from earshot.ports.source import Source

log = logging.getLogger(__name__)


class Home:
    """The workspace's id, once it is known; None before, when nothing counts as foreign."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.id: str | None = None
        self._told = False
        self._source: Source | None = None

    def is_foreign(self, app_id: str) -> bool:
        """Whether a notification comes from another workspace."""
        return self.id is not None and app_id != self.id

    async def recall(self) -> bool:
        """Look it up in the database; whether it is known now."""
        async with self._parts.store.unit() as unit:
            found = await unit.runs.workspace()
        self.id = None if found is None else found.id
        return self.id is not None

    async def find(self) -> bool:
        """Look it up, or ask the source and remember it in the database; whether it is known now."""
        try:
            if not await self.recall():
                self.id = await self._asked()
        except EarshotError as error:
            if not self._told:
                log.warning("which workspace webhooks may come from is not known yet: %s", error)
            self._told = True
        return self.id is not None

    async def watch(self) -> None:
        """Look until it is found; the first sync may bring it."""
        while self.id is None and not await self.find():
            await self._parts.clock.sleep(10.0)

    async def _asked(self) -> str:
        self._source = self._source or self._parts.make_source()
        workspace = await self._source.workspace()
        async with self._parts.store.unit() as unit:
            await unit.runs.bind(self._source.name, workspace)
            await unit.commit()
        return workspace.id
