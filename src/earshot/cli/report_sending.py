"""`earshot report --send`: reports go to their readers, once per period."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import typer

from earshot.cli.console import err, out
from earshot.cli.session import go, opened
from earshot.errors import BadInput
from earshot.pipeline.reports.sending import Told
from earshot.pipeline.scheduling.issuing import Issued, issue
from earshot.pipeline.scheduling.schedules import schedules_of
from earshot.settings import Settings, load_settings

PASSING = 75
"""Exit code of what passes by itself (a fault, another sender): whoever called may try again (EX_TEMPFAIL)."""


def send_series(name: str | None, *, again: bool, rehearse: bool, chosen: bool) -> None:
    """Send one series or all, and say how it went at each destination. Raises BadInput, NotFound."""
    if chosen:
        raise BadInput(
            "--send takes no --since, --until, --format or --out: a series has its own period and forms.",
            hint="They are in the settings: [[report.series]] and [schedule].",
        )
    done = go(_issued(load_settings(), name, again=again, rehearse=rehearse))
    for one in done:
        for told in one.told:
            (out if told.ok else err).print(f"{one.series}, {_period(one)}: {_line(told)}", markup=False)
    code = _code([told for one in done for told in one.told])
    if code:
        raise typer.Exit(code)


async def _issued(settings: Settings, name: str | None, *, again: bool, rehearse: bool) -> list[Issued]:
    schedules = schedules_of(settings.schedule, zone=settings.report.timezone)
    async with opened(settings=settings) as earshot:
        return await issue(earshot.parts, schedules, name=name, again=again, rehearse=rehearse)


def _period(one: Issued) -> str:
    zone = ZoneInfo(one.window.timezone)
    return f"{one.window.start.astimezone(zone):%Y-%m-%d} to {one.window.end.astimezone(zone):%Y-%m-%d}"


def _line(told: Told) -> str:
    return f"{told.destination} {told.words}"


def _code(told: Sequence[Told]) -> int:
    bad = [one for one in told if not one.ok]
    if not bad:
        return 0
    return PASSING if all(one.again for one in bad) else 1
