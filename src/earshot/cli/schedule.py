"""`earshot schedule`: what runs by itself, when it comes next, and how it last went."""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from earshot.app import build
from earshot.cli import show as show_error
from earshot.cli.console import Bars, err, out, print_json, print_table
from earshot.cli.options import AsJson
from earshot.cli.registry import installed_version
from earshot.cli.secrecy import secret_values
from earshot.cli.session import go, opened
from earshot.domain.job import Lane, WorkerSign
from earshot.domain.schedule import Schedule, ScheduleState
from earshot.errors import BadInput, EarshotError
from earshot.pipeline.scheduling.chores import do
from earshot.pipeline.scheduling.keys import parse_tick
from earshot.pipeline.scheduling.order import Conditions, Done
from earshot.pipeline.scheduling.schedules import find, schedules_of
from earshot.pipeline.scheduling.ticking import under_way
from earshot.pipeline.scheduling.times import in_words, last_time, next_time, times_after
from earshot.pipeline.watching.seeing import lost_after
from earshot.ports.clock import SystemClock
from earshot.ports.meter import Meter
from earshot.settings import Secrets, Settings, load_settings
from earshot.telemetry.starting import measuring

app = typer.Typer(rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The schedule: daily, weekly, sync, sweep or your own.")]
PASSING = 75
"""Exit code of a fault that passes by itself: whoever called may try again (EX_TEMPFAIL)."""
_NOBODY = (
    "No worker is running, so nothing of this happens by itself. Start one: earshot worker, or earshot serve "
    "--with-worker. Without workers, let cron, systemd or another scheduler call earshot run (docs/deploy.md)."
)
_OFF = "Schedules are switched off ([schedule] enabled = false)."
_Stand = tuple[dict[str, ScheduleState], list[WorkerSign]]


@app.callback(invoke_without_command=True)
def schedule(context: typer.Context, *, as_json: AsJson = False) -> None:
    """What workers do by themselves: the daily run, the weekly report, syncs, housekeeping.

    The times are in the settings, [schedule]; `enabled = false`, or "" for a built-in one, switches it off.
    """
    if context.invoked_subcommand is None:
        show(as_json=as_json)


@app.command("list")
def show(*, as_json: AsJson = False) -> None:
    """List schedules: what, when, when next, how it last went, and whether anybody is there to do it."""
    settings = load_settings()
    now = SystemClock().now()
    states, workers = go(_stand(settings, now))
    schedules = _of(settings)
    if as_json:
        print_json([_in_full(one, states.get(one.name), now=now) for one in schedules])
        return
    columns = ("schedule", "does", "when", "next", "last", "outcome")
    print_table(columns, [_row(one, states.get(one.name), now=now) for one in schedules])
    if not settings.schedule.enabled:
        err.print(_OFF)
    elif not any(sign.lane is Lane.BACKGROUND for sign in workers):
        err.print(_NOBODY, markup=False)


@app.command("next")
def upcoming(
    name: Name,
    *,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=1_000, help="How many.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Show when a schedule comes next, days of clock changes included."""
    found = find(_of(load_settings()), name)
    times = list(islice(times_after(found.cron, found.timezone, after=SystemClock().now()), count))
    if as_json:
        print_json([moment.isoformat() for moment in times])
        return
    for moment in times:
        out.print(f"{_local(moment, found, seconds=True)} {found.timezone}", markup=False)
    if not found.enabled:
        err.print("It is switched off ([schedule] enabled), so nobody will do it.")


@app.command("run")
def run(
    name: Name,
    *,
    at: Annotated[
        str | None, typer.Option("--tick", metavar="TIME", help="For which of its times (default: the last one).")
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="For workers: only log how it went, as [telemetry] says.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Do now what a schedule does, for one of its times, and keep how it went.

    Safe to repeat: the same time again changes nothing more and writes the same report files. It never agrees to
    spend money. Exit codes: 0 done, 1 failed and the outcome kept, 75 a passing fault, so that another try may do.
    """
    settings = load_settings()
    found = find(_of(settings), name)
    tick = _tick(found, at, now=SystemClock().now())
    try:
        done = _in_quiet(settings, found, tick) if quiet else go(_run(settings, found, tick, quiet=as_json))
    except EarshotError as error:
        # how it went could not be kept: nobody knows of it, so whoever called had better try again
        show_error(error)
        raise typer.Exit(PASSING) from None
    if as_json:
        print_json({"schedule": name, "tick": tick.isoformat(), "ok": done.ok, "outcome": done.words})
    elif not quiet:
        (out if done.ok else err).print(done.words, markup=False)
    if not done.ok:
        raise typer.Exit(PASSING if done.again else 1)


def _of(settings: Settings) -> tuple[Schedule, ...]:
    return schedules_of(settings.schedule, zone=settings.report.timezone)


def _in_quiet(settings: Settings, schedule: Schedule, tick: datetime) -> Done:
    """As a worker's child: logs like its parent's, and measurements handed over to it."""
    secrets = secret_values(Secrets.load(also=settings.secret_names))
    with measuring(settings.telemetry, version=installed_version(), secrets=secrets) as meter:
        return go(_run(settings, schedule, tick, quiet=True, meter=meter))


async def _run(
    settings: Settings, schedule: Schedule, tick: datetime, *, quiet: bool, meter: Meter | None = None
) -> Done:
    conditions = Conditions(
        retention_days=settings.database.retention_days, folder=settings.schedule.folder, watch=settings.watch
    )
    with Bars(quiet=quiet) as bars:
        earshot = await build(settings, progress=bars, meter=meter)
        async with earshot:
            return await do(earshot, schedule, tick=tick, conditions=conditions)


async def _stand(settings: Settings, now: datetime) -> _Stand:
    async with opened(quiet=True, settings=settings) as earshot, earshot.parts.store.unit() as unit:
        states = {state.name: state for state in await unit.schedules.states()}
        return states, await unit.jobs.workers(seen_since=now - lost_after(settings.workers))


def _tick(schedule: Schedule, text: str | None, *, now: datetime) -> datetime:
    if text is None:
        return last_time(schedule.cron, schedule.timezone, until=now) or now
    tick = parse_tick(text)
    if tick > now:
        raise BadInput(
            f"{text} has not come yet.", hint=f"`earshot schedule next {schedule.name}` shows its times."
        )
    return tick


def _row(schedule: Schedule, state: ScheduleState | None, *, now: datetime) -> tuple[str | None, ...]:
    nearest = _next(schedule, state, now=now)
    ended = state.ended_at if state else None
    return (
        schedule.name,
        schedule.chore.value,
        f"{in_words(schedule.cron)} ({schedule.timezone})",
        _local(nearest, schedule) if nearest else "off",
        _local(ended, schedule) if ended else None,
        _outcome(schedule, state, now=now),
    )


def _next(schedule: Schedule, state: ScheduleState | None, *, now: datetime) -> datetime | None:
    """When it comes next: as the workers have it, or would have it."""
    if not schedule.enabled:
        return None
    if state is not None and state.next_at is not None:
        return state.next_at
    return next_time(schedule.cron, schedule.timezone, after=now)


def _outcome(schedule: Schedule, state: ScheduleState | None, *, now: datetime) -> str | None:
    if state is None:
        return None
    if state.started_at is not None and under_way(state, schedule.chore, now=now):
        return f"under way since {_local(state.started_at, schedule)}"
    return state.outcome if state.ok is not False else f"FAILED: {state.outcome}"


def _in_full(schedule: Schedule, state: ScheduleState | None, *, now: datetime) -> Mapping[str, object]:
    stand = state or ScheduleState(name=schedule.name)
    nearest = _next(schedule, state, now=now)
    return {
        **schedule.model_dump(mode="json"),
        **stand.model_dump(mode="json"),
        "next_at": nearest and nearest.isoformat(),
        "under_way": state is not None and under_way(state, schedule.chore, now=now),
    }


def _local(moment: datetime, schedule: Schedule, *, seconds: bool = False) -> str:
    local = moment.astimezone(ZoneInfo(schedule.timezone))
    return f"{local:%a %Y-%m-%d %H:%M}" + (f"{local:%z}" if seconds else "")
