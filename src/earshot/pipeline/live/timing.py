"""How long the stages of real time take: into the meter, and along with the work for whoever asks."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from earshot.ports.clock import Clock
from earshot.ports.meter import Meter

STAGE = "earshot_stage_seconds"
LATENCY = "earshot_live_latency_seconds"
"""From the webhook's receipt to the decision."""


@dataclass
class Stages:
    """Times stages; `seconds` sums them by name. Stages: fetch, store, label, read, decide, place, act."""

    meter: Meter
    clock: Clock
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def stage(self, name: str, *, parent: str = "") -> Generator[None]:
        """Time what happens inside, as a span too; `parent` is a W3C traceparent."""
        began = self.clock.monotonic()
        try:
            with self.meter.span(f"earshot.{name}", parent=parent):
                yield
        finally:
            self.note(name, self.clock.monotonic() - began)

    def note(self, name: str, seconds: float) -> None:
        """A stage that took so long."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        self.meter.observe(STAGE, seconds, stage=name)


@contextmanager
def timed(several: Sequence[Stages], name: str) -> Generator[None]:
    """One stage of several at once; each is noted with the whole time, for each has waited for it."""
    began = several[0].clock.monotonic() if several else 0.0
    try:
        yield
    finally:
        for stages in several:
            stages.note(name, stages.clock.monotonic() - began)
