"""Which span of changes a sync looks at, and how far the cursor may move afterwards."""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from earshot.domain.model import Noun
from earshot.errors import BadInput
from earshot.ports.store import SyncState
from earshot.pull.settings import PullSettings

_SPAN = re.compile(r"(\d{1,6})\s*(m|min|h|d|w)", re.IGNORECASE)
_UNITS = {
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class Why(StrEnum):
    """What a window is for."""

    BACKFILL = "backfill"
    POLL = "poll"
    DEEP = "deep"
    ASKED = "asked"


class WindowPlan(Noun):
    """A span of `updated_at`: `since` is part of it; without `until` its end is open, so nothing slips out of it.

    `moves_cursor` says that the window joins what was read before, so that the cursor may follow it.
    `deletions_since` is how far back deletions must be looked for.
    """

    since: datetime
    until: datetime | None
    why: Why
    moves_cursor: bool
    deletions_since: datetime
    started_at: datetime


def plan_window(
    state: SyncState,
    *,
    now: datetime,
    settings: PullSettings,
    since: datetime | None = None,
    until: datetime | None = None,
) -> WindowPlan:
    """The window of the next sync: what was asked for, else on from the cursor with an overlap, else a backfill."""
    start, why = _start(state, now=now, settings=settings, since=since)
    if until is not None and until <= start:
        raise BadInput(f"The window ends ({until:%Y-%m-%d %H:%M}) before it begins ({start:%Y-%m-%d %H:%M}).")
    overlap = timedelta(hours=settings.deep_overlap_hours)
    return WindowPlan(
        since=start,
        until=until if until is not None and until < now else None,
        why=why,
        moves_cursor=state.cursor is None or start <= state.cursor,
        deletions_since=start if state.deleted_at is None else min(state.deleted_at - overlap, start),
        started_at=now,
    )


def checkpoint(state: SyncState, plan: WindowPlan, *, upto: datetime) -> SyncState:
    """The state once everything updated before `upto` was read; call it only while the list is ascending.

    A run killed after it goes on from here; rows of the very second `upto` are covered by the overlap.
    """
    if not plan.moves_cursor:
        return state
    update = {"cursor": _later(state.cursor, upto), "backfill_from": _floor(state, plan)}
    return state.model_copy(update=update)


def finished(state: SyncState, plan: WindowPlan, *, newest: datetime | None) -> SyncState:
    """The state after a whole window was read. `newest` is the newest `updated_at` seen, None if nothing was.

    The cursor never passes the moment the sync began: what changed during it is looked at again.
    """
    update: dict[str, datetime | None] = {}
    if plan.moves_cursor:
        reached = plan.until or min(newest or plan.since, plan.started_at)
        update["cursor"] = _later(state.cursor, reached)
        update["backfill_from"] = _floor(state, plan)
    if plan.until is None and plan.why in (Why.BACKFILL, Why.DEEP):
        update["deep_at"] = plan.started_at
    return state.model_copy(update=update)


def parse_when(text: str, *, now: datetime) -> datetime:
    """A moment from `24h`, `7d`, `2w`, `90m` (so long before `now`) or a date or time in ISO 8601 (UTC)."""
    value = text.strip()
    span = _SPAN.fullmatch(value)
    try:
        if span is not None:
            return now - min(int(span[1]) * _UNITS[span[2].lower()], now - _EARLIEST)
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(
            f'"{value[:40]}" is neither a span nor a date.', hint="Write it like 24h, 7d or 2026-01-31."
        ) from None


def _start(
    state: SyncState, *, now: datetime, settings: PullSettings, since: datetime | None
) -> tuple[datetime, Why]:
    if since is not None:
        return since, Why.ASKED
    if state.cursor is None:
        return now - timedelta(days=settings.backfill_days), Why.BACKFILL
    deep = state.deep_at is None or now - state.deep_at >= timedelta(hours=settings.deep_every_hours)
    overlap = timedelta(hours=settings.deep_overlap_hours) if deep else timedelta(minutes=settings.overlap_minutes)
    start = state.cursor - overlap
    if state.backfill_from is not None:
        start = max(start, min(state.backfill_from, state.cursor))
    return start, Why.DEEP if deep else Why.POLL


def _floor(state: SyncState, plan: WindowPlan) -> datetime:
    return plan.since if state.backfill_from is None else min(state.backfill_from, plan.since)


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
