"""How long to wait before the next try: what the other side asks for, else doubling with full jitter."""

from earshot.act.settings import ActSettings
from earshot.domain.delivery import Thing

PARK_OVER = 3600.0
"""Seconds: a longer wait that is asked for is a closed gate; it parks the delivery and counts as no try."""
LONGEST_PARK = 24 * 3600.0
_LEAST = 0.1
_EVENTS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds between the tries of a webhook, the schedule that Standard Webhooks advises."""
EVENT_TRIES = len(_EVENTS) + 1


def wait(tries: int, *, asked: float | None, thing: Thing, settings: ActSettings, dice: float) -> float:
    """Seconds until the next try after `tries` that failed. `dice` is from 0 to 1; `asked` is the Retry-After."""
    if asked is not None and asked >= 0:
        return max(_LEAST, min(asked, LONGEST_PARK))
    if thing is Thing.EVENT:
        return _EVENTS[min(max(tries, 1), len(_EVENTS)) - 1] * (0.9 + 0.2 * dice)
    doubled = settings.first_retry_seconds * 2.0 ** min(max(tries, 1) - 1, 40)
    return max(_LEAST, min(doubled, settings.longest_retry_seconds) * dice)


def parks(asked: float | None) -> bool:
    """Whether so long a wait was asked for that the try does not count."""
    return asked is not None and asked > PARK_OVER
