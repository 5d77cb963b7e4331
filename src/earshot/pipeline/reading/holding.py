"""Holding conversations while they are read, so that no other process reads them too.

A hold lasts some seconds and is renewed while its process lives; what a killed process held is free again then.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Self

from earshot.domain.conversation import Conversation
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit, Want

log = logging.getLogger(__name__)
RENEWALS = 3
"""So many times a hold is renewed before it would end."""


class Holding:
    """What one reading holds. Use it with `async with`: leaving lets go of everything."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._seconds = parts.workers.lease_seconds
        self._worker = parts.ids.new()
        self._held: set[str] = set()
        self._sure_until = float("-inf")
        self.others = 0
        """How many conversations others held when nothing was left to take."""
        self._renewing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._renewing = asyncio.create_task(self._renew_again())
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)
            self._renewing = None  # what it raised refers to us: a ring that only a look for garbage would free
        if not self._held:
            return
        with suppress(Exception):  # what cannot be let go of is free by itself soon
            async with self._parts.store.unit() as unit:
                await self.release(unit, sorted(self._held))
                await unit.commit()

    async def take(self, limit: int, *, want: Want) -> list[Conversation]:
        """Conversations that are to be read, from now on held."""
        began, now = self._parts.clock.monotonic(), self._parts.clock.now()
        until = now + timedelta(seconds=self._seconds)
        async with self._parts.store.unit() as unit:
            found = await unit.conversations.lease(limit, worker=self._worker, now=now, until=until, want=want)
            self.others = 0 if found else await unit.conversations.leased(now=now, without=self._worker)
            await unit.commit()
        if not self._held:
            self._sure_until = began + self._seconds
        self._held.update(conversation.id for conversation in found)
        return found

    async def still(self, found: Sequence[Conversation]) -> list[Conversation]:
        """Those that are held for certain, right before they are read: not what was lost while we stood still."""
        if self._parts.clock.monotonic() >= self._sure_until:
            await self._renew()
        return [conversation for conversation in found if conversation.id in self._held]

    async def release(self, unit: Unit, ids: Sequence[str]) -> None:
        """Let go of what was read, in the transaction that saves it."""
        await unit.conversations.release(self._worker, ids)
        self._held.difference_update(ids)

    async def _renew(self) -> None:
        held = sorted(self._held)
        if not held:
            return
        began, now = self._parts.clock.monotonic(), self._parts.clock.now()
        async with self._parts.store.unit() as unit:
            until = now + timedelta(seconds=self._seconds)
            kept = await unit.conversations.renew(self._worker, held, until=until)
            await unit.commit()
        self._held.difference_update(set(held).difference(kept))
        self._sure_until = began + self._seconds

    async def _renew_again(self) -> None:
        while True:
            await asyncio.sleep(self._seconds / RENEWALS)
            try:
                await self._renew()
            except Exception as error:  # noqa: BLE001 (tried again; nothing is begun that is not held for certain)
                log.warning("What is being read could not be held on to (%s).", type(error).__name__)
