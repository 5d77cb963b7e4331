"""`earshot worker --status`: queues and workers."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from earshot.cli.console import out, print_json, print_table
from earshot.cli.session import go, opened
from earshot.domain.job import Queue, WorkerSign
from earshot.domain.model import Noun
from earshot.domain.notification import InboxFigures
from earshot.pipeline.parts import Parts
from earshot.pipeline.watching.seeing import lost_after

SEEN = timedelta(minutes=5)
"""Workers without a sign of life for longer are not shown."""
EVERY = 2.0
_QUEUES = ("queue", "waiting", "due", "running", "held", "oldest due")
_WORKERS = ("worker", "host", "lane", "version", "up", "last sign", "doing", "done", "failed", "memory")


class Status(Noun):
    """How jobs and workers stand at a moment."""

    at: datetime
    lost_after_seconds: float
    queues: list[Queue]
    workers: list[WorkerSign]
    inbox: InboxFigures


def show_status(*, watch: bool, as_json: bool) -> None:
    """Show queues and workers once, or again and again."""
    go(_show(watch=watch, as_json=as_json))


async def status(parts: Parts) -> Status:
    """How jobs and workers stand."""
    now = parts.clock.now()
    async with parts.store.unit() as unit:
        return Status(
            at=now,
            lost_after_seconds=lost_after(parts.workers).total_seconds(),
            queues=await unit.jobs.queues(),
            workers=await unit.jobs.workers(seen_since=now - SEEN),
            inbox=await unit.inbox.figures(now=now),
        )


async def _show(*, watch: bool, as_json: bool) -> None:
    async with opened(quiet=True) as earshot:
        while True:
            found = await status(earshot.parts)
            if watch and not as_json:
                out.clear()
            _print(found, as_json=as_json)
            if not watch:
                return
            await earshot.parts.clock.sleep(EVERY)


def _print(found: Status, *, as_json: bool) -> None:
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print_table(_QUEUES, [_queue(queue) for queue in found.queues])
    out.print()
    if found.workers:
        print_table(_WORKERS, [_worker(worker, found) for worker in found.workers])
    else:
        out.print(
            "No worker is at work: nothing is heard, and no schedule is kept. Start one: earshot worker",
            markup=False,
        )
    for text in _remarks(found):
        out.print(text, markup=False)


def _queue(queue: Queue) -> tuple[object, ...]:
    oldest = spoken(queue.oldest_seconds) if queue.due else ""
    return (queue.name, queue.waiting, queue.due, queue.running, queue.held, oldest)


def _worker(worker: WorkerSign, found: Status) -> tuple[object, ...]:
    silent = (found.at - worker.seen_at).total_seconds()
    doing = ", ".join(f"{count} {name}" for name, count in sorted(worker.doing.items())) or "–"
    return (
        worker.id,
        worker.host,
        worker.lane.value,
        worker.version,
        spoken((found.at - worker.started_at).total_seconds()),
        f"{spoken(silent)} ago" + (" (gone?)" if _lost(worker, found) else ""),
        doing,
        worker.done,
        worker.failed,
        f"{worker.memory_mb} MB" if worker.memory_mb else "",
    )


def _lost(worker: WorkerSign, found: Status) -> bool:
    return (found.at - worker.seen_at).total_seconds() > found.lost_after_seconds


def _remarks(found: Status) -> Sequence[str]:
    held = sum(queue.held for queue in found.queues)
    inbox = found.inbox
    lanes = {worker.lane.value for worker in found.workers if not _lost(worker, found)}
    return [
        text
        for text, applies in (
            (f"{held:,} jobs gave up: earshot worker held", held),
            (f"{inbox.waiting:,} things that webhooks told of wait to be heard.", inbox.waiting),
            (f"{inbox.failed:,} were given up; the next sync brings them.", inbox.failed),
            ("Nobody serves the live lane.", lanes and "live" not in lanes),
            ("Nobody serves the background lane.", lanes and "background" not in lanes),
        )
        if applies
    ]


def spoken(seconds: float) -> str:
    """A duration as people say it: 4 s, 3 min, 5 h, 2 d."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
