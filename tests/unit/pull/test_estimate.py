"""What a first sync will take."""

import pytest

from earshot.pull.estimate import estimate, spoken
from tests.unit.pull.samples import START


def test_the_pace_decides_where_it_is_slow() -> None:
    found = estimate(12_000, per_second=50.0, concurrency=15)
    assert found.requests == 18_081
    assert found.seconds == pytest.approx(361.6, abs=1)  # pyright: ignore[reportUnknownMemberType]
    text = found.text(START)
    assert "12,000 conversations" in text
    assert "2026-05-01 00:00 UTC" in text
    assert "about 6 min" in text


def test_the_network_decides_where_the_pace_does_not() -> None:
    assert estimate(1_000, per_second=None, concurrency=10).seconds == pytest.approx(37.7, abs=0.5)  # pyright: ignore[reportUnknownMemberType]


def test_what_is_not_known_is_said() -> None:
    found = estimate(None, per_second=5.0, concurrency=1)
    assert (found.requests, found.seconds) == (None, None)
    assert "does not say" in found.text(START)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "less than a minute"), (60, "about 1 min"), (600, "about 10 min"), (9_000, "about 2.5 h")],
)
def test_durations_as_people_say_them(seconds: float, words: str) -> None:
    assert spoken(seconds) == words
