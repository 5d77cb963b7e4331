"""`earshot actions silence` and `silences`: quiet for a while, with a reason and an end."""

from datetime import datetime
from typing import Annotated

import typer

from earshot.act.silencing import FACTS
from earshot.cli.actions.words import short
from earshot.cli.console import out, print_json, print_table
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.domain.delivery import Silence
from earshot.pipeline.acting import people
from earshot.pull.window import parse_when


def silence_command(
    *,
    match: Annotated[
        list[str] | None,
        typer.Option("--match", metavar="NAME=VALUE", help=f"What is silenced, all of: {', '.join(FACTS)}."),
    ] = None,
    span: Annotated[str, typer.Option("--for", metavar="TIME", help="How long: 90m, 4h, 2d.")] = "4h",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with your name.")],
    everything: Annotated[bool, typer.Option("--everything", help="Silence every action.")] = False,
    as_json: AsJson = False,
) -> None:
    """Suppress actions that match, until the time is over. They are kept, with this as their cause."""
    matchers = dict(_pair(one) for one in match or [])
    added = go(_silence(matchers, span, reason=reason, everything=everything))
    if as_json:
        print_json(added.model_dump(mode="json"))
    else:
        out.print(f"Silent until {added.until:%Y-%m-%d %H:%M} UTC ({short(added.id)}).", markup=False)


def silences_command(
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those that ended.")] = False,
    lift: Annotated[str | None, typer.Option("--lift", metavar="ID", help="End this one now.")] = None,
    as_json: AsJson = False,
) -> None:
    """List silences in force, or end one."""
    found = go(_silences(every=every, lift=lift))
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    if not found:
        out.print("No silences." if every else "No silence is in force.", markup=False)
        return
    rows = [
        (
            f"{one.until:%Y-%m-%d %H:%M}",
            _matchers(one),
            one.reason,
            one.author,
            f"{one.at:%Y-%m-%d %H:%M}",
            short(one.id),
        )
        for one in found
    ]
    print_table(("until (UTC)", "what", "why", "who", "since", "id"), rows)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--match")
    return name.strip(), value.strip()


def _matchers(silence: Silence) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(silence.matchers.items())) or "everything"


def _end(text: str, *, now: datetime) -> datetime:
    """A date and time still to come as it is; a span counts from now."""
    found = parse_when(text, now=now)
    return found if found > now else now + (now - found)


async def _silence(matchers: dict[str, str], span: str, *, reason: str, everything: bool) -> Silence:
    async with opened(quiet=True) as earshot:
        until = _end(span, now=earshot.parts.clock.now())
        return await people.silence(earshot.parts, matchers, until=until, reason=reason, everything=everything)


async def _silences(*, every: bool, lift: str | None) -> list[Silence]:
    async with opened(quiet=True) as earshot:
        if lift is not None:
            return [await people.lift(earshot.parts, lift)]
        return await people.silences(earshot.parts, every=every)
