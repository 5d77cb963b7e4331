"""Use case: every target that was set for Earshot beside its measured value, with the rows behind it."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from earshot.audit.drift import Drift, Standing
from earshot.domain.impact import Speed
from earshot.domain.label import SampleKind
from earshot.domain.report import AuditState
from earshot.domain.visitor import Role
from earshot.pipeline.audits.gauging import FIELD, agreement_of, comparisons, looked_back
from earshot.pipeline.money.spendings import tally
from earshot.pipeline.pages.impact import TARGET_HOURS, Duration, Impact, impact
from earshot.pipeline.parts import Parts
from earshot.pipeline.reporting import window_of
from earshot.ports.clock import Clock
from earshot.report.intervals import Interval, share_interval

DAYS = 30
_WEEK = 14
DEAR_USD, CHEAP_USD = 0.00025, 0.00013
"""What reading a conversation should cost (the guide)."""
MANUAL_USD_PER_HOUR, MANUAL_MINUTES = 50.0, 1.0
"""What a person's reading is compared with: the guide's wage, and a minute for a conversation (an assumption)."""
_BATCH, _HEARD, _QUERY, _PAGED = 1800.0, 1.0, 0.1, 60.0
_FEW = 5
_AGAIN = timedelta(minutes=5)
"""How long a measured time of a report stands: measuring takes longer than all else on the page."""


@dataclass(frozen=True)
class _Measured:
    seconds: float
    at: datetime


_LAST: WeakKeyDictionary[Clock, _Measured] = WeakKeyDictionary()
"""By the clock of the installation that was measured: it is the one part that all its visitors share."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A target beside its value. `sure` says on what the value rests; `todo` what to do where it is unknown."""

    group: str
    name: str
    target: str
    value: str
    standing: Standing
    sure: str = ""
    href: str = ""
    todo: str = ""
    role: Role = Role.VIEWER


async def scorecard(parts: Parts) -> list[Target]:
    """All targets, in the order of the guide's key metrics."""
    found, quality, speeds, cost = await asyncio.gather(
        impact(parts), _quality(parts), _speeds(parts), _cost(parts)
    )
    return [*quality, *_performance(speeds, await _figures(parts)), *cost, *_business(found)]


async def _quality(parts: Parts) -> list[Target]:
    """Agreement with people on the issue type, its drift, and whether people label each week."""
    known, labelled = await looked_back(parts)
    bound, latest = parts.audit.drift_bound, labelled[-1] if labelled else None
    found = agreement_of(labelled, parts.audit.target)
    told = comparisons(labelled, latest.sample, bound=bound) if latest else []
    falls = [fall for one in told[:1] for fall in one.drifts if fall.field == FIELD]
    week = parts.clock.now() - timedelta(days=_WEEK)
    weekly = [one for one in known if one.sample.kind is SampleKind.WEEKLY and one.sample.until >= week]
    newest = max(weekly, key=lambda one: (one.sample.until, one.sample.drawn_at), default=None)
    return [
        _agreement(found, parts.audit.target),
        _drift(falls, bound),
        _labelling(newest.labelled if newest else 0, parts.audit.weekly_size),
    ]


def _agreement(found: AuditState | None, target: float) -> Target:
    if found is None:
        return _unlabelled("Agreement with people", f"at least {target:.0%}")
    return Target(
        group="Quality",
        name="Agreement with people",
        target=f"at least {target:.0%}",
        value=f"{found.agreement:.0%}",
        standing=found.standing,
        sure=f"Issue type, {found.labels:,} labels, 95% interval {found.low:.0%} to {found.high:.0%}.",
        href="/audit",
    )


def _drift(falls: Sequence[Drift], bound: float) -> Target:
    name, target = "Drift", f"less than {bound:.0%} down"
    fall = falls[0] if falls else None
    value = fall.difference.value if fall else None
    if fall is None or value is None or fall.fall == "unknown":
        return _unlabelled(name, target)
    standings: dict[str, Standing] = {"kept": "met", "unsure": "unsure"}
    low, high = fall.difference.low, fall.difference.high
    between = "" if low is None or high is None else f", 95% interval {low:+.0%} to {high:+.0%}"
    return Target(
        group="Quality",
        name=name,
        target=target,
        value=f"{value:+.0%}",
        standing=standings.get(fall.fall, "missed"),
        sure=f"Issue type, {fall.n_now:,} labels against {fall.n_then:,}{between}.",
        href="/audit",
    )


def _labelling(lately: int, size: int) -> Target:
    return Target(
        group="Quality",
        name="Weekly audit",
        target=f"{size} labelled a week",
        value=f"{lately} labelled",
        standing="met" if lately >= size else "missed",
        sure="Of the newest weekly sample, whose week ended in the last two weeks.",
        href="/audit",
        todo="" if lately >= size else "Label the sample on the audit page.",
    )


def _unmeasured(group: str, name: str, *, target: str, href: str, todo: str) -> Target:
    return Target(
        group=group,
        name=name,
        target=target,
        value="not measured yet",
        standing="unknown",
        href=href,
        todo=todo,
    )


def _unlabelled(name: str, target: str) -> Target:
    todo = "Draw a sample on the audit page and label it."
    return _unmeasured("Quality", name, target=target, href="/audit", todo=todo)


async def _speeds(parts: Parts) -> tuple[Speed, Speed, Speed]:
    """Of runs, of webhooks to decisions, and of urgent actions."""
    since = parts.clock.now() - timedelta(days=DAYS)
    async with parts.store.unit() as unit:
        outcomes = unit.pages.outcomes
        runs = await outcomes.runs(since=since, bound=_BATCH)
        heard = await outcomes.heard(since=since, bound=_HEARD)
        return runs, heard, await outcomes.escalated(since=since, bound=_PAGED)


def _performance(speeds: tuple[Speed, Speed, Speed], took: _Measured) -> list[Target]:
    runs, heard, paged = speeds
    return [
        _speed("Daily batch", runs, target="under 30 minutes", href="/health", todo="earshot run"),
        _speed(
            "Webhook to decision",
            heard,
            target="under 1 second",
            href="/health",
            todo="earshot serve --with-worker",
        ),
        Target(
            group="Performance",
            name="Figures of a report",
            target="under 100 ms",
            value=f"{took.seconds * 1000:,.0f} ms",
            standing="met" if took.seconds < _QUERY else "missed",
            sure=f"Measured at {took.at.astimezone(UTC):%H:%M} UTC, all figures of the default window together, "
            "this server's load included.",
            href="/reports",
        ),
        _speed(
            "Urgent action delivered", paged, target="under 1 minute", href="/actions", todo="earshot rules on RULE"
        ),
    ]


async def _figures(parts: Parts) -> _Measured:
    """How long a report's figures took, measured within the last minutes."""
    last, now = _LAST.get(parts.clock), parts.clock.now()
    if last is None or not now - _AGAIN < last.at <= now:
        last = _LAST[parts.clock] = _Measured(await _measured(parts), now)
    return last


async def _measured(parts: Parts) -> float:
    """Seconds that the figures of a report over the default window take, while nothing else of this page runs."""
    options, window = parts.report, window_of(parts, since=None, until=None)
    async with parts.store.unit() as unit:
        await unit.figures.refresh()
        began = time.perf_counter()
        await unit.figures.report(window, top=options.top, currency=options.currency, now=parts.clock.now())
        took = time.perf_counter() - began
        await unit.commit()
    return took


def _speed(name: str, speed: Speed, *, target: str, href: str, todo: str) -> Target:
    """Met when the 95th percentile keeps to the bound; with few rows that is not sure."""
    if not speed.n or speed.p95 is None or speed.median is None:
        return _unmeasured("Performance", name, target=target, href=href, todo=todo)
    kept = speed.within / speed.n
    standing: Standing = "met" if kept >= 0.95 else "missed"
    return Target(
        group="Performance",
        name=name,
        target=target,
        value=f"95% within {said(speed.p95)}, half within {said(speed.median)}",
        standing="unsure" if speed.n < _FEW and standing == "met" else standing,
        sure=f"{speed.within:,} of {speed.n:,} in the last {DAYS} days.",
        href=href,
    )


async def _cost(parts: Parts) -> list[Target]:
    today = parts.clock.now().astimezone(ZoneInfo(parts.report.timezone)).date()
    async with parts.store.unit() as unit:
        rows = await unit.pages.costs.spending(
            today - timedelta(days=DAYS - 1), today, zone=parts.report.timezone, today=today
        )
        await unit.commit()
    spent = tally(rows, by="model", recent=(), today=today)
    each = spent.usd_each
    free = spent.total.calls == 0
    if each is None:
        note = "The local model reads: nothing is spent." if free else "Prices of these models are not known."
        value, standing = ("$0" if free else "unknown"), "met" if free else "unknown"
        return [
            Target(
                group="Cost",
                name="Per conversation",
                target=f"${CHEAP_USD} to ${DEAR_USD}",
                value=value,
                standing="met" if standing == "met" else "unknown",
                sure=note,
                href="/costs",
            )
        ]
    manual = MANUAL_USD_PER_HOUR * MANUAL_MINUTES / 60
    rest = f"{spent.total.conversations:,} conversations of the last {DAYS} days"
    return [
        Target(
            group="Cost",
            name="Per conversation",
            target=f"at most ${DEAR_USD}",
            value=f"${each:.6f}",
            standing="met" if each <= DEAR_USD else "missed",
            sure=f"{rest}; {spent.total.unpriced:,} calls without a known price.",
            href="/costs",
        ),
        Target(
            group="Cost",
            name="10,000 conversations a month",
            target=f"at most ${DEAR_USD * 10_000:.2f}",
            value=f"${each * 10_000:,.2f}",
            standing="met" if each <= DEAR_USD else "missed",
            sure="The line above times 10,000.",
            href="/costs",
        ),
        Target(
            group="Cost",
            name="Against reading by hand",
            target="2,000 times cheaper",
            value=f"{manual / each:,.0f} times" if each else "without cost",
            standing="met" if not each or manual / each >= 2_000 else "missed",
            sure=f"Assuming ${MANUAL_USD_PER_HOUR:.0f} an hour and {MANUAL_MINUTES:.0f} minute a conversation.",
            href="/costs",
        ),
    ]


def _business(found: Impact) -> list[Target]:
    urgent = found.durations[0]
    fell = [one.change for one in found.fixes if one.change and one.change.interval]
    sure = [one for one in fell if one.verdict == "fell"]
    return [
        _share(
            "Backlog from insights",
            found.sourced.ours,
            target="30 to 50%",
            of=found.sourced.ours + found.sourced.others,
            least=0.3,
            sure="Items of the trackers read so far that Earshot made. All there are were counted; the interval "
            "says how far another backlog of this size could differ.",
        ),
        _way(urgent),
        Target(
            group="Impact",
            name="Mentions after a fix",
            target="10 to 20% fewer",
            value=f"{len(sure)} of {len(fell)} fixed matters fell for sure" if fell else "not measured yet",
            standing="unknown" if not fell else "met" if sure else "unsure",
            sure="Each fix with its interval stands on the impact page.",
            href="/impact#fixes",
            todo="" if fell else "Mark an item as shipped on its page.",
        ),
    ]


def _share(name: str, part: int, *, target: str, of: int, least: float, sure: str) -> Target:
    interval = share_interval(part, of)
    if interval is None:
        todo = "Read your tracker: earshot backlog import FILE, or push an item."
        return _unmeasured("Impact", name, target=target, href="/impact", todo=todo)
    return Target(
        group="Impact",
        name=name,
        target=target,
        value=f"{part / of:.0%} ({part:,} of {of:,})",
        standing=standing_of(interval, least),
        sure=f"{sure} 95% interval {interval.low:.0%} to {interval.high:.0%}.",
        href="/impact",
    )


def _way(urgent: Duration) -> Target:
    name, target = "Urgent matter to backlog", f"under {TARGET_HOURS:.0f} hours"
    if urgent.median is None:
        todo = "Draft the backlog: earshot backlog draft."
        return _unmeasured("Impact", name, target=target, href="/impact", todo=todo)
    bounds = urgent.interval
    kept = bounds.high <= TARGET_HOURS if bounds else urgent.median <= TARGET_HOURS
    over = bounds.low > TARGET_HOURS if bounds else urgent.median > TARGET_HOURS
    return Target(
        group="Impact",
        name=name,
        target=target,
        value=f"{said(urgent.median * 3600)} (median)",
        standing="unsure" if bounds is None or not (kept or over) else "met" if kept else "missed",
        sure=f"{urgent.within:,} of {urgent.n:,} kept to it"
        + (f"; the median is between {said(bounds.low * 3600)} and {said(bounds.high * 3600)}." if bounds else "."),
        href="/impact",
    )


def standing_of(interval: Interval, least: float) -> Standing:
    """Met or missed only where the whole interval is on one side."""
    if interval.low >= least:
        return "met"
    return "missed" if interval.high < least else "unsure"


def said(seconds: float) -> str:
    """A span as people say it."""
    for size, unit in ((86_400.0, "days"), (3_600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:,.1f} s" if seconds >= 1 else f"{seconds * 1000:,.0f} ms"
