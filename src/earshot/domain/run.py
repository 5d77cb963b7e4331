"""A run of the daily batch and its completeness statement."""

from datetime import datetime

from earshot.domain.model import Noun


class Gap(Noun):
    """Something that could not be fetched, by name, and why."""

    what: str
    reason: str


class Completeness(Noun):
    """What a sync saw against what it holds. Counts are conversations unless they say parts.

    `seen` = `fetched` + `unchanged` + `filtered_out` + `deleted` + `failed`.
    """

    seen: int = 0
    fetched: int = 0
    unchanged: int = 0
    filtered_out: int = 0
    deleted: int = 0
    failed: int = 0
    parts_expected: int = 0
    parts_held: int = 0
    truncated: int = 0
    unknown_kinds: dict[str, int] = {}
    gaps: tuple[Gap, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing is missing; a run with gaps exits non-zero."""
        return not self.gaps


class Run(Noun):
    """One run of the line, kept in the database. `ended_at` None means running or killed."""

    id: str
    kind: str
    started_at: datetime
    ended_at: datetime | None = None
    ok: bool | None = None
    completeness: Completeness | None = None
    classified: int = 0
    unread: int = 0
    actions: int = 0
