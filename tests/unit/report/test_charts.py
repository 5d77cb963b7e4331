"""The charts: fixed colours, the same bytes every time, every day drawn."""

import re
from datetime import timedelta

import pytest

from earshot.domain.reading import IssueType
from earshot.domain.report import DaySentiment, Window
from earshot.report import charts
from earshot.report.series import issue_chart, sentiment_chart
from earshot.report.views import Chart

from . import sample

CHARTS = (issue_chart(sample.report()), sentiment_chart(sample.report()))


def drawn(chart: Chart, width: int = charts.WIDE) -> str:
    return charts.svg(charts.draw(chart, width=width), label=f"{chart.title} & more", ident="x")


@pytest.mark.parametrize("chart", CHARTS)
def test_drawing_twice_gives_the_same_bytes(chart: Chart) -> None:
    assert drawn(chart) == drawn(chart)


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_a_drawing_fits_its_width_and_has_a_text(chart: Chart, width: int) -> None:
    text = drawn(chart, width)
    assert f'width="{width}"' in text
    assert 'role="img"' in text
    assert 'aria-labelledby="x"' in text
    assert f'<title id="x">{chart.title} &amp; more</title>' in text
    assert "http" not in text.replace("http://www.w3.org/", "")
    assert "<script" not in text
    assert "href" not in text


def test_every_issue_type_has_its_own_colour_in_light_and_dark() -> None:
    assert set(charts.COLOURS) == set(IssueType)
    assert len(set(charts.COLOURS.values())) == 7
    assert set(charts.COLOURS.values()) < set(charts.DARK)
    text = drawn(CHARTS[0])
    used = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{3,6})"', text + drawn(CHARTS[1])))
    assert used <= set(charts.DARK), "a colour without a dark twin"
    assert set(charts.COLOURS.values()) <= used


def test_bars_stack_to_the_days_total() -> None:
    spec = charts.draw(CHARTS[0])
    rows = spec["data"]["values"]
    assert sum(row["n"] for row in rows) == sample.report().totals.conversations
    assert spec["encoding"]["y"]["stack"] == "zero"
    domain = spec["encoding"]["color"]["scale"]["domain"]
    assert domain == ["Product bugs", "Account access", "Billing", "Feature requests", "UX friction",
                      "Usage questions", "Other"]  # fmt: skip
    assert drawn(CHARTS[0]).count(f'fill="{charts.COLOURS["BILLING"]}"') >= 20


def test_a_day_without_conversations_breaks_the_line() -> None:
    days = tuple(
        DaySentiment(day=sample.FIRST + timedelta(days=n), average=-0.1 * n, conversations=4 + 4 * n)
        for n in (0, 1, 5)
    )
    chart = sentiment_chart(sample.report(sentiment_days=days))
    spec = charts.draw(chart)
    rows = (
        next(values for values in spec["datasets"].values() if len(values) > 1)
        if "datasets" in spec
        else (spec["layer"][1]["data"]["values"])
    )
    assert len(rows) == 30
    assert [row["average"] is None for row in rows[:6]] == [False, False, True, True, True, False]
    assert [row.get("alone") for row in rows[:6]] == [False, False, None, None, None, True]
    assert rows[0]["few"]
    assert not rows[5]["few"]
    assert rows[0]["day"].startswith("2026-10-26T12:00")
    assert "NaN" not in drawn(chart)


@pytest.mark.parametrize("days", [1, 2, 200, 1500])
def test_any_length_of_window_can_be_drawn(days: int) -> None:
    start = sample.NOW - timedelta(days=days)
    window = Window(start=start, end=sample.NOW)
    rows = tuple(
        DaySentiment(day=start.date() + timedelta(days=n), average=0.1, conversations=3) for n in range(0, days, 3)
    )
    report = sample.report(window=window, sentiment_days=rows)
    for chart in (sentiment_chart(report), issue_chart(report)):
        text = drawn(chart)
        assert "NaN" not in text
        assert text.endswith("</svg>")


def test_unknown_issue_types_are_drawn_grey() -> None:
    rows = (sample.issue_days()[0].model_copy(update={"issue_type": "MY_OWN"}),)
    text = drawn(issue_chart(sample.report(issue_days=rows, sentiment_days=())))
    assert "My own" in text
    assert charts.COLOURS["OTHER"] in text


def test_a_picture() -> None:
    picture = charts.png(charts.draw(CHARTS[0]), scale=1)
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 5000
