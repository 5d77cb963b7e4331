"""How the flow stands right now, in numbers from rows; and the bounds that are watched."""

from datetime import datetime

from earshot.domain.model import Noun


class Standing(Noun):
    """How many there are, and since when the oldest."""

    count: int = 0
    oldest: datetime | None = None


class Pulse(Noun):
    """Numbers of this moment. Percentiles and the share of errors are of the last hour, None without enough rows.

    `reading_p95` is from the beginning of a real-time turn to its decision, `decision_p95` from the webhook to the
    decision, in seconds, over the newest webhooks. `calls` and `calls_failed` count the newest calls of models.
    `spent_today` is in US dollars, reserves included. `deliveries` are those that are not over, by state;
    `refused_24h` were refused within a day. `read_until` is up to when the source was read completely.
    """

    pending: int = 0
    unread: int = 0
    reading_p95: float | None = None
    decision_p95: float | None = None
    calls: int = 0
    calls_failed: int = 0
    spent_today: float = 0.0
    deliveries: dict[str, Standing] = {}
    refused_24h: int = 0
    batch_oldest: datetime | None = None
    inbox_waiting: int = 0
    inbox_oldest: datetime | None = None
    inbox_failed: int = 0
    webhook_latest: datetime | None = None
    last_success: datetime | None = None
    read_until: datetime | None = None

    @property
    def error_share(self) -> float | None:
        """Failed calls among all of the last hour; None without calls."""
        return self.calls_failed / self.calls if self.calls else None


class WatchState(Noun):
    """How a bound stands. `since`: it came to stand so; `strikes`: looks in a row that said otherwise.

    `episode` counts how often it was left; `told_at` is when people were told of the present one.
    """

    bound: str
    outside: bool = False
    since: datetime
    seen_at: datetime
    value: float | None = None
    strikes: int = 0
    episode: int = 0
    told_at: datetime | None = None
