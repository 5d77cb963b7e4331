"""Which function does which job, and counting what became of it."""

from collections.abc import Mapping

from earshot.domain.job import LANES, JobName, Lane
from earshot.ports.clock import Clock
from earshot.ports.jobs import Later, Serve
from earshot.ports.meter import Meter


class Tally:
    """Jobs that a worker ended."""

    def __init__(self) -> None:
        self.done = 0
        self.failed = 0


def of_lane(serving: Mapping[JobName, Serve], lane: Lane) -> dict[JobName, Serve]:
    """The jobs of one lane."""
    return {name: serve for name, serve in serving.items() if LANES[name] is lane}


def counted(serving: Mapping[JobName, Serve], *, tally: Tally, meter: Meter, clock: Clock) -> dict[JobName, Serve]:
    """The same functions, measured."""
    return {name: _counted(name, serve, tally=tally, meter=meter, clock=clock) for name, serve in serving.items()}


def _counted(name: JobName, serve: Serve, *, tally: Tally, meter: Meter, clock: Clock) -> Serve:
    async def measured(key: str) -> None:
        began, outcome = clock.monotonic(), "failed"
        try:
            await serve(key)
            outcome = "ok"
        except Later:
            outcome = "later"
            raise
        finally:
            tally.done += outcome == "ok"
            tally.failed += outcome == "failed"
            meter.count("earshot_jobs_total", queue=name.value, outcome=outcome)
            meter.observe("earshot_job_seconds", clock.monotonic() - began, queue=name.value)

    return measured
