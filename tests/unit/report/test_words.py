"""Numbers and closed fields in words."""

from datetime import UTC, datetime

import pytest

from earshot.domain.action import ActionKind, ActionStatus
from earshot.domain.reading import IssueType
from earshot.domain.report import Window
from earshot.report import words


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0%"), (0.0004, "<0.1%"), (0.0371, "3.7%"), (0.0996, "10%"), (0.25, "25%"), (1.0, "100%")],
)
def test_percentages(share: float, text: str) -> None:
    assert words.percent(share) == text


def test_signs() -> None:
    assert words.signed(12) == "+12"
    assert words.signed(-0.104, 2) == "\u22120.10"
    assert words.signed(-0.001, 2) == "0.00"
    assert words.score(None) == "unknown"


def test_money_and_cost_never_turn_unknown_into_zero() -> None:
    assert words.money(None, "USD") == "unknown"
    assert words.money(48200.4, "USD") == "$48,200"
    assert words.money(1000, "CHF") == "CHF 1,000"
    assert words.cost(None) == "unknown"
    assert words.cost(0.0) == "$0.00"
    assert words.cost(0.0123) == "$0.0123"
    assert words.cost(1234.5) == "$1,234.50"


def test_counts_have_their_nouns() -> None:
    assert words.count(1, "conversation") == "1 conversation"
    assert words.count(2400, "conversation") == "2,400 conversations"
    assert words.count(2, "company", many="companies") == "2 companies"


def test_every_closed_word_is_known() -> None:
    assert set(words.ISSUE_TYPES) == set(IssueType)
    assert set(words.ACTIONS) == set(ActionKind)
    assert set(words.STATUSES) == set(ActionStatus)
    assert words.issue_type("PRODUCT_BUG") == "Product bug"
    assert words.issue_type("BILLING") == "Billing"
    assert words.issue_types("MY_OWN_TYPE") == "My own type"
    assert words.in_order({"OTHER", "MINE", "BILLING"}) == ["BILLING", "OTHER", "MINE"]


def test_windows_are_named_by_local_days() -> None:
    berlin = Window(
        start=datetime(2026, 10, 31, 23, tzinfo=UTC),
        end=datetime(2026, 11, 1, 23, tzinfo=UTC),
        timezone="Europe/Berlin",
    )
    assert words.span(berlin) == "1 Nov 2026"
    month = Window(start=datetime(2025, 12, 20, tzinfo=UTC), end=datetime(2026, 1, 5, tzinfo=UTC))
    assert words.span(month) == "20 Dec 2025 – 4 Jan 2026"
    assert words.before(month).end == month.start
    assert words.before(month).end - words.before(month).start == month.end - month.start
    ever = Window(start=datetime(1970, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 5, tzinfo=UTC))
    assert words.span(ever) == "everything until 4 Jan 2026"
