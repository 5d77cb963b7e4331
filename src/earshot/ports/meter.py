"""The socket of measuring: counters, durations, gauges and spans. Names and labels never hold customers' text."""

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Span(Protocol):
    """A span under way."""

    def note(self, **attributes: str | float | bool) -> None:
        """Add attributes: ids, counts and closed words only."""
        ...


class Meter(Protocol):
    """Where measurements go. `name` is the metric's whole name, as documented (`earshot_…`)."""

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter."""
        ...

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """One duration, in seconds, into a histogram."""
        ...

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        ...

    def span(
        self, name: str, *, parent: str = "", **attributes: str | float | bool
    ) -> AbstractContextManager[Span]:
        """A span of a trace; `parent` is a W3C traceparent to go on from."""
        ...

    def traceparent(self) -> str:
        """The current span as a W3C traceparent, "" without one."""
        ...


class _Nothing:
    def note(self, **attributes: str | float | bool) -> None:
        """Nothing."""


class NoMeter:
    """Measures nothing."""

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Nothing."""

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Nothing."""

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Nothing."""

    @contextmanager
    def span(self, name: str, *, parent: str = "", **attributes: str | float | bool) -> Generator[Span]:
        """A span that goes nowhere."""
        _ = (name, parent, attributes)
        yield _Nothing()

    def traceparent(self) -> str:
        """None."""
        return ""


Labels = Mapping[str, str]
