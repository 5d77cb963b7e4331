"""The bounds of the flow: what each measures, its limit, and what to do when it is left."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from earshot.domain.job import Queue
from earshot.domain.model import Noun
from earshot.domain.pulse import Pulse
from earshot.pipeline.audits.falling import Fall
from earshot.pipeline.watching.settings import WatchSettings

LEAST_CALLS = 20
"""Fewer calls of models within an hour say nothing about their share of errors."""


class Reading(Noun):
    """A bound with its value now. `value` None: nothing to judge by, so nothing changes.

    `looks` is how many looks in a row it takes to tell; `again` when people are reminded while it stays left,
    `tells_kept` whether they are told that it is kept again.
    """

    bound: str
    title: str
    value: float | None
    limit: float
    unit: str = ""
    advice: str
    looks: int = 1
    again: timedelta | None = None
    tells_kept: bool = True


def readings(
    settings: WatchSettings, pulse: Pulse, *, queues: Sequence[Queue], now: datetime, falls: Sequence[Fall] = ()
) -> tuple[Reading, ...]:
    """All bounds of the settings with their values now. `falls` are those of agreement in the audit."""
    return (
        *_latencies(settings, pulse),
        _errors(settings, pulse),
        _queue_age(settings, pulse, queues=queues, now=now),
        *_silence(settings, pulse, now=now),
        _held_jobs(settings, pulse, queues=queues),
        _refused(settings, pulse),
        _approval(settings, pulse, now=now),
        *(_drift(fall) for fall in falls),
    )


def _latencies(settings: WatchSettings, pulse: Pulse) -> tuple[Reading, Reading]:
    return (
        Reading(
            bound="reading_p95",
            title="Reading in real time is slow",
            value=pulse.reading_p95,
            limit=settings.reading_p95_seconds,
            unit="s (95th percentile)",
            advice="`earshot doctor` says whether the model answers; `[realtime] label_seconds` lets the local "
            "model judge sooner.",
            looks=2,
        ),
        Reading(
            bound="decision_p95",
            title="Decisions come late after webhooks",
            value=pulse.decision_p95,
            limit=settings.decision_p95_seconds,
            unit="s (95th percentile)",
            advice="`earshot worker --status` shows the queues: start more workers when jobs wait, otherwise see "
            "how fast Intercom and the model answer.",
            looks=2,
        ),
    )


def _errors(settings: WatchSettings, pulse: Pulse) -> Reading:
    return Reading(
        bound="error_share",
        title="Calls of models fail",
        value=pulse.error_share if pulse.calls >= LEAST_CALLS else None,
        limit=settings.error_share,
        unit="of the last hour's calls",
        advice="`earshot doctor` checks keys and models, `earshot costs` shows what failed. Nothing is lost: what "
        "was not read is read again.",
        looks=2,
    )


def _queue_age(settings: WatchSettings, pulse: Pulse, *, queues: Sequence[Queue], now: datetime) -> Reading:
    webhooks = _age(pulse.inbox_oldest, now)
    return Reading(
        bound="queue_age",
        title="Work waits too long",
        value=max([webhooks, *(queue.oldest_seconds for queue in queues)]),
        limit=settings.queue_age_seconds,
        unit="s",
        advice="Is a worker running? `earshot worker --status` shows workers and queues; `earshot worker` starts "
        "one.",
        looks=2,
    )


def _silence(settings: WatchSettings, pulse: Pulse, *, now: datetime) -> tuple[Reading, ...]:
    if not settings.silence_minutes or pulse.webhook_latest is None:
        return ()
    return (
        Reading(
            bound="silence",
            title="No webhook has come for a while",
            value=_age(pulse.webhook_latest, now) / 60,
            limit=settings.silence_minutes,
            unit="min",
            advice="Look at Intercom's Developer Hub, your app, Webhooks: is the address right, is the "
            "subscription on? The next sync brings what was missed.",
        ),
    )


def _held_jobs(settings: WatchSettings, pulse: Pulse, *, queues: Sequence[Queue]) -> Reading:
    return Reading(
        bound="held_jobs",
        title="Jobs gave up",
        value=float(sum(queue.held for queue in queues) + pulse.inbox_failed),
        limit=float(settings.held_jobs),
        advice="`earshot worker --status` shows which and why, and how to give them another life.",
    )


def _refused(settings: WatchSettings, pulse: Pulse) -> Reading:
    return Reading(
        bound="refused_actions",
        title="Actions were refused for good",
        value=float(pulse.refused_24h),
        limit=float(settings.refused_actions),
        unit="within a day",
        advice="`earshot actions list --state dead` shows which and why; `earshot actions retry` tries again.",
    )


def _approval(settings: WatchSettings, pulse: Pulse, *, now: datetime) -> Reading:
    held = pulse.deliveries.get("held")
    count = held.count if held else 0
    words = "action waits" if count == 1 else "actions wait"
    return Reading(
        bound="approval",
        title=f"{count:,} {words} for approval",
        value=_age(held.oldest if held else None, now) / 60,
        limit=settings.approval_minutes,
        unit="min (the oldest)",
        advice="`earshot actions list --state held` shows them; `earshot actions approve` or `discard` decides.",
        again=timedelta(days=1),
        tells_kept=False,
    )


def _drift(fall: Fall) -> Reading:
    """A field whose agreement fell. That a later week does not show it proves nothing: nobody is told of that."""
    return Reading(
        bound=f"drift_{fall.field}",
        title=f"Agreement with people on the {fall.field.replace('_', ' ')} fell",
        value=fall.points,
        limit=fall.bound,
        unit=f"points down, {fall.against}" if fall.against else "points down",
        advice="`earshot audit drift` and the page /audit show how sure that is, and where model and people "
        "differ. Look at these conversations, and at what changed since: prompt, model, product.",
        tells_kept=False,
    )


def _age(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max(0.0, (now - moment).total_seconds())
