"""The breaker of a destination: when it rests after failures, when one delivery may probe it, who must act."""

import math
from datetime import datetime, timedelta
from typing import Any

from earshot.act.settings import ActSettings
from earshot.domain.delivery import Breaker, Health, Outcome, Result

WINDOW = timedelta(minutes=5)
"""How far back failures are counted."""
MOST_RECENT = 20
"""How many tries are remembered; more than half of that many failed opens the breaker."""
LONGEST_PROBE = timedelta(minutes=30)

_WORKS = frozenset({Result.DELIVERED, Result.REJECTED})
"""The destination answered with sense, even where it refused what was sent."""
_TOO_MANY = 429
_GONE = 410
_P95_STEP = 0.05


def fared(health: Health, outcome: Outcome, *, seconds: float, settings: ActSettings, now: datetime) -> Health:
    """How the destination fares after a try that took so many seconds."""
    timed = health.model_copy(update={"p95_ms": _p95(health.p95_ms, seconds * 1000.0)})
    if outcome.result in _WORKS or (outcome.result is Result.GONE and outcome.status != _GONE):
        return _well(timed, now=now)
    if outcome.result in (Result.AUTH_FAILED, Result.PAUSED):
        return _shut(timed, Breaker.PAUSED, reason=outcome.reason, now=now)
    if outcome.result is Result.GONE:
        return _shut(timed, Breaker.DISABLED, reason=outcome.reason, now=now)
    if outcome.status == _TOO_MANY:
        return timed
    return _failed(timed, outcome.reason, settings=settings, now=now)


def resumed(health: Health) -> Health:
    """Open for use again by a person's word; what was counted against it is forgotten."""
    fresh: dict[str, Any] = {"breaker": Breaker.CLOSED, "failures": 0, "recent": (), "opened": 0, "probe_at": None}
    return health.model_copy(update={**fresh, "failing_since": None, "reason": ""})


def _well(health: Health, *, now: datetime) -> Health:
    recent = _remembered(health, good=True, now=now)
    well: dict[str, Any] = {"failures": 0, "recent": recent, "last_success": now, "failing_since": None}
    if health.breaker is Breaker.OPEN:
        well |= {"breaker": Breaker.CLOSED, "opened": 0, "probe_at": None, "reason": "", "recent": ((now, True),)}
    return health.model_copy(update=well)


def _shut(health: Health, breaker: Breaker, *, reason: str, now: datetime) -> Health:
    shut: dict[str, Any] = {"breaker": breaker, "reason": reason, "probe_at": None}
    return health.model_copy(update={**shut, "failing_since": health.failing_since or now})


def _failed(health: Health, reason: str, *, settings: ActSettings, now: datetime) -> Health:
    since = health.failing_since or now
    counted: dict[str, Any] = {
        "failures": health.failures + 1,
        "recent": _remembered(health, good=False, now=now),
        "failing_since": since,
    }
    failed = health.model_copy(update=counted)
    if failed.breaker in (Breaker.PAUSED, Breaker.DISABLED):
        return failed
    if now - since >= timedelta(days=settings.disable_after_days):
        return _shut(failed, Breaker.DISABLED, reason=f"nothing but failures for days: {reason}", now=now)
    if failed.breaker is Breaker.OPEN or _trips(failed, settings):
        opened = failed.opened + 1
        open_: dict[str, Any] = {"breaker": Breaker.OPEN, "opened": opened, "reason": reason}
        return failed.model_copy(update={**open_, "probe_at": now + _rest(opened, settings)})
    return failed


def _trips(health: Health, settings: ActSettings) -> bool:
    bad = sum(not good for _, good in health.recent)
    return health.failures >= settings.breaker_failures or bad > MOST_RECENT // 2


def _remembered(health: Health, *, good: bool, now: datetime) -> tuple[tuple[datetime, bool], ...]:
    recent = ((at, was_good) for at, was_good in health.recent if now - at <= WINDOW)
    return (*recent, (now, good))[-MOST_RECENT:]


def _rest(opened: int, settings: ActSettings) -> timedelta:
    """1, 2, 4 … minutes by default, half an hour at most."""
    doubled = timedelta(seconds=settings.first_probe_seconds) * 2 ** min(max(opened, 1) - 1, 20)
    return min(doubled, LONGEST_PROBE)


def _p95(known: float | None, took: float) -> float:
    """A running 95th percentile in milliseconds: up by much when exceeded, down by little when not."""
    if known is None or not math.isfinite(known):
        return round(took, 1)
    step = max(known, 1.0) * _P95_STEP
    moved = known + (0.95 * step if took > known else -0.05 * step)
    return round(max(moved, 0.0), 1)
