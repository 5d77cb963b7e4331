"""Use case: check that everything an unattended run needs is there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from earshot.domain.model import Noun
from earshot.errors import EarshotError
from earshot.pipeline.parts import Parts
from earshot.ports.source import Access, Source

MOST_SKEW = timedelta(seconds=60)
"""How far the machine's clock may be from the source's: windows and signatures depend on it."""


class Grade(StrEnum):
    """How a check ended."""

    OK = "ok"
    NOTE = "note"
    FAILED = "failed"


class Check(Noun):
    """One checked thing, in words; `hint` says what to do."""

    name: str
    grade: Grade
    text: str
    hint: str = ""


async def check_source(parts: Parts) -> list[Check]:
    """The source: token, workspace, what the token may do, and the clock."""
    try:
        source = parts.make_source()
        access = await source.access()
    except EarshotError as error:
        return [Check(name=parts.source_name, grade=Grade.FAILED, text=str(error), hint=error.hint)]
    return [*_rights(source, access), _clock(access, parts.clock.now())]


async def check_runs(parts: Parts, *, expect_every: timedelta) -> list[Check]:
    """Whether the expected daily run happened, and whether it was complete."""
    async with parts.store.unit() as unit:
        latest, good = await unit.runs.latest("run"), await unit.runs.latest("run", only_ok=True)
    if latest is None:
        return [
            Check(name="last run", grade=Grade.NOTE, text="There was no run yet.", hint="Start one: earshot run")
        ]
    age = parts.clock.now() - good.started_at if good else None
    if age is None or age > expect_every:
        when = f"{good.started_at:%Y-%m-%d %H:%M} UTC" if good else "never"
        return [
            Check(
                name="last run",
                grade=Grade.FAILED,
                text=f"Last success: {when}; one is expected every {expect_every / timedelta(hours=1):g} h.",
                hint="See what the schedule (cron, systemd) printed, or start one now: earshot run",
            )
        ]
    return (
        [Check(name="last run", grade=Grade.OK, text=f"{good.started_at:%Y-%m-%d %H:%M} UTC, complete.")]
        if good
        else []
    )


async def check_tools(parts: Parts) -> list[Check]:
    """Every switched-on destination: whether its credentials work; nothing is changed there.

    A rehearsal needs no credentials: what it lacks is noted only.
    """
    checks: list[Check] = []
    for name, tool in parts.make_tools().items():
        dry = " Dry run: nothing is sent there." if name in parts.dry_tools else ""
        try:
            access = await tool.access()
        except EarshotError as error:
            grade = Grade.NOTE if dry else Grade.FAILED
            checks.append(Check(name=name, grade=grade, text=f"{error}{dry}", hint=error.hint))
            continue
        checks.append(Check(name=name, grade=Grade.OK, text=f"{access.who}; can {access.can}.{dry}"))
        checks += [Check(name=name, grade=Grade.NOTE, text=warning) for warning in access.warnings]
    return checks


def failed(checks: Sequence[Check]) -> bool:
    """Whether anything failed."""
    return any(check.grade is Grade.FAILED for check in checks)


def _rights(source: Source, access: Access) -> list[Check]:
    where = f", region {access.workspace.region}" if access.workspace.region else ""
    found = f"Workspace {access.workspace.name} ({access.workspace.id}{where})."
    checks = [Check(name=source.name, grade=Grade.OK, text=found)]
    checks += [
        Check(
            name=f"{source.name} access",
            grade=Grade.FAILED if right.needed else Grade.NOTE,
            text=f"The token cannot {right.what}.",
            hint=right.hint,
        )
        for right in access.missing
    ]
    if not access.missing:
        checks.append(Check(name=f"{source.name} access", grade=Grade.OK, text=f"The token can {access.can}."))
    return checks


def _clock(access: Access, now: datetime) -> Check:
    if access.server_time is None:
        return Check(name="clock", grade=Grade.NOTE, text="The source did not say what time it is.")
    skew = abs(now - access.server_time)
    grade = Grade.OK if skew <= MOST_SKEW else Grade.FAILED
    text = f"This machine's clock differs from the source's by {skew.total_seconds():.0f} s."
    return Check(name="clock", grade=grade, text=text, hint="" if grade is Grade.OK else "Set the clock (NTP).")
