"""`earshot worker held`, `requeue` and `discard`: jobs that failed too often (the dead letters)."""

from collections.abc import Sequence
from typing import Annotated

import typer

from earshot.cli.console import out, print_json, print_table
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.domain.job import HeldJob
from earshot.text.wording import counted

Numbers = Annotated[
    list[int] | None, typer.Argument(metavar="[NUMBER]...", help="Which; see `earshot worker held`.")
]
Every = Annotated[bool, typer.Option("--all", help="All of them.")]
MOST = 10_000
_COLUMNS = ("number", "job", "about", "tries", "failed (UTC)", "why")


def held_command(
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List jobs that failed too often: what, about what, and why. What they were about is still there."""
    found = go(_held(limit))
    if as_json:
        print_json([job.model_dump(mode="json") for job in found])
    elif found:
        print_table(_COLUMNS, [_line(job) for job in found])
        out.print(
            "Try again: earshot worker requeue NUMBER… (or --all); drop: earshot worker discard", markup=False
        )
    else:
        out.print("No job gave up.", markup=False)


def requeue_command(numbers: Numbers = None, *, every: Every = False, as_json: AsJson = False) -> None:
    """Give jobs that gave up another life, after what hindered them is put right."""
    _tell(go(_change(_wanted(numbers, every=every), again=True)), "waits again", "wait again", as_json=as_json)


def discard_command(numbers: Numbers = None, *, every: Every = False, as_json: AsJson = False) -> None:
    """Drop jobs that gave up. What they were about stays: the next sync or run comes back to it."""
    _tell(go(_change(_wanted(numbers, every=every), again=False)), "is dropped", "are dropped", as_json=as_json)


def _wanted(numbers: Sequence[int] | None, *, every: bool) -> Sequence[int] | None:
    """The numbers; None means all. Exactly one of both must be said."""
    if bool(numbers) == every:
        raise typer.BadParameter("Name jobs by their numbers (`earshot worker held`), or say --all.")
    return numbers or None


def _tell(count: int, one: str, many: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"jobs": count})
    else:
        out.print(f"{counted(count, 'job')} {one if count == 1 else many}.", markup=False)


async def _held(limit: int) -> list[HeldJob]:
    async with opened(quiet=True) as earshot, earshot.parts.store.unit() as unit:
        return await unit.jobs.held(limit=limit)


async def _change(numbers: Sequence[int] | None, *, again: bool) -> int:
    async with opened(quiet=True) as earshot, earshot.parts.store.unit() as unit:
        chosen = numbers or [job.number for job in await unit.jobs.held(limit=MOST)]
        count = await (unit.jobs.requeue if again else unit.jobs.discard)(chosen)
        await unit.commit()
        return count


def _line(job: HeldJob) -> tuple[object, ...]:
    return (job.number, job.name, job.key, job.attempts, f"{job.failed_at:%Y-%m-%d %H:%M:%S}", job.reason)
