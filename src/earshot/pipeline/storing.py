"""Storing what a sync fetched: page by page, each with its checkpoint in one commit."""

from collections.abc import Sequence
from datetime import datetime

from earshot.domain.model import Noun
from earshot.pipeline.arriving import Outdated, anew, store
from earshot.pipeline.parts import Parts
from earshot.ports.source import Deletion, Fetched, Page, Source
from earshot.ports.store import Arrival, SyncState
from earshot.pull.choose import Chosen
from earshot.pull.tally import Tally
from earshot.pull.window import WindowPlan, checkpoint

_TRIES = 25
"""Who is behind a conversation may change while a page is stored: the next page is fetched meanwhile, and where its
customers were merged into those of this one, these are learned anew."""


class Outcome(Noun):
    """What became of one retrieval: fetched, gone at the source, or failed with a reason."""

    external_id: str
    fetched: Fetched | None = None
    gone: bool = False
    failure: str | None = None


class Storing:
    """The store's side of one sync: rows, tally and cursor.

    The cursor never passes a conversation that failed, so that the next run meets it again.
    """

    def __init__(self, parts: Parts, *, source: Source, plan: WindowPlan, state: SyncState) -> None:
        self._parts = parts
        self._from = source
        self._source = source.name
        self.plan = plan
        self.state = state
        self.tally = Tally()
        self.newest: datetime | None = None
        self._held_back: datetime | None = None

    async def page(self, page: Page, chosen: Chosen, *, outcomes: Sequence[Outcome]) -> None:
        """Store one page and move the cursor, in one commit."""
        for _ in range(_TRIES - 1):
            try:
                return await self._stored(page, chosen, outcomes=outcomes)
            except Outdated as outdated:
                outcomes = [await self._anew(outcome, outdated) for outcome in outcomes]
        return await self._stored(page, chosen, outcomes=outcomes)

    async def _anew(self, outcome: Outcome, outdated: Outdated) -> Outcome:
        if outcome.fetched is None:
            return outcome
        return outcome.model_copy(update={"fetched": await anew(self._from, outcome.fetched, outdated=outdated)})

    async def _stored(self, page: Page, chosen: Chosen, *, outcomes: Sequence[Outcome]) -> None:
        now = self._parts.clock.now()
        async with self._parts.store.unit() as unit:
            fetched = [outcome.fetched for outcome in outcomes if outcome.fetched is not None]
            arriving = await store(self._parts, unit, fetched=fetched)
            lost = [Deletion(external_id=o.external_id, deleted_at=now) for o in outcomes if o.gone]
            await unit.conversations.delete(self._source, lost)
            self._count(page, chosen, outcomes=outcomes, arrivals=arriving)
            self._move(page, outcomes)
            await unit.runs.save_sync_state(self._source, self.state)
            await unit.commit()

    async def deletions(self, deletions: Sequence[Deletion]) -> None:
        """Purge what was deleted at the source; conversations never held are none of our business."""
        async with self._parts.store.unit() as unit:
            held = await unit.conversations.known(self._source, [d.external_id for d in deletions])
            ours = [d for d in deletions if d.external_id in held and not held[d.external_id].deleted]
            await unit.conversations.delete(self._source, ours)
            await unit.commit()
        self.tally.deleted(d.external_id for d in ours)

    async def close(self, state: SyncState, *, newest_deletion: datetime | None) -> None:
        """Save the state of the finished walk, held back to the oldest failure."""
        cursor = state.cursor
        if cursor is not None and self._held_back is not None:
            cursor = min(cursor, self._held_back)
        deleted_at = max((d for d in (state.deleted_at, newest_deletion) if d is not None), default=None)
        self.state = state.model_copy(update={"cursor": cursor, "deleted_at": deleted_at})
        async with self._parts.store.unit() as unit:
            await unit.runs.save_sync_state(self._source, self.state)
            await unit.commit()

    def _count(
        self, page: Page, chosen: Chosen, *, outcomes: Sequence[Outcome], arrivals: Sequence[Arrival]
    ) -> None:
        self.tally.gap(*page.gaps)
        self.tally.unchanged(chosen.unchanged)
        self.tally.deleted([*chosen.deleted, *(o.external_id for o in outcomes if o.gone)])
        unknown = {o.external_id: o.fetched.unknown for o in outcomes if o.fetched is not None}
        for arrival in arrivals:
            key = arrival.conversation.external_id
            self.tally.fetched(
                arrival.conversation, filtered=arrival.excluded is not None, unknown=unknown.get(key)
            )
        for outcome in outcomes:
            if outcome.failure is not None:
                self.tally.failed(outcome.external_id, outcome.failure)

    def _move(self, page: Page, outcomes: Sequence[Outcome]) -> None:
        failed = {o.external_id for o in outcomes if o.failure is not None}
        times = [s.updated_at for s in page.sightings]
        held = [s.updated_at for s in page.sightings if s.external_id in failed]
        if page.gaps:
            held.append(self.newest or self.plan.since)
        if held:
            self._held_back = min([*held, self._held_back or held[0]])
        if times:
            self.newest = max([*times, *([self.newest] if self.newest else [])])
        if page.ascending and self.newest is not None and self._held_back is None:
            self.state = checkpoint(self.state, self.plan, upto=self.newest)
