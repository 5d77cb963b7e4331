"""What a simulated tool received and stored, and what it stored twice."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Received:
    """A request as it came in, without its headers that carry secrets."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    at: datetime


class ToolTally:
    """Counts since the start or the last reset. `stored` counts by kind and marker (what must be unique)."""

    def __init__(self, keep: int) -> None:
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.stored: Counter[tuple[str, str]] = Counter()
        self.received: deque[Received] = deque(maxlen=keep)

    def store(self, kind: str, marker: str) -> None:
        """Count a thing that came into being; `marker` is what it has in common with its duplicates."""
        self.stored[kind, marker] += 1

    @property
    def objects(self) -> int:
        """How many things came into being."""
        return self.stored.total()

    @property
    def duplicates(self) -> dict[str, int]:
        """How many too many, by kind and marker; empty when everything was made once."""
        return {f"{kind} {marker}": number - 1 for (kind, marker), number in self.stored.items() if number > 1}

    def reset(self) -> None:
        """Begin counting anew."""
        for counts in (self.requests, self.statuses, self.stored):
            counts.clear()
        self.received.clear()

    def as_json(self) -> dict[str, object]:
        """The counts, for the control paths."""
        return {
            "requests": dict(self.requests),
            "statuses": {str(status): number for status, number in self.statuses.items()},
            "stored": self.objects,
            "duplicates": self.duplicates,
        }
