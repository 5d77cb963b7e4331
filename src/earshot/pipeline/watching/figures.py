"""What the database says, as metrics."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from earshot.domain.job import Lane, Queue, WorkerSign
from earshot.domain.model import Noun
from earshot.domain.pulse import Pulse, WatchState
from earshot.domain.schedule import ScheduleState

Figures = Mapping[str, Mapping[tuple[str, ...], float]]
"""Values by metric and label values."""


class Seen(Noun):
    """Everything that was read from the database at one moment."""

    pulse: Pulse
    queues: tuple[Queue, ...] = ()
    workers: tuple[WorkerSign, ...] = ()
    schedules: tuple[ScheduleState, ...] = ()
    bounds: tuple[WatchState, ...] = ()


def figures(seen: Seen, *, now: datetime) -> Figures:
    """The figures by metric (`telemetry/names.py`). What is unknown is left out, never shown as 0."""
    return {
        **_queues(seen.queues),
        **_pulse(seen.pulse, now=now),
        **_schedules(seen.schedules, now=now),
        "earshot_workers": {(lane.value,): _working(seen.workers, lane) for lane in Lane},
        "earshot_watch_outside": {(one.bound,): float(one.outside) for one in seen.bounds},
    }


def _queues(queues: Sequence[Queue]) -> Figures:
    return {
        "earshot_queue_waiting": {(one.name,): float(one.waiting) for one in queues},
        "earshot_queue_running": {(one.name,): float(one.running) for one in queues},
        "earshot_queue_held": {(one.name,): float(one.held) for one in queues},
        "earshot_queue_oldest_seconds": {(one.name,): one.oldest_seconds for one in queues},
    }


def _pulse(pulse: Pulse, *, now: datetime) -> Figures:
    single: dict[str, float | None] = {
        "earshot_inbox_waiting": pulse.inbox_waiting,
        "earshot_inbox_oldest_seconds": _age(pulse.inbox_oldest, now) or 0.0,
        "earshot_inbox_failed": pulse.inbox_failed,
        "earshot_webhook_latest_seconds": _age(pulse.webhook_latest, now),
        "earshot_conversations_pending": pulse.pending,
        "earshot_conversations_unread": pulse.unread,
        "earshot_reading_p95_seconds": pulse.reading_p95,
        "earshot_decision_p95_seconds": pulse.decision_p95,
        "earshot_sync_age_seconds": _age(pulse.read_until, now),
        "earshot_last_success_seconds": _age(pulse.last_success, now),
        "earshot_llm_batch_oldest_age_seconds": _age(pulse.batch_oldest, now) or 0.0,
        "earshot_llm_error_share": pulse.error_share,
        "earshot_llm_spend_today_usd": pulse.spent_today,
    }
    by_state = pulse.deliveries.items()
    return {
        **{name: {(): float(value)} for name, value in single.items() if value is not None},
        "earshot_deliveries": {(state,): float(one.count) for state, one in by_state},
        "earshot_delivery_oldest_seconds": {(state,): _age(one.oldest, now) or 0.0 for state, one in by_state},
    }


def _schedules(states: Sequence[ScheduleState], *, now: datetime) -> Figures:
    return {
        "earshot_schedule_next_seconds": {
            (one.name,): (one.next_at - now).total_seconds() for one in states if one.next_at is not None
        },
        "earshot_schedule_ok": {(one.name,): float(one.ok) for one in states if one.ok is not None},
    }


def _working(workers: Sequence[WorkerSign], lane: Lane) -> float:
    return float(sum(one.lane is lane for one in workers))


def _age(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max(0.0, (now - moment).total_seconds())
