"""People and companies that changed at the source: their stored conversations show it without being read again.

A contact that was deleted is not erased as `earshot erase` does it: the source decides. Its details are dropped
from the cache, and its conversations are fetched anew; what the source no longer gives, we no longer hold.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from earshot.domain.notification import Concern, Effect, Notification, Turn
from earshot.pipeline.arriving import Outdated, Renewing, store
from earshot.pipeline.live.fetching import Fetching
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit

MOST = 500
"""Conversations of one person or company that are brought up to date, the newest."""


class Contacts:
    """Hears about people and companies."""

    def __init__(self, parts: Parts, fetching: Fetching) -> None:
        self._parts = parts
        self._fetching = fetching

    async def hear(self, turn: Turn) -> None:
        """Bring the cache and the stored conversations up to date, and settle the turn."""
        source = self._fetching.source
        if isinstance(source, Renewing):
            await source.refresh(turn.concern, turn.external_id)
        async with self._parts.store.unit() as unit:
            raws = await self._theirs(unit, turn)
        renewing = source if isinstance(source, Renewing) and not _is_gone(turn) else None
        try:
            await self._settle(turn, raws, renewing=renewing)
        except Outdated as outdated:
            if renewing is None:
                raise
            renewing.forget(outdated.behind)
            await self._settle(turn, raws, renewing=renewing)

    async def _settle(self, turn: Turn, raws: Mapping[str, bytes], *, renewing: Renewing | None) -> None:
        renewed = [await renewing.renewed(raw) for raw in raws.values()] if renewing is not None else []
        async with self._parts.store.unit() as unit:
            if renewed:
                await store(self._parts, unit, fetched=renewed)
            if _is_gone(turn):
                await self._fetch_again(unit, turn, external_ids=list(raws))
            await unit.inbox.settle(turn, now=self._parts.clock.now())
            await unit.commit()

    async def _theirs(self, unit: Unit, turn: Turn) -> dict[str, bytes]:
        contact = turn.external_id if turn.concern is Concern.CONTACT else ""
        company = turn.external_id if turn.concern is Concern.COMPANY else ""
        return await unit.conversations.of_customer(turn.source, contact=contact, company=company, limit=MOST)

    async def _fetch_again(self, unit: Unit, turn: Turn, *, external_ids: Sequence[str]) -> None:
        now = self._parts.clock.now()
        notes = [
            Notification(
                id=f"contact:{turn.external_id}:{turn.version}:{one}",
                source=turn.source,
                topic="contact.deleted",
                effect=Effect.CHANGED,
                concern=Concern.CONVERSATION,
                external_id=one,
                occurred_at=now,
                received_at=now,
                trace=turn.trace,
            )
            for one in external_ids
        ]
        await unit.inbox.take(notes, debounce=timedelta(), now=now)


def _is_gone(turn: Turn) -> bool:
    return turn.concern is Concern.CONTACT and turn.effect is Effect.DELETED
