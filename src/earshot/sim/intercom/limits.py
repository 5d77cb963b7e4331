"""Intercom's rate limit: an allowance per 10-second window, announced in headers."""

from dataclasses import dataclass

from earshot.sim.intercom.answers import Refusal

WINDOW_SECONDS = 10


@dataclass
class Window:
    """The calls of the current window; windows begin at whole multiples of ten seconds."""

    rate_per_minute: int
    _window: int = -1
    _spent: int = 0

    @property
    def limit(self) -> int:
        """Calls allowed in one window."""
        return self.rate_per_minute // 6

    def take(self, now: float) -> dict[str, str]:
        """Spend one call; the headers to send. Raises Refusal (429) with headers when nothing is left."""
        window = int(now // WINDOW_SECONDS)
        if window != self._window:
            self._window, self._spent = window, 0
        reset = (window + 1) * WINDOW_SECONDS
        if self._spent >= self.limit:
            raise exceeded(self.limit, reset)
        self._spent += 1
        return headers(self.limit, self.limit - self._spent, reset=reset)


def headers(limit: int, remaining: int, *, reset: int) -> dict[str, str]:
    """The three headers that announce the allowance."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(reset),
    }


def exceeded(limit: int, reset: int) -> Refusal:
    """The 429; no Retry-After, as with the real API."""
    return Refusal(
        429,
        "rate_limit_exceeded",
        message=f"Exceeded rate limit of {limit} in {WINDOW_SECONDS}_seconds",
        headers=headers(limit, 0, reset=reset),
    )
