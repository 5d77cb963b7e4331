"""`earshot actions health`: how every destination fares."""

import asyncio
from datetime import datetime
from typing import Annotated

import typer

from earshot.cli.console import out, print_json, print_table
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.domain.delivery import Breaker, Health
from earshot.domain.model import Noun
from earshot.errors import EarshotError
from earshot.pipeline.acting import people
from earshot.ports.tool import Tool
from earshot.text.escape import for_terminal

_BREAKERS = {
    Breaker.CLOSED: "in use",
    Breaker.OPEN: "resting after failures",
    Breaker.PAUSED: "PAUSED",
    Breaker.DISABLED: "SWITCHED OFF",
}
_COLUMNS = ("destination", "state", "last success", "p95 ms", "waiting", "oldest", "failed", "notice")


class Told(Noun):
    """A destination's health with what its credentials say."""

    health: Health
    enabled: bool
    access: str = ""
    warnings: tuple[str, ...] = ()


def health_command(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Also try the credentials of every destination; changes nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show how every destination fares. The exit code is 1 when one needs a person: paused, off, or failures."""
    told, now = go(_health(check=check))
    if as_json:
        print_json([one.model_dump(mode="json") for one in told])
    elif not told:
        out.print("No destination is switched on and none was used. See docs/connectors.md.", markup=False)
    else:
        print_table(_COLUMNS, [_row(one, now=now) for one in told])
        for one in told:
            for warning in one.warnings:
                out.print(f"{one.health.destination}: {for_terminal(warning)}", markup=False)
    if any(needs_person(one.health) for one in told):
        raise typer.Exit(1)


def needs_person(health: Health) -> bool:
    """Whether a destination will not come right by itself, or something failed for good."""
    return not people.is_usable(health) or health.dead > 0


async def _health(*, check: bool) -> tuple[list[Told], datetime]:
    async with opened(quiet=True) as earshot:
        tools = earshot.parts.make_tools()
        fares = await people.healths(earshot.parts)
        tried = await asyncio.gather(*(_tried(tools.get(one.destination), check=check) for one in fares))
        told = [
            Told(health=one, enabled=one.destination in tools, access=access, warnings=warnings)
            for one, (access, warnings) in zip(fares, tried, strict=True)
        ]
        return told, earshot.parts.clock.now()


async def _tried(tool: Tool | None, *, check: bool) -> tuple[str, tuple[str, ...]]:
    if tool is None or not check:
        return "", ()
    try:
        access = await tool.access()
    except EarshotError as error:
        return f"{error}", (f"{error} {error.hint}".strip(),)
    return f"{access.who}: {access.can}", access.warnings


def _row(one: Told, *, now: datetime) -> tuple[object, ...]:
    health = one.health
    state = _BREAKERS[health.breaker] if one.enabled else "not switched on"
    return (
        health.destination,
        state,
        health.last_success and f"{health.last_success:%Y-%m-%d %H:%M}",
        None if health.p95_ms is None else round(health.p95_ms),
        health.waiting,
        health.oldest and _age((now - health.oldest).total_seconds()),
        health.dead,
        health.reason or one.access,
    )


def _age(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
