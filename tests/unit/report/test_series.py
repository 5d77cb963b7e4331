"""Days made ready for charts."""

from datetime import UTC, date, datetime, timedelta

from earshot.domain.report import DayCount, DaySentiment, Window
from earshot.report.series import issue_chart, sentiment_chart

from . import sample


def test_a_month_has_a_row_for_every_day_and_loses_nothing() -> None:
    report = sample.report()
    chart = issue_chart(report)
    assert chart.step == "day"
    assert len(chart.table.rows) == 30
    assert sum(bar.conversations for bar in chart.bars) == report.totals.conversations
    assert sum(int(row[-1].text) for row in chart.table.rows) == report.totals.conversations
    heads = [column.name for column in chart.table.columns]
    assert heads == ["Day", "Product bugs", "Account access", "Billing", "Feature requests", "UX friction",
                     "Usage questions", "Other", "All"]  # fmt: skip
    assert "The busiest day is 13 Nov 2026" in chart.description


def test_a_long_window_goes_by_week_and_by_month() -> None:
    for days, step in ((92, "day"), (93, "week"), (731, "week"), (732, "month")):
        start = sample.NOW - timedelta(days=days)
        window = Window(start=start.replace(hour=0, minute=0), end=sample.NOW.replace(hour=0, minute=0))
        first = window.start.date()
        rows = (
            DayCount(day=first, issue_type="BILLING", conversations=2),
            DayCount(day=first + timedelta(days=days - 1), issue_type="BILLING", conversations=3),
        )
        chart = issue_chart(sample.report(window=window, issue_days=rows, sentiment_days=()))
        assert chart.step == step
        assert sum(bar.conversations for bar in chart.bars) == 5


def test_a_window_over_all_time_is_drawn_from_its_first_conversation() -> None:
    window = Window(start=datetime(1970, 1, 1, tzinfo=UTC), end=sample.NOW)
    chart = issue_chart(sample.report(window=window))
    assert chart.first == sample.FIRST
    assert chart.step == "day"


def test_averages_of_weeks_weigh_days_by_their_conversations() -> None:
    window = Window(start=datetime(2026, 6, 1, tzinfo=UTC), end=datetime(2026, 11, 24, tzinfo=UTC))
    days = (
        DaySentiment(day=date(2026, 6, 1), average=-0.5, conversations=90),
        DaySentiment(day=date(2026, 6, 3), average=0.5, conversations=10),
        DaySentiment(day=date(2026, 6, 9), average=0.1, conversations=40),
    )
    points = sentiment_chart(sample.report(window=window, sentiment_days=days)).points
    assert [(p.day, round(p.average, 2), p.conversations) for p in points] == [
        (date(2026, 6, 1), -0.4, 100),
        (date(2026, 6, 8), 0.1, 40),
    ]


def test_thin_days_are_drawn_by_week_and_short_windows_never() -> None:
    thin = tuple(
        DaySentiment(day=sample.FIRST + timedelta(days=n), average=0.0, conversations=2) for n in range(30)
    )
    chart = sentiment_chart(sample.report(sentiment_days=thin))
    assert chart.step == "week"
    assert "only in part" in chart.description
    assert sum(point.conversations for point in chart.points) == 60
    assert issue_chart(sample.report(sentiment_days=thin)).step == "day"
    week = sample.report().window.model_copy(update={"start": sample.NOW - timedelta(days=10)})
    assert sentiment_chart(sample.report(window=week, sentiment_days=thin[-9:])).step == "day"


def test_fewer_conversations_mean_a_wider_band() -> None:
    days = (
        DaySentiment(day=sample.FIRST, average=0.0, conversations=25),
        DaySentiment(day=sample.FIRST + timedelta(days=1), average=0.0, conversations=1),
    )
    many, one = sentiment_chart(sample.report(sentiment_days=days)).points
    assert many.low is not None
    assert one.low is not None
    assert round(many.low, 4) == round(-1.959964 * 0.46 / 5, 4)
    assert one.low < many.low


def test_an_unknown_spread_is_said() -> None:
    report = sample.report()
    bare = report.totals.model_copy(update={"sentiment_sd": None, "by_sentiment": {}})
    chart = sentiment_chart(report.model_copy(update={"totals": bare}))
    assert all(point.low is None for point in chart.points)
    assert chart.table.rows[0][2].text == "unknown"


def test_nothing_to_draw() -> None:
    assert issue_chart(sample.empty()).description == "No conversations."
    assert sentiment_chart(sample.empty()).description == "No conversations."
