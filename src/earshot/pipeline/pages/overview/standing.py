"""What waits for a person, how the last run ended, and how complete what is held is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from earshot.domain.queue import QueueKind
from earshot.ports.pages.overview import Standing, Waiting
from earshot.report import words
from earshot.report.views import Tone

MOST = 1_000
"""Counting of what waits ends here."""
STALE = timedelta(hours=26)
"""A last run older than that is said to be late: the usual one is daily."""

DOUBTFUL = (QueueKind.DUPLICATES, QueueKind.MERGES, QueueKind.DOUBTS)
"""Kinds of the queue that ask whether two are one."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something that waits for people, with the address where it is done."""

    count: str
    text: str
    href: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, kw_only=True)
class State:
    """How far the figures can be trusted: the last run and completeness, each in words. `late`: hours too old."""

    run: str
    run_at: datetime | None
    run_tone: Tone
    complete: str
    complete_tone: Tone
    read_until: datetime | None


def tasks(waiting: Waiting, *, queued: Mapping[QueueKind, int], unsure: int, unsure_href: str) -> tuple[Task, ...]:
    """What waits, what is urgent first: `queued` is the queue's own count, `unsure` are readings of the window."""
    return tuple(_tasks(waiting, queued=queued, unsure=unsure, unsure_href=unsure_href))


def _queued(queued: Mapping[QueueKind, int]) -> Iterator[Task]:
    if queue := queued[QueueKind.ACTIONS]:
        text = "matter in the queue to decide" if queue == 1 else "matters in the queue to decide"
        yield Task(count=_count(queue), text=text, href="/queue")
    if doubts := sum(queued[kind] for kind in DOUBTFUL):
        text = "possible duplicate to decide" if doubts == 1 else "possible duplicates to decide"
        yield Task(count=_count(doubts), text=text, href="/queue")


def _tasks(waiting: Waiting, *, queued: Mapping[QueueKind, int], unsure: int, unsure_href: str) -> Iterator[Task]:
    if waiting.held:
        one = waiting.held == 1
        text = "action waits for approval" if one else "actions wait for approval"
        yield Task(count=_count(waiting.held), text=text, href="/actions?state=held", tone=Tone.WARN)
    if waiting.dead:
        text = "delivery was refused for good" if waiting.dead == 1 else "deliveries were refused for good"
        yield Task(count=_count(waiting.dead), text=text, href="/actions?state=dead", tone=Tone.BAD)
    yield from _queued(queued)
    if waiting.unread:
        text = (
            "conversation that nobody could read" if waiting.unread == 1 else "conversations that nobody could read"
        )
        yield Task(count=_count(waiting.unread), text=text, href="/conversations?unread=1", tone=Tone.WARN)
    if waiting.pending:
        text = "conversation waits to be read" if waiting.pending == 1 else "conversations wait to be read"
        yield Task(count=_count(waiting.pending), text=text, href="/health")
    if unsure:
        text = (
            "reading of low confidence in this window"
            if unsure == 1
            else "readings of low confidence in this window"
        )
        yield Task(count=words.number(unsure), text=text, href=unsure_href)


def state(standing: Standing, *, now: datetime) -> State:
    """The last run and the last completeness statement in words."""
    run, tone = _run(standing, now)
    complete, complete_tone = _complete(standing)
    return State(
        run=run,
        run_at=standing.run_at,
        run_tone=tone,
        complete=complete,
        complete_tone=complete_tone,
        read_until=standing.read_until,
    )


def _run(standing: Standing, now: datetime) -> tuple[str, Tone]:
    if standing.run_at is None:
        return "Nothing ran yet.", Tone.WARN
    if standing.run_ended is None:
        return "A run is under way, or was stopped midway.", Tone.PLAIN
    if not standing.run_ok:
        return "The last run failed.", Tone.BAD
    late = now - standing.run_at > STALE
    return (
        ("The last run ended well, but it is old.", Tone.WARN) if late else ("The last run ended well.", Tone.GOOD)
    )


def _complete(standing: Standing) -> tuple[str, Tone]:
    told = standing.completeness
    if told is None:
        return "Nothing was synced: what is held was imported.", Tone.PLAIN
    if told.complete:
        return f"Complete: all {words.number(told.seen)} conversations seen are held.", Tone.GOOD
    gaps = words.count(len(told.gaps), "gap")
    return f"Not complete: {gaps} in the last sync.", Tone.WARN


def _count(value: int) -> str:
    return words.number(value) if value < MOST else f"{MOST:,}+"
