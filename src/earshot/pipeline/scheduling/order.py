"""What a chore is told, and what it tells."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from earshot.domain.schedule import Schedule
from earshot.pipeline.watching.settings import WatchSettings
from earshot.pull.window import parse_when


@dataclass(frozen=True)
class Conditions:
    """What chores go by besides the parts. `folder` is where report files go."""

    retention_days: int | None = None
    folder: Path = Path("reports")
    watch: WatchSettings = field(default_factory=WatchSettings)


@dataclass(frozen=True)
class Order:
    """One time of a schedule, to be done."""

    schedule: Schedule
    tick: datetime
    conditions: Conditions = field(default_factory=Conditions)

    def argument(self, name: str, default: str = "") -> str:
        """What the schedule says about it."""
        return self.schedule.arguments.get(name, default)

    @property
    def since(self) -> datetime | None:
        """From when, where the schedule says so: a span before the tick."""
        span = self.argument("since")
        return parse_when(span, now=self.tick) if span else None


@dataclass(frozen=True)
class Done:
    """How a chore went, in a sentence without customers' words.

    `again`: a fault that passes by itself. `idle`: there was nothing to do.
    """

    ok: bool
    words: str
    again: bool = False
    idle: bool = False
