"""Use case: the figures of a report over a window of conversation time."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from earshot.domain.report import BEGINNING, Edition, Report, Window
from earshot.pipeline.audits.gauging import agreement_now
from earshot.pipeline.parts import Parts

LISTED = 20
"""Longest list of themes that moved, of customers who may leave and of what was shipped."""


async def report(parts: Parts, *, since: datetime | None = None, until: datetime | None = None) -> Report:
    """Gather a report over a window of conversation time.

    Where no window was asked for and nothing that is held carries a time (a plain import), it covers everything.
    """
    window = window_of(parts, since=since, until=until)
    figures = await _gather(parts, window)
    if since is None and not figures.totals.conversations and figures.undated:
        figures = await _gather(parts, window.model_copy(update={"start": BEGINNING}))
    parts.meter.count("earshot_reports_total")
    return figures


async def _gather(parts: Parts, window: Window) -> Report:
    options = parts.report
    async with parts.store.unit() as unit:
        await unit.figures.refresh()
        figures = await unit.figures.report(
            window, top=options.top, currency=options.currency, now=parts.clock.now()
        )
        extras = await unit.pages.reports.extras(window, limit=LISTED)
        await unit.commit()
    edition = Edition(app_url=parts.public_url, sections=tuple(options.sections))
    audit = await agreement_now(parts)
    return figures.model_copy(update={**dict(extras), "audit": audit, "edition": edition})


def window_of(parts: Parts, *, since: datetime | None, until: datetime | None) -> Window:
    """The window asked for; without `since`, the last full days of the settings and today so far."""
    end = until or parts.clock.now()
    zone = parts.report.timezone
    start = since or _midnight(end - timedelta(days=parts.report.days - 1), zone)
    return Window(start=start, end=end, timezone=zone)


def _midnight(moment: datetime, timezone: str) -> datetime:
    return moment.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
