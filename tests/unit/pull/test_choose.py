"""Which conversations must be fetched."""

from datetime import timedelta

import pytest

from earshot.ports.source import Sighting
from earshot.ports.store import Known
from earshot.pull.choose import Chosen, to_fetch
from tests.unit.pull.samples import START


def sighted(key: str, minute: int = 0) -> Sighting:
    return Sighting(external_id=key, updated_at=START + timedelta(minutes=minute))


def known(*, complete: bool = True, deleted: bool = False) -> dict[str, Known]:
    return {"a": Known(updated_at=START, complete=complete, deleted=deleted, content_hash="h")}


@pytest.mark.parametrize(
    ("minute", "held", "chosen"),
    [
        (0, {}, Chosen(fetch=("a",))),
        (0, known(), Chosen(unchanged=("a",))),
        (1, known(), Chosen(fetch=("a",))),
        (-1, known(), Chosen(unchanged=("a",))),
        (0, known(complete=False), Chosen(fetch=("a",))),
        (0, known(deleted=True), Chosen(deleted=("a",))),
        (0, known(deleted=True, complete=False), Chosen(deleted=("a",))),
        (1, known(deleted=True), Chosen(fetch=("a",))),
    ],
)
def test_what_decides(minute: int, held: dict[str, Known], chosen: Chosen) -> None:
    assert to_fetch([sighted("a", minute)], held) == chosen


def test_each_once_by_its_newest_sighting_in_the_listings_order() -> None:
    sightings = [sighted("b"), sighted("a", 5), sighted("b", 1), sighted("a")]
    assert to_fetch(sightings, known()) == Chosen(fetch=("b", "a"))
