"""Reading values of any type."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.connectors import lenient

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@settings(deadline=None)
@given(ANYTHING)
def test_nothing_raises(value: Any) -> None:
    for read in (lenient.string, lenient.ident, lenient.integer, lenient.number, lenient.moment, lenient.obj):
        read(value)
    lenient.objects(value, "data")


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5.0),
        (5.5, 5.5),
        ("1,200.50", 1_200.5),
        (" 7 ", 7.0),
        ("x", None),
        (True, None),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        ("nan", None),
        (10**400, None),
        ([], None),
    ],
)
def test_numbers(value: Any, number: float | None) -> None:
    assert lenient.number(value) == number


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (1_700_000_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("2023-11-14T22:13:20", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("2023-11-15T00:13:20+02:00", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (0, None),
        (-5, None),
        (10**20, None),
        ("soon", None),
        ("0001-01-01T00:00:00+14:00", None),
        (None, None),
        (True, None),
    ],
)
def test_times(value: Any, moment: datetime | None) -> None:
    assert lenient.moment(value) == moment


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (5, "5"),
        (5.0, "5"),
        ("a ", "a"),
        (0, None),
        ("0", None),
        ("", None),
        (None, None),
        (False, None),
        ([], None),
    ],
)
def test_ids(value: Any, key: str | None) -> None:
    assert lenient.ident(value) == key


def test_lists_bare_or_wrapped() -> None:
    assert lenient.objects([{"a": 1}, 2, None], "data") == [{"a": 1}]
    assert lenient.objects({"data": None, "items": [{"a": 1}]}, "data", "items") == [{"a": 1}]
    assert lenient.objects({"other": [{"a": 1}]}, "data") == []
    assert lenient.objects("text", "data") == []
