"""How long a first sync will take, said before it begins."""

from datetime import datetime

from earshot.domain.model import Noun

_REQUESTS_EACH = 1.5
_SECONDS_PER_REQUEST = 0.25


class Estimate(Noun):
    """The size of a sync: conversations (None where the source cannot say), requests and seconds."""

    conversations: int | None
    requests: int | None
    seconds: float | None

    def text(self, since: datetime) -> str:
        """One line for a person."""
        start = f"{since:%Y-%m-%d %H:%M} UTC"
        if self.conversations is None or self.requests is None or self.seconds is None:
            return f"Reading what changed since {start}; the source does not say how much that is."
        return (
            f"Reading {self.conversations:,} conversations changed since {start}: "
            f"about {self.requests:,} requests, {spoken(self.seconds)}."
        )


def estimate(
    conversations: int | None, *, per_second: float | None, concurrency: int, page_size: int = 150
) -> Estimate:
    """What so many conversations cost at a pace (requests a second; None: only the network limits)."""
    if conversations is None:
        return Estimate(conversations=None, requests=None, seconds=None)
    requests = round(conversations * _REQUESTS_EACH) + -(-conversations // page_size) + 1
    by_network = requests * _SECONDS_PER_REQUEST / max(1, concurrency)
    by_pace = requests / per_second if per_second else 0.0
    return Estimate(conversations=conversations, requests=requests, seconds=max(by_network, by_pace))


def spoken(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 50:
        return "less than a minute"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min"
    return f"about {minutes / 60:.1f} h"
