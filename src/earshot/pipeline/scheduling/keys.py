"""A time of a schedule as text: in jobs and on the command line."""

from datetime import UTC, datetime

from earshot.errors import BadInput


def key_of(name: str, tick: datetime) -> str:
    """The key of the job: `daily@2026-11-30T06:00:00Z`."""
    return f"{name}@{tick_text(tick)}"


def tick_text(tick: datetime) -> str:
    """A time as `--tick` takes it."""
    return f"{tick.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def parse_key(key: str) -> tuple[str, datetime]:
    """Name and time of a key. Raises BadInput."""
    name, _, text = key.partition("@")
    return name, parse_tick(text)


def parse_tick(text: str) -> datetime:
    """A time in ISO 8601, UTC unless it says another zone. Raises BadInput."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text[:40]!r} is no time.", hint="Write it like 2026-11-30T06:00:00Z.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
