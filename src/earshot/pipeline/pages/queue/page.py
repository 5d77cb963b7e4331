"""Use case: the queue, one entry after the other: what waits, the entry to decide, the answer, and its undoing."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from earshot.domain.model import Noun
from earshot.domain.queue import QueueDecision, QueueKind
from earshot.errors import BadInput, NotFound
from earshot.pipeline.pages.queue.actions import PutByRules
from earshot.pipeline.pages.queue.doubts import Doubts
from earshot.pipeline.pages.queue.duplicates import Duplicates
from earshot.pipeline.pages.queue.entries import Entry, Given, Kind
from earshot.pipeline.pages.queue.merges import Merges
from earshot.pipeline.pages.queue.readings import Readings
from earshot.pipeline.pages.queue.suspects import Suspects
from earshot.pipeline.pages.queue.unread import Unread
from earshot.pipeline.parts import Parts
from earshot.ports.pages.queue import Waiting
from earshot.text.escape import one_line

MOST = 1_000
"""Entries of a kind are counted up to this."""
LOOKED = 300
"""So many entries of a kind are put in order: the newest, or those of which Earshot is least sure."""
AHEAD = 12
"""Entries that are listed beside the one to be decided."""
UNDO = timedelta(hours=12)
_REASON = 500
KINDS: Final[Mapping[QueueKind, Kind]] = {
    QueueKind.ACTIONS: PutByRules(),
    QueueKind.DUPLICATES: Duplicates(),
    QueueKind.MERGES: Merges(),
    QueueKind.DOUBTS: Doubts(),
    QueueKind.SUSPECTS: Suspects(),
    QueueKind.READINGS: Readings(),
    QueueKind.UNREAD: Unread(),
}


class QueueView(Noun):
    """The queue of a kind. `number` is the place of the current entry, from 0, among `waiting`.

    `last` is the visitor's newest decision, if it can be taken back.
    """

    kind: QueueKind
    counts: dict[QueueKind, int]
    waiting: tuple[Waiting, ...] = ()
    number: int = 0
    current: Waiting | None = None
    entry: Entry | None = None
    last: QueueDecision | None = None


async def queue_view(parts: Parts, kind: QueueKind | None, *, number: int = 0, subject: str = "") -> QueueView:
    """What waits of a kind (of the first that has something, without one), and the entry at a place or named."""
    async with parts.store.unit() as unit:
        counts = {one: await unit.pages.queue.count(one, most=MOST + 1) for one in QueueKind}
        chosen = kind or next((one for one, count in counts.items() if count), QueueKind.ACTIONS)
        waiting = ordered(await unit.pages.queue.waiting(chosen, limit=LOOKED)) if counts[chosen] else ()
        last = await unit.pages.queue.last(parts.actor, since=parts.clock.now() - UNDO)
    place = next((n for n, one in enumerate(waiting) if one.subject == subject), None) if subject else None
    at = min(number, max(0, len(waiting) - 1)) if place is None else place
    current = waiting[at] if waiting and (place is not None or not subject) else None
    named = current.subject if current else subject
    entry = await KINDS[chosen].entry(parts, named) if named else None
    if current is None and entry is not None:
        current = Waiting(kind=chosen, subject=subject, title=entry.sides[0].title)
    return QueueView(
        kind=chosen,
        counts=counts,
        waiting=waiting,
        number=at,
        current=current,
        entry=entry,
        last=last if last and last.before else None,
    )


async def answer(parts: Parts, kind: QueueKind, *, given: Given) -> QueueDecision:
    """Carry out an answer and remember who gave it; `reason` of the decision says what it did."""
    entry = await KINDS[kind].entry(parts, given.subject)
    if entry is not None and given.answer not in {choice.answer for choice in entry.choices}:
        raise BadInput("That is no answer to this.")
    done = await KINDS[kind].answer(parts, given)
    decision = QueueDecision(
        kind=kind,
        subject=given.subject,
        answer=given.answer,
        reason=one_line(given.reason)[:_REASON],
        actor=parts.actor,
        before=done.before,
        at=parts.clock.now(),
    )
    async with parts.store.unit() as unit:
        number = await unit.pages.queue.note(decision)
        await unit.commit()
    return decision.model_copy(update={"id": number, "reason": done.said})


async def take_back(parts: Parts, number: int) -> QueueDecision:
    """Undo one's own decision. NotFound where it is another's, or was taken back already."""
    async with parts.store.unit() as unit:
        found = await unit.pages.queue.undone(number, actor=parts.actor, at=parts.clock.now())
        if found is None:
            raise NotFound("There is no decision of yours to take back.")
        if not found.before:
            raise BadInput("That cannot be taken back.")
        await unit.commit()
    try:
        await KINDS[found.kind].take_back(parts, found)
    except Exception:
        async with parts.store.unit() as unit:
            await unit.pages.queue.stands(number)
            await unit.commit()
        raise
    return found


def ordered(waiting: list[Waiting]) -> tuple[Waiting, ...]:
    """What matters first: who pays most, then what Earshot is least sure of, then the newest."""
    return tuple(sorted(waiting, key=_weight))


def _weight(one: Waiting) -> tuple[float, float, float, str]:
    unsure = 1.0 if one.sureness is None else abs(one.sureness - 0.5)
    return -(one.mrr or 0.0), unsure, -(one.at.timestamp() if one.at else 0.0), one.subject
