"""Charts on pages: the picture for each screen, the numbers beside it with their links, and what is refused."""

from datetime import date
from xml.etree import ElementTree as ET

import pytest

from earshot.report.plots import Level, Mark, Plot, Series, Shape, Unit
from earshot.web.pages import drawing
from tests.pages.conftest import Tab
from tests.pages.sites import Open

BAD = '<script>alert(1)</script>"\x1b[31m'
SERIES = (
    Series(name="PRODUCT_BUG", title="Product bugs", tone="PRODUCT_BUG"),
    Series(name="x", title=BAD, tone="soft"),
)


def _plot(shape: Shape) -> Plot:
    marks = [
        Mark(
            at=date(2026, 11, day) if shape in {Shape.BARS, Shape.AREAS, Shape.LINES} else None,
            label="" if shape in {Shape.BARS, Shape.AREAS, Shape.LINES} else f"name {day}",
            series=one.name,
            value=(day * 7 % 11) / 11,
            low=max(0.0, (day * 7 % 11) / 11 - 0.1) if shape in {Shape.LINES, Shape.RANGES} else None,
            high=(day * 7 % 11) / 11 + 0.1 if shape in {Shape.LINES, Shape.RANGES} else None,
            n=day,
            href=f"/conversations?since=2026-11-{day:02d}",
        )
        for day in range(1, 15)
        for one in SERIES
    ]
    return Plot(
        title=f"Drawn as {shape}",
        description=BAD,
        shape=shape,
        marks=tuple(marks),
        series=SERIES,
        unit=Unit.SHARE,
        levels=(Level(value=0.8, text="target 80%"),),
    )


@pytest.mark.parametrize("shape", list(Shape))
async def test_every_shape_is_drawn_for_every_screen(here: Open, shape: Shape) -> None:
    figure = drawing.figure(_plot(shape))
    assert figure is not None
    light, dark, narrow = [
        (await here.http.get(f"/charts/{figure.key}.svg", params=parameters))
        for parameters in ({}, {"dark": "1"}, {"narrow": "1"})
    ]
    assert light.headers["content-type"] == "image/svg+xml"
    assert "script" not in {element.tag.rpartition("}")[2] for element in ET.fromstring(light.text).iter()}
    assert "#c2412d" in light.text
    assert "#e5695a" in dark.text
    assert "#c2412d" not in dark.text
    width = [float(ET.fromstring(one.text).attrib["width"]) for one in (light, narrow)]
    assert width[0] > 600
    assert width[1] < 400
    assert "target 80%" in light.text


async def test_a_chart_has_its_numbers_with_links_and_hostile_words_stay_text(here: Open) -> None:
    figure = drawing.figure(_plot(Shape.LINES))
    assert figure is not None
    page = await here.page(f"/charts/{figure.key}")
    assert "<script>alert" not in page
    assert 'href="/conversations?since=2026-11-03"' in page
    assert "90.9%" in page
    assert "80.9% to 100.9%" in page
    assert "no longer held" in await here.page("/charts/0123.svg", status=404)
    assert "no longer held" in await here.page("/charts/0123", status=404)


def test_nothing_to_show_is_no_figure_and_marks_lead_only_to_our_pages() -> None:
    empty = Plot(title="", description="", shape=Shape.LINES, marks=(Mark(at=date(2026, 1, 1), value=None),))
    assert drawing.figure(empty) is None
    for foreign in ("https://evil.example", "//evil.example", "javascript:alert(1)"):
        with pytest.raises(ValueError, match="pages of ours"):
            Mark(value=1, href=foreign)


@pytest.mark.browser
async def test_a_chart_can_be_explored_under_the_strict_policy(tab: Tab) -> None:
    for shape in Shape:
        figure = drawing.figure(_plot(shape))
        assert figure is not None
        await tab.looks(f"/charts/{figure.key}", f"chart-{shape}")
        await tab.page.wait_for_selector("#chart[data-drawn] svg")
    assert await tab.page.locator("#chart picture").count() == 0


@pytest.mark.browser
async def test_a_mark_tells_its_values_and_hostile_names_stay_words(tab: Tab) -> None:
    hostile = '<img src=x onerror="window.pwned=1"><b>bold</b>'
    marks = (Mark(label=hostile, value=0.4, n=7, href="/conversations?q=x"), Mark(label="b", value=0.2))
    plot = Plot(title="Tips", description="", shape=Shape.ROWS, marks=marks, unit=Unit.SHARE)
    figure = drawing.figure(plot)
    assert figure is not None
    said: list[tuple[str, str]] = []
    tab.page.on("console", lambda message: said.append((message.type, message.text)))
    await tab.open(f"/charts/{figure.key}")
    await tab.page.wait_for_selector("#chart[data-drawn] svg")
    assert not await tab.page.locator("#chart-tip.visible").count()
    await tab.page.locator("#chart .mark-rect path").first.hover()
    tip = tab.page.locator("#chart-tip.visible")
    await tip.wait_for()
    told = await tip.inner_text()
    assert hostile in told
    assert "40" in told
    assert await tip.locator("img, b, script").count() == 0
    assert await tab.page.evaluate("window.pwned ?? null") is None
    await tab.page.mouse.move(0, 0)
    await tip.wait_for(state="hidden")
    assert [one for one in said if one[0] == "error"] == []


@pytest.mark.browser
async def test_a_warning_in_the_console_is_no_complaint_and_an_error_is(tab: Tab) -> None:
    await tab.open("/health")
    await tab.page.evaluate("console.warn('only this')")
    assert tab.complaints == []
    await tab.page.evaluate("console.error('that')")
    assert tab.complaints == ["error: that"]
    tab.complaints.clear()


@pytest.mark.parametrize(
    ("unit", "most", "ticks"),
    [(Unit.COUNT, 1, "0 1"), (Unit.COUNT, 3, "0 1 2 3"), (Unit.RATE, 1, "0 0.2 0.4 0.6 0.8 1")],
)
async def test_an_axis_that_counts_has_whole_numbers_once(here: Open, unit: Unit, most: int, ticks: str) -> None:
    marks = tuple(Mark(at=date(2026, 11, day), value=float(day % (most + 1))) for day in range(1, 15))
    plot = Plot(title="t", description="", shape=Shape.BARS, marks=marks, unit=unit)
    figure = drawing.figure(plot)
    assert figure is not None
    answer = await here.http.get(f"/charts/{figure.key}.svg")
    texts = [one.text or "" for one in ET.fromstring(answer.text).iter() if one.tag.endswith("}text")]
    assert [text for text in texts if text and "Nov" not in text] == ticks.split()
