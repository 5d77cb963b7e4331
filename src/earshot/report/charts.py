"""The charts as Vega-Lite: one definition each, drawn as SVG for pages and as PNG for mail and README.

The only module that imports Altair. Altair is loosely typed; the casts here keep that inside this file.
"""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import altair as alt
import vl_convert

from earshot.report import words
from earshot.report.views import Chart

FONT: Final = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
INK: Final = "#57606a"
GRID: Final = "#e4e7ea"
PAPER: Final = "#fefefe"
LINE: Final = "#0b6e6e"
ZERO: Final = "#9aa4ad"
WHOLE: Final = "datum.value % 1 ? '' : format(datum.value, ',.0f')"
"""Labels of an axis that counts: nothing beside a tick that lies between two numbers."""
COLOURS: Final[Mapping[str, str]] = {
    "PRODUCT_BUG": "#c2412d",
    "ACCOUNT_ACCESS": "#dd8f24",
    "BILLING": "#7c5bb8",
    "FEATURE_REQUEST": "#2f6fc4",
    "UX_FRICTION": "#2a9d8f",
    "USAGE_QUESTION": "#8ba0b6",
    "OTHER": "#c5ccd3",
}
"""One colour per issue type, always the same; extra types take the last."""
DARK: Final[Mapping[str, str]] = {
    INK: "#a9b4be",
    GRID: "#2b3238",
    PAPER: "#171b1f",
    LINE: "#4fc3bd",
    ZERO: "#6b757e",
    "#c2412d": "#e5695a",
    "#dd8f24": "#e8a94e",
    "#7c5bb8": "#a78bda",
    "#2f6fc4": "#6aa3ea",
    "#2a9d8f": "#45bfae",
    "#8ba0b6": "#8497aa",
    "#c5ccd3": "#58636d",
}
"""What each colour of a chart becomes on a dark page."""
WIDE, NARROW = 700, 330
FEW = 5
"""Points that rest on fewer conversations are hollow."""
_FORMATS: Final[Mapping[str, str]] = {"day": "%-d %b", "week": "%-d %b", "month": "%b %Y"}
CONFIG: Final[Mapping[str, Any]] = {
    "aria": False,
    "background": "transparent",
    "font": FONT,
    "padding": 2,
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "gridColor": GRID,
        "labelColor": INK,
        "labelFontSize": 12,
        "labelPadding": 6,
    },
    "legend": {
        "labelColor": INK,
        "labelFontSize": 12,
        "symbolSize": 90,
        "columnPadding": 14,
        "rowPadding": 4,
        "offset": 8,
    },
}
Drawing = dict[str, Any]
"""A chart as a Vega-Lite specification."""


def draw(chart: Chart, *, width: int = WIDE) -> Drawing:
    """The chart of a view, `width` pixels wide in all."""
    drawn = _sentiment(chart, width=width) if chart.points else _issues(chart, width=width)
    spec: Drawing = drawn.properties(width=width, height=230).to_dict()
    return spec | {"autosize": {"type": "fit-x", "contains": "padding"}, "config": dict(CONFIG)}


def svg(drawing: Drawing, *, label: str, ident: str) -> str:
    """The chart as an inline SVG that scales, with `label` as its text for those who cannot see it."""
    text = vl_convert.vegalite_to_svg(_text(drawing))
    head, _, body = text.partition(">")
    box = re.search(r'viewBox="[-0-9. ]+"', head)
    width = re.search(r' width="([0-9.]+)"', head)
    if box is None or width is None:
        raise ValueError("the chart renderer returned no SVG")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box[0]} width="{width[1]}" role="img" '
        f'aria-labelledby="{_attribute(ident)}"><title id="{_attribute(ident)}">{_attribute(label)}</title>{body}'
    )


def png(drawing: Drawing, *, scale: float = 2.0) -> bytes:
    """The chart as a PNG picture."""
    return vl_convert.vegalite_to_png(_text(drawing), scale=scale)


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _text(drawing: Drawing) -> str:
    return json.dumps(drawing, sort_keys=True)


def _stamp(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _after(day: date, step: str) -> date:
    if step == "month":
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if step == "week" else 1)


def _middle(day: date, step: str) -> str:
    start = datetime(day.year, day.month, day.day)  # noqa: DTZ001 (a local day, drawn on a scale without zones)
    return f"{(start + (_after(day, step) - day) / 2).isoformat()}Z"


def _time(chart: Chart, field: str, *, width: int) -> alt.X:
    end = _after(chart.last, chart.step)
    step = (width - 40) * (_after(chart.first, chart.step) - chart.first) / (end - chart.first)
    axis = alt.Axis(
        format=_FORMATS[chart.step],
        grid=False,
        tickCount=max(2, width // 90),
        labelOverlap=True,
        labelOffset=round(step / 2),
        title=None,
    )
    return alt.X(field, axis=axis, scale=alt.Scale(type="utc", domain=[_stamp(chart.first), _stamp(end)]))


def _issues(chart: Chart, *, width: int) -> alt.Chart:
    kinds = words.in_order({bar.kind for bar in chart.bars})
    names = [words.issue_types(kind) for kind in kinds]
    rows = [
        {
            "day": _stamp(b.day),
            "end": _stamp(_after(b.day, chart.step)),
            "kind": words.issue_types(b.kind),
            "n": b.conversations,
            "order": kinds.index(b.kind),
        }
        for b in chart.bars
    ]
    colours = [COLOURS.get(kind, COLOURS["OTHER"]) for kind in kinds]
    columns = 7 if width >= WIDE else 2
    gap = 2.5 if width >= WIDE else 1
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(orient="vertical", stroke=PAPER, strokeWidth=0.7, x2Offset=-gap)
        .encode(
            x=_time(chart, "day:T", width=width),
            x2="end:T",
            y=alt.Y("n:Q", stack="zero", title=None, axis=alt.Axis(labelExpr=WHOLE, tickCount=5)),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=names, range=colours),
                legend=alt.Legend(title=None, orient="top", columns=columns, symbolType="square"),
            ),
            order=alt.Order("order:Q"),
        )
    )


def _sentiment(chart: Chart, *, width: int) -> alt.LayerChart | alt.FacetChart:
    base = alt.Chart(alt.Data(values=_marks(chart))).encode(x=_time(chart, "day:T", width=width))
    scale = alt.Scale(domain=[-1, 1])
    label = "datum.value == 0 ? '0' : format(datum.value, '+.1f')"
    axis = alt.Axis(values=[-1, -0.5, 0, 0.5, 1], labelExpr=label, title=None)
    average, low = alt.Y("average:Q", scale=scale, axis=axis), alt.Y("low:Q", scale=scale)
    zero = alt.Chart(alt.Data(values=[{"y": 0}])).mark_rule(stroke=ZERO, strokeWidth=1).encode(y="y:Q")
    band = base.mark_area(fill=LINE, fillOpacity=0.16).encode(y=low, y2="high:Q")
    alone = base.transform_filter("datum.alone").mark_rule(stroke=LINE, strokeWidth=5, strokeOpacity=0.16)
    line = base.mark_line(stroke=LINE, strokeWidth=2).encode(y=average)
    fill = alt.condition("datum.few", alt.value(PAPER), alt.value(LINE))
    dots = base.transform_filter("isValid(datum.average)").mark_point(
        size=26, stroke=LINE, strokeWidth=1.5, opacity=1
    )
    return alt.layer(zero, band, alone.encode(y=low, y2="high:Q"), line, dots.encode(y=average, fill=fill))


def _marks(chart: Chart) -> list[dict[str, Any]]:
    """One row per span of days; spans without conversations are empty, so that line and band break there."""
    held = {point.day: point for point in chart.points}
    rows: list[dict[str, Any]] = []
    day = chart.first
    while day <= chart.last:
        after, point = _after(day, chart.step), held.get(day)
        row: dict[str, Any] = {"day": _middle(day, chart.step), "average": None, "low": None, "high": None}
        if point:
            alone = rows[-1]["average"] is None if rows else True
            row |= {"average": point.average, "low": point.low, "high": point.high}
            row |= {"few": point.conversations < FEW, "alone": alone and after not in held}
        rows.append(row)
        day = after
    return rows
