"""What people are told of a bound: a message or mail of its own through the outbox, once for each piece of news."""

from datetime import datetime

from earshot.act.keys import object_key, request_key
from earshot.act.routing import Route
from earshot.domain.delivery import Content, Delivery, DeliveryState, Link, Op, Planned, Severity
from earshot.domain.document import Document, Paragraph, Span
from earshot.domain.pulse import WatchState
from earshot.pipeline.watching.bounds import Reading
from earshot.pipeline.watching.judging import News

_WHERE = "docs/watching.md explains every bound; [watch] sets them."


def told(reading: Reading, state: WatchState, *, news: News, route: Route, now: datetime) -> Planned:
    """The delivery that says it. The same news of the same episode has the same key, whoever plans it."""
    subject = f"watch:{reading.bound}"
    variant = f"{state.episode}:{news}" + (f":{now:%Y-%m-%d}" if news is News.STILL else "")
    key = object_key(destination=route.destination, thing=route.thing, subject_id=subject, variant=variant)
    link = Link(
        object_key=key,
        destination=route.destination,
        thing=route.thing,
        subject_id=subject,
        variant=variant,
        action_key=subject,
        told=1,
        sequence=1,
        planned_at=now,
        told_at=now,
    )
    delivery = Delivery(
        id=request_key(key, Op.CREATE, sequence=0),
        object_key=key,
        action_key=subject,
        destination=route.destination,
        thing=route.thing,
        op=Op.CREATE,
        subject_id=subject,
        content=content(reading, news=news),
        state=DeliveryState.DRY if route.dry else DeliveryState.PENDING,
        told=1,
        urgent=True,
        not_before=now,
        created_at=now,
        ended_at=now if route.dry else None,
    )
    return Planned(action_key="", links=() if route.dry else (link,), deliveries=(delivery,))


def content(reading: Reading, *, news: News) -> Content:
    """The words: what is so, by how much, and what to do. Numbers and our own words only."""
    if news is News.KEPT:
        return _content(f"Kept again: {reading.title}", f"Now {_amount(reading)}.", severity=Severity.INFO)
    still = "Still: " if news is News.STILL else ""
    return _content(
        f"{still}{reading.title}", f"It is {_amount(reading)}.", reading.advice, _WHERE, severity=Severity.WARNING
    )


def _content(title: str, *lines: str, severity: Severity) -> Content:
    blocks = tuple(Paragraph(spans=(Span(text=line),)) for line in lines)
    return Content(title=f"Earshot: {title}", body=Document(blocks=blocks), severity=severity)


def _amount(reading: Reading) -> str:
    value = reading.value or 0.0
    if reading.bound == "error_share":
        return f"{value:.0%} {reading.unit}, the bound is {reading.limit:.0%}"
    shown = f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:,.1f}"
    return f"{shown} {reading.unit}".strip() + f", the bound is {reading.limit:g}"
