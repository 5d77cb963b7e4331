"""The report as one HTML file: no script, no request, readable on a phone, in the dark and on paper."""

from earshot.domain.report import Report
from earshot.report import charts
from earshot.report.sections import page
from earshot.report.templating import TEMPLATES
from earshot.report.views import Block, Chart


def to_html(report: Report) -> str:
    """The whole report as a self-contained page."""
    return TEMPLATES.get_template("report.html.j2").render(
        page=page(report),
        kind=_kind,
        drawings=_drawings,
        colours=charts.COLOURS,
        dark=charts.DARK,
        style=_source("report.css"),
    )


def _source(name: str) -> str:
    loader = TEMPLATES.loader
    if loader is None:
        raise LookupError(name)
    return loader.get_source(TEMPLATES, name)[0]


def _kind(block: Block) -> str:
    return type(block).__name__


def _drawings(chart: Chart) -> tuple[tuple[str, str], ...]:
    """The chart for wide and for narrow screens; the style sheet shows one of them."""
    label = f"{chart.title}. {chart.description}"
    return tuple(
        (name, charts.svg(charts.draw(chart, width=width), label=label, ident=f"{chart.id}-{name}"))
        for name, width in (("wide", charts.WIDE), ("narrow", charts.NARROW))
    )
