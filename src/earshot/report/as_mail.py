"""The report as a mail's HTML: tables, inline styles, pictures by `cid:`, short enough for Gmail to show whole."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from earshot.domain.letter import Picture
from earshot.domain.report import Report
from earshot.report import charts
from earshot.report.sections import page
from earshot.report.templating import TEMPLATES
from earshot.report.views import Block, Chart, Page, Section, Table, Tasks, ThemeItem, Themes, Voices

MOST_BYTES: Final = 98_000
"""Gmail cuts HTML off at some 102 kB."""
_WIDTH: Final = 600
_LENGTHS: Final = (10, 7, 5, 3, 1)
"""How many entries lists show; a mail that is too long is written again with shorter ones."""
_LEFT_OUT: Final = frozenset({"how"})


def to_mail(report: Report, *, charts: bool = True) -> str:
    """The whole mail; lists are as long as fits. Without `charts` no picture is named."""
    shown = page(report)
    text = ""
    for most in _LENGTHS:
        text = TEMPLATES.get_template("mail.html.j2").render(
            page=_shortened(shown, most), kind=_kind, name=name_of, charts=charts
        )
        if len(text.encode()) <= MOST_BYTES:
            break
    return text


def pictures(report: Report) -> tuple[Picture, ...]:
    """The charts of the report as PNG, at twice the size, on white: readable in a dark mail too."""
    drawn = [block for section in page(report).sections for block in section.blocks if isinstance(block, Chart)]
    return tuple(
        Picture(
            name=name_of(chart),
            label=f"{chart.title}. {chart.description}",
            body=charts.png(_on_white(charts.draw(chart, width=_WIDTH))),
        )
        for chart in drawn
    )


def name_of(chart: Chart) -> str:
    """The picture's name, by which the HTML shows it."""
    return f"{chart.id}.png"


def _on_white(drawing: Mapping[str, object]) -> charts.Drawing:
    config = drawing["config"]
    return {**drawing, "config": {**(config if isinstance(config, dict) else {}), "background": "#ffffff"}}


def _kind(block: Block) -> str:
    return type(block).__name__


def _shortened(shown: Page, most: int) -> Page:
    sections = tuple(_section(one, most) for one in shown.sections if one.id not in _LEFT_OUT)
    return replace(shown, sections=sections)


def _section(section: Section, most: int) -> Section:
    return replace(section, blocks=tuple(_block(block, most) for block in section.blocks))


def _block(block: Block, most: int) -> Block:
    match block:
        case Themes(items=items):
            return replace(block, items=tuple(_theme(item, most) for item in items[:most]))
        case Voices(items=items):
            return replace(block, items=items[:most])
        case Tasks(items=items):
            return replace(block, items=items[: min(most, 5)])
        case Table(rows=rows, folded=False):
            return replace(block, rows=rows[: max(most, 3)])
        case _:
            return block


def _theme(item: ThemeItem, most: int) -> ThemeItem:
    return replace(item, quotes=item.quotes[: 2 if most > 5 else 1], more=())
