"""Jobs are counted by what became of them, and each lane gets its own."""

import pytest

from earshot.domain.job import LANES, JobName, Lane
from earshot.ports.jobs import Later
from earshot.ports.meter import NoMeter
from earshot.worker.serving import Tally, counted, of_lane
from tests.unit.connectors.scripted import Waits


class Counts(NoMeter):
    """Remembers what was counted."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str]]] = []

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        _ = amount
        self.seen.append((name, labels))


async def good(key: str) -> None:
    assert key == "k"


async def later(_: str) -> None:
    raise Later(3.0, "somebody else has it")


async def bad(_: str) -> None:
    raise ValueError("no")


async def test_what_became_of_jobs_is_counted_and_told_on() -> None:
    tally, meter = Tally(), Counts()
    serving = counted(
        {JobName.HEAR: good, JobName.READ: later, JobName.TASK: bad}, tally=tally, meter=meter, clock=Waits()
    )
    await serving[JobName.HEAR]("k")
    with pytest.raises(Later):
        await serving[JobName.READ]("k")
    with pytest.raises(ValueError, match="no"):
        await serving[JobName.TASK]("k")
    assert (tally.done, tally.failed) == (1, 1)
    assert [labels for _, labels in meter.seen] == [
        {"queue": "hear", "outcome": "ok"},
        {"queue": "read", "outcome": "later"},
        {"queue": "task", "outcome": "failed"},
    ]


def test_every_job_belongs_to_one_lane() -> None:
    serving = dict.fromkeys(JobName, good)
    live, background = (set(of_lane(serving, lane)) for lane in Lane)
    assert live | background == set(JobName) == set(LANES)
    assert not live & background
