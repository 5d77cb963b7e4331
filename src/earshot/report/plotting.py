"""Plots as Vega-Lite definitions, for pictures and for the page on which a chart can be explored."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from earshot.report import charts
from earshot.report.charts import COLOURS, CONFIG, FEW, PAPER, WHOLE, ZERO, Drawing
from earshot.report.plots import Mark, Plot, Shape, Unit, said
from earshot.text.escape import visible

TONES: Final[Mapping[str, str]] = {
    "accent": charts.LINE,
    "second": COLOURS["FEATURE_REQUEST"],
    "third": COLOURS["BILLING"],
    "soft": COLOURS["USAGE_QUESTION"],
    "good": COLOURS["UX_FRICTION"],
    "warn": COLOURS["ACCOUNT_ACCESS"],
    "bad": COLOURS["PRODUCT_BUG"],
    **COLOURS,
}
"""What tones look like on a light page."""
FORMATS: Final[Mapping[Unit, str]] = {
    Unit.COUNT: ",.0f", Unit.RATE: ",~r", Unit.SHARE: ".0%", Unit.SCORE: "+.1f", Unit.USD: "$~g",
    Unit.SECONDS: "~g",
}  # fmt: skip
_DAYS: Final[Mapping[str, str]] = {"day": "%-d %b", "week": "%-d %b", "month": "%b %Y"}
HEIGHT, ROW = 220, 26
"""Pixels of a chart over time, and of each name of a chart over names."""
Layer = dict[str, Any]


def drawing(plot: Plot, *, width: int, live: bool = False) -> Drawing:
    """The plot, `width` pixels wide in all. `live`: as wide as its place, and marks lead to their rows."""
    layers = _over_time(plot, width=width) if plot.over_time else _over_names(plot)
    if live:
        for layer in layers:
            if "tooltip" in layer["encoding"] and any(mark.href for mark in plot.marks):
                layer["encoding"]["href"] = {"field": "href", "type": "nominal"}
    for layer in layers[1:] if plot.over_time else ():
        # the scale is shared: ends that are said twice count as a conflict
        layer["encoding"]["x"] = layer["encoding"]["x"] | {"scale": {"type": "utc"}}
    names = len({mark.label for mark in plot.marks})
    return {
        "width": "container" if live else width,
        "height": HEIGHT if plot.over_time else ROW * max(1, names),
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": _rows(plot)},
        "layer": [*layers, *_levels(plot)],
        "padding": {"left": 10, "right": 10, "top": 4, "bottom": 4},
        "config": {**CONFIG, "mark": {"aria": False}},
    }


def _rows(plot: Plot) -> list[Layer]:
    titles = {one.name: (place, visible(one.title)) for place, one in enumerate(plot.series)}
    return [_row(plot, mark, told=titles[mark.series]) for mark in plot.marks]


def _row(plot: Plot, mark: Mark, *, told: tuple[int, str]) -> Layer:
    row: Layer = {"value": mark.value, "low": mark.low, "high": mark.high, "series": told[1], "order": told[0]}
    row |= {"href": mark.href, "few": mark.n is not None and mark.n < FEW, "label": visible(mark.label)}
    row["told"] = said(mark.value, plot.unit) + ("" if mark.n is None else f" (n = {mark.n:,})")
    if mark.low is not None and mark.high is not None:
        row["told"] += f", 95%: {said(mark.low, plot.unit)} to {said(mark.high, plot.unit)}"
    if mark.at:
        end = _after(mark.at, plot.step)
        middle = datetime(mark.at.year, mark.at.month, mark.at.day) + (end - mark.at) / 2  # noqa: DTZ001 (a local day on a scale without zones)
        row |= {"day": _stamp(mark.at), "end": _stamp(end), "middle": f"{middle.isoformat()}Z"}
        row["label"] = mark.at.isoformat()
    return row


def _after(day: date, step: str) -> date:
    if step == "month":
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if step == "week" else 1)


def _stamp(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _over_time(plot: Plot, *, width: int) -> list[Layer]:
    shared = {"color": _colour(plot, columns=6 if width >= charts.WIDE else 2), "tooltip": _tip(plot)}
    value = _value(plot)
    if plot.shape is Shape.BARS:
        mark: Layer = {"type": "bar", "orient": "vertical", "stroke": PAPER, "strokeWidth": 0.7}
        across = {"x": _time(plot, "day", width=width), "x2": {"field": "end"}}
        gap = 2 if width >= charts.WIDE else 1
        order = {"field": "order", "type": "quantitative"}
        encoding = across | {"y": value | {"stack": "zero"}, "order": order} | shared
        return [{"mark": mark | {"x2Offset": -gap}, "encoding": encoding}]
    across = {"x": _time(plot, "middle", width=width)}
    if plot.shape is Shape.AREAS:
        stacked = {"y": value | {"stack": "zero"}, "order": {"field": "order", "type": "quantitative"}}
        return [{"mark": {"type": "area", "fillOpacity": 0.85}, "encoding": across | stacked | shared}]
    return _lines(plot, across=across, value=value, shared=shared)


def _lines(plot: Plot, *, across: Layer, value: Layer, shared: Layer) -> list[Layer]:
    colour = shared["color"]
    hollow = {"condition": {"test": "datum.few", "value": PAPER}} | {
        k: v for k, v in colour.items() if k != "legend"
    }
    dot: Layer = {"type": "point", "size": 28, "strokeWidth": 1.5, "opacity": 1}
    layers: list[Layer] = [
        {"mark": {"type": "line", "strokeWidth": 2}, "encoding": across | {"y": value, "color": colour}},
        {"mark": dot, "encoding": across | {"y": value, "fill": hollow | {"legend": None}} | shared,
         "transform": [{"filter": "isValid(datum.value)"}]},
    ]  # fmt: skip
    if not plot.has_intervals:
        return layers
    band = {"y": value | {"field": "low"}, "y2": {"field": "high"}, "color": colour}
    return [{"mark": {"type": "area", "fillOpacity": 0.15}, "encoding": across | band}, *layers]


def _over_names(plot: Plot) -> list[Layer]:
    names = list(dict.fromkeys(visible(mark.label) for mark in plot.marks))
    down = {"field": "label", "type": "nominal", "sort": names, "title": None,
            "axis": {"labelLimit": 190, "grid": False}}  # fmt: skip
    shared = {"color": _colour(plot, columns=4), "tooltip": _tip(plot)}
    value = _value(plot)
    rule: Layer = {
        "mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.6},
        "encoding": {"y": down, "x": value | {"field": "low"}, "x2": {"field": "high"}, "color": shared["color"]},
    }
    if plot.shape is Shape.ROWS:
        bar: Layer = {
            "mark": {"type": "bar", "height": {"band": 0.62}},
            "encoding": {"y": down, "x": value} | shared,
        }
        return [bar]
    dot = {"type": "point", "filled": True, "size": 70, "opacity": 1}
    point: Layer = {"mark": dot, "encoding": {"y": down, "x": value} | shared}
    return [rule, point]


def _levels(plot: Plot) -> list[Layer]:
    along = "y" if plot.over_time else "x"
    layers: list[Layer] = []
    for level in plot.levels:
        data = {"values": [{"at": level.value, "text": visible(level.text)}]}
        place = {along: {"field": "at", "type": "quantitative"}}
        rule = {"type": "rule", "stroke": ZERO, "strokeWidth": 1.2, "strokeDash": [5, 4]}
        words = {"type": "text", "fill": charts.INK, "fontSize": 11}
        words |= {"align": "right", "dy": -6} if along == "y" else {"align": "left", "dx": 4, "dy": 0}
        edge = {"x": {"value": "width"}} if along == "y" else {"y": {"value": 6}}
        layers += [
            {"data": data, "mark": rule, "encoding": place},
            {"data": data, "mark": words, "encoding": place | edge | {"text": {"field": "text"}}},
        ]
    return layers


def _time(plot: Plot, field: str, *, width: int) -> Layer:
    """The scale of days: each label stands under the middle of its span, and never more than there is room for."""
    days = sorted({mark.at for mark in plot.marks if mark.at}) or [date(2000, 1, 1)]
    first, end = days[0], _after(days[-1], plot.step)
    day, spans = first, list[float]()
    while day < end:
        after = _after(day, plot.step)
        middle = datetime(day.year, day.month, day.day, tzinfo=UTC) + (after - day) / 2
        spans.append(middle.timestamp() * 1000)
        day = after
    every = -(-len(spans) * (64 if plot.step == "month" else 52) // (width - 40))
    axis: Layer = {"format": _DAYS[plot.step], "grid": False, "values": spans[::every], "title": None}
    scale = {"type": "utc", "domain": [_stamp(first), _stamp(end)]}
    return {"field": field, "type": "temporal", "axis": axis, "scale": scale}


def _value(plot: Plot) -> Layer:
    axis: Layer = {"format": FORMATS[plot.unit], "title": None, "tickCount": 5}
    if plot.unit is Unit.COUNT:
        axis["labelExpr"] = WHOLE
    if plot.unit is Unit.SCORE:
        axis["labelExpr"] = "datum.value == 0 ? '0' : format(datum.value, '+.1f')"
    scale: Layer = {"zero": plot.unit is not Unit.SCORE}
    if plot.lowest is not None and plot.highest is not None:
        scale = {"domain": [plot.lowest, plot.highest]}
    return {"field": "value", "type": "quantitative", "title": None, "axis": axis, "scale": scale}


def _colour(plot: Plot, *, columns: int) -> Layer:
    names = [visible(one.title) for one in plot.series]
    colours = [TONES.get(one.tone, COLOURS["OTHER"]) for one in plot.series]
    legend = {"title": None, "orient": "top", "columns": columns, "symbolType": "square", "labelLimit": 240}
    return {"field": "series", "type": "nominal", "scale": {"domain": names, "range": colours},
            "legend": legend if len(names) > 1 else None}  # fmt: skip


def _tip(plot: Plot) -> list[Layer]:
    told = [{"field": "label", "title": plot.head or "Of"}]
    if len(plot.series) > 1:
        told.append({"field": "series", "title": "What"})
    return [{**one, "type": "nominal"} for one in [*told, {"field": "told", "title": plot.what}]]
