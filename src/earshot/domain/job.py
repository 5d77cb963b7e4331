"""Jobs of the engine, its queues, and workers. A job carries an id only: rows are the truth."""

from datetime import datetime
from enum import StrEnum

from earshot.domain.model import Noun


class JobName(StrEnum):
    """What is to be done.

    HEAR: deal with one thing that changed (key `<source>/<concern>/<external id>/<turn>`). ACT: plan and deliver
    what pages somebody. DELIVER: all other actions. THEME: give new findings their themes.
    READ: read a share of what waits. TASK: a tick of a schedule (key `<schedule>@<tick>`).
    """

    HEAR = "hear"
    ACT = "act"
    DELIVER = "deliver"
    THEME = "theme"
    READ = "read"
    TASK = "task"


class Lane(StrEnum):
    """Which jobs a process serves: what cannot wait, or what can."""

    LIVE = "live"
    BACKGROUND = "background"


LANES: dict[JobName, Lane] = {
    JobName.HEAR: Lane.LIVE,
    JobName.ACT: Lane.LIVE,
    JobName.DELIVER: Lane.BACKGROUND,
    JobName.THEME: Lane.BACKGROUND,
    JobName.READ: Lane.BACKGROUND,
    JobName.TASK: Lane.BACKGROUND,
}
"""The lane of each job."""


class Job(Noun):
    """A job to be done. Jobs with the same name and key are one until it ended. Higher priority goes first."""

    name: JobName
    key: str
    run_at: datetime | None = None
    priority: int = 0


class HeldJob(Noun):
    """A job that gave up (the dead letters): the engine's number, what it was, and why without any text."""

    number: int
    name: str
    key: str
    attempts: int
    failed_at: datetime
    reason: str = ""


class Queue(Noun):
    """How one queue stands. `oldest_seconds` is how long the oldest job that is due has waited."""

    name: str
    waiting: int = 0
    due: int = 0
    running: int = 0
    held: int = 0
    oldest_seconds: float = 0.0


class WorkerSign(Noun):
    """A worker's sign of life, renewed every few seconds. `doing` counts jobs under way, by name."""

    id: str
    host: str
    pid: int
    lane: Lane
    version: str
    started_at: datetime
    seen_at: datetime
    doing: dict[str, int] = {}
    done: int = 0
    failed: int = 0
    memory_mb: int = 0
