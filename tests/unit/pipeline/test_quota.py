"""Hours of reading, and how much a run may read."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from earshot.errors import Misconfigured
from earshot.pipeline.quota import Quota, parse_hours


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-01T{clock}:00").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("windows", "inside", "outside"),
    [
        (["09:00-17:00"], ["09:00", "16:59"], ["08:59", "17:00"]),
        (["22:00-06:00"], ["22:00", "23:59", "00:00", "05:59"], ["06:00", "21:59"]),
        (["18:00-24:00"], ["18:00", "23:59"], ["00:00", "17:59"]),
        (["1:00-2:00", " 3:00 - 4:00 "], ["01:30", "03:30"], ["02:30"]),
        ([], ["00:00", "12:00"], []),
    ],
)
def test_hours_include_their_beginning_and_go_over_midnight(
    windows: list[str], inside: list[str], outside: list[str]
) -> None:
    quota = Quota(hours=parse_hours(windows))
    assert [quota.open_at(at(clock)) for clock in [*inside, *outside]] == [True] * len(inside) + [False] * len(
        outside
    )


def test_hours_are_those_of_the_zone() -> None:
    quota = Quota(hours=parse_hours(["22:00-06:00"]), zone=ZoneInfo("Asia/Tokyo"))
    assert quota.open_at(at("13:00"))
    assert not quota.open_at(at("22:00"))


@pytest.mark.parametrize("text", ["", "22-06", "25:00-06:00", "22:00-24:30", "22:61-23:00", "night"])
def test_what_is_no_stretch_of_the_day_is_refused_by_name(text: str) -> None:
    with pytest.raises(Misconfigured, match="windows"):
        parse_hours([text])
