"""Schedules: what runs when, in which time zone, and how it last went."""

from datetime import datetime
from enum import StrEnum

from earshot.domain.model import Noun


class Chore(StrEnum):
    """What a schedule does.

    RUN: the whole daily batch. SYNC: bring in what changed, read, group, decide and act.
    REPORT: write the report of the period before.
    AUDIT: draw the week's sample that people label.
    SWEEP: collect batches, follow tickets, prune, check the bounds of `[watch]`.
    """

    RUN = "run"
    SYNC = "sync"
    REPORT = "report"
    AUDIT = "audit"
    SWEEP = "sweep"


class CatchUp(StrEnum):
    """What happens with ticks that passed while nobody was at work: none, the last one, or all of them."""

    NONE = "none"
    LAST = "last"
    ALL = "all"


class Schedule(Noun):
    """A chore at the times of a cron line (five fields), in a time zone."""

    name: str
    chore: Chore
    cron: str
    timezone: str
    catch_up: CatchUp = CatchUp.LAST
    arguments: dict[str, str] = {}
    enabled: bool = True


class ScheduleState(Noun):
    """How a schedule stands: when it comes next (None: never), and how its last tick went."""

    name: str
    next_at: datetime | None = None
    last_tick: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    ok: bool | None = None
    outcome: str = ""
