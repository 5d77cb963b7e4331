"""The order of the queue: who pays most, then what is least sure, then the newest."""

from datetime import UTC, datetime

from earshot.domain.queue import QueueKind
from earshot.pipeline.pages.queue.page import ordered
from earshot.ports.pages.queue import Waiting

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def waiting(subject: str, *, mrr: float | None = None, sureness: float | None = None, hour: int = 0) -> Waiting:
    return Waiting(
        kind=QueueKind.DOUBTS,
        subject=subject,
        title=subject,
        mrr=mrr,
        sureness=sureness,
        at=NOON.replace(hour=hour),
    )


def test_who_pays_most_comes_first_and_the_unknown_last() -> None:
    found = ordered([waiting("none"), waiting("little", mrr=5), waiting("much", mrr=900)])
    assert [one.subject for one in found] == ["much", "little", "none"]


def test_of_equals_the_least_sure_comes_first_then_the_newest() -> None:
    found = ordered(
        [
            waiting("sure", sureness=0.95),
            waiting("old", sureness=0.5, hour=1),
            waiting("new", sureness=0.5, hour=2),
            waiting("unlikely", sureness=0.2),
        ]
    )
    assert [one.subject for one in found] == ["new", "old", "unlikely", "sure"]
