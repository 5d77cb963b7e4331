"""Rate limits of a model: requests and tokens a minute, as buckets that fill up evenly, announced in headers."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from earshot.sim.llm.catalogue import Vendor
from earshot.sim.llm.settings import SimLlmSettings
from earshot.sim.llm.wire import Refused


@dataclass
class Bucket:
    """An allowance per minute of which `burst` seconds' worth may be spent at once."""

    per_minute: int
    burst: float
    _level: float = field(init=False)
    _at: float | None = None

    def __post_init__(self) -> None:
        self._level = self.capacity

    @property
    def capacity(self) -> float:
        """The most that can be spent at once."""
        return max(1.0, self.per_minute * self.burst / 60)

    def fill(self, now: float) -> float:
        """What can be spent now."""
        if self._at is not None:
            self._level = min(self.capacity, self._level + max(0.0, now - self._at) * self.per_minute / 60)
        self._at = now
        return self._level

    def wait(self, amount: float, now: float) -> float:
        """Seconds until the amount can be spent; an amount above the capacity waits for a full bucket."""
        lacking = min(amount, self.capacity) - self.fill(now)
        return max(0.0, lacking * 60 / self.per_minute)

    def spend(self, amount: float) -> None:
        """Spend; a large amount leaves the bucket in debt."""
        self._level -= amount

    def until_full(self, now: float) -> float:
        """Seconds until nothing is spent."""
        return max(0.0, (self.capacity - self.fill(now)) * 60 / self.per_minute)


class Limits:
    """The buckets of every model."""

    def __init__(self, settings: SimLlmSettings) -> None:
        self.settings = settings
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self.limited = settings.requests_per_minute is not None or settings.tokens_per_minute is not None

    def take(self, vendor: Vendor, model: str, *, tokens: int, now: datetime) -> dict[str, str]:
        """Spend one request and its tokens; the headers to send. Raises Refused (429) with headers."""
        if not self.limited:
            return {}
        at = now.timestamp()
        held = [(name, bucket) for name in ("requests", "tokens") if (bucket := self._bucket(name, model))]
        amounts = {"requests": 1, "tokens": tokens}
        waits = {name: bucket.wait(amounts[name], at) for name, bucket in held}
        slowest = max(waits, key=waits.__getitem__)
        if waits[slowest] > 0:
            raise too_many(
                vendor, waits[slowest], what=slowest, model=model, headers=_headers(vendor, held, now=now)
            )
        for name, bucket in held:
            bucket.spend(amounts[name])
        return _headers(vendor, held, now=now)

    def _bucket(self, name: str, model: str) -> Bucket | None:
        settings = self.settings
        limit = settings.requests_per_minute if name == "requests" else settings.tokens_per_minute
        if limit is None:
            return None
        return self._buckets.setdefault((name, model), Bucket(limit, settings.burst_seconds))


def too_many(
    vendor: Vendor, seconds: float, *, what: str, model: str, headers: dict[str, str] | None = None
) -> Refused:
    """The 429 of a vendor, with the wait in its headers."""
    waiting = {"retry-after": str(math.ceil(seconds))}
    if vendor == "openai":
        waiting["retry-after-ms"] = str(math.ceil(seconds * 1000))
        message = f"Rate limit reached for {model} on {what} per min. Please try again in {seconds:.3f}s."
        kind, code = what, "rate_limit_exceeded"
    else:
        message = f"This request would exceed your organization's rate limit of {what} per minute."
        kind, code = "rate_limit_error", None
    return Refused(429, kind, message=message, code=code, headers={**(headers or {}), **waiting})


def _headers(vendor: Vendor, held: list[tuple[str, Bucket]], *, now: datetime) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, bucket in held:
        remaining = max(0, int(bucket.fill(now.timestamp())))
        full = bucket.until_full(now.timestamp())
        if vendor == "anthropic":
            moment = (now + timedelta(seconds=full)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            found |= {
                f"anthropic-ratelimit-{name}-limit": str(bucket.per_minute),
                f"anthropic-ratelimit-{name}-remaining": str(remaining),
                f"anthropic-ratelimit-{name}-reset": moment,
            }
        elif vendor == "openai":
            found |= {
                f"x-ratelimit-limit-{name}": str(bucket.per_minute),
                f"x-ratelimit-remaining-{name}": str(remaining),
                f"x-ratelimit-reset-{name}": f"{full:.3f}s",
            }
    return found
