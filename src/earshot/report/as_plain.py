"""The report as plain text: the text part of a mail, short, every address written out once."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from earshot.domain.report import Report
from earshot.report.sections import page
from earshot.report.views import (
    Block,
    Bullets,
    Chart,
    Facts,
    KeyFigures,
    Listing,
    Page,
    Paragraph,
    Section,
    Table,
    Tasks,
    Themes,
    Voices,
)
from earshot.text.escape import one_line, visible

THEMES, VOICES, ROWS, TASKS = 5, 5, 10, 5
"""How many of each are written out; the rest stands in the app."""
_LEFT_OUT: Final = frozenset({"how"})


def to_plain(report: Report) -> str:
    """The whole report in lines of plain text; no control character of a customer's is in it."""
    shown = page(report)
    lines = [*_head(shown)]
    for section in shown.sections:
        if section.id not in _LEFT_OUT:
            lines += _section(section)
    lines += [f"Made by Earshot on {shown.generated} ({shown.timezone}). It holds customers’ words."]
    return "\n".join(visible(line) for line in lines) + "\n"


def _head(shown: Page) -> Iterator[str]:
    yield one_line(shown.headline.sentence)
    yield f"{shown.workspace}, {shown.span} ({shown.timezone})"
    yield from (f"- {one_line(text)}" for text in shown.headline.also)
    yield from (f"! {one_line(warning.text)}" for warning in shown.warnings)
    if shown.address:
        yield f"The whole report: {shown.address}"
    yield ""


def _section(section: Section) -> list[str]:
    lines = [section.title.upper()]
    for block in section.blocks:
        lines += _WRITERS[type(block)](block)
    return [*lines, ""]


def _paragraph(block: Paragraph) -> list[str]:
    return [f"{one_line(block.text)}{f' {block.command}' if block.command else ''}"]


def _bullets(block: Bullets) -> list[str]:
    return [f"- {one_line(text)}{f' {href}' if href else ''}" for text, href in block.linked]


def _figures(block: KeyFigures) -> list[str]:
    lines: list[str] = []
    for one in block.items:
        change = f" ({one.change})" if one.change else ""
        lines.append(f"- {one.label}: {one.value}{change}. {one.certainty[0]}")
        lines += [f"  {one.href}"] if one.href else []
    return lines


def _themes(block: Themes) -> list[str]:
    lines: list[str] = []
    for one in block.items[:THEMES]:
        change = f" ({one.change})" if one.change else ""
        lines.append(f"{one.rank}. {one_line(one.title)}")
        lines.append(f"   {one.counted}{change}, {one.raised_by}, MRR {one.mrr}")
        lines += [f"   “{one_line(said.text)}”" for said in one.quotes[:1]]
        lines += [f"   {one.href}"] if one.href else []
    return [*lines, *_rest(len(block.items) - THEMES)]


def _voices(block: Voices) -> list[str]:
    lines: list[str] = []
    for one in block.items[:VOICES]:
        lines.append(f"- {one_line(one.summary)} ({one_line(one.who)})")
        lines += [f"  “{one_line(one.quote)}”"] if one.quote else []
        lines += [f"  {one.link.url}"] if one.link.url else []
    return [*lines, *_rest(len(block.items) - VOICES)]


def _table(block: Table) -> list[str]:
    if block.folded:
        return []
    heads = [column.name for column in block.columns]
    lines = [
        "- " + ", ".join(f"{head}: {one_line(cell.text)}" for head, cell in zip(heads, row, strict=True))
        for row in block.rows[:ROWS]
    ]
    return [*lines, *_rest(len(block.rows) - ROWS)]


def _chart(block: Chart) -> list[str]:
    return [one_line(block.description)]


def _facts(block: Facts) -> list[str]:
    return [f"- {one_line(one.term)}: {one_line(one.value)}" for one in block.items]


def _tasks(block: Tasks) -> list[str]:
    lines = [f"- {one.what} ({one.state}): {one_line(one.why)}" for one in block.items[:TASKS]]
    return [*lines, *_rest(len(block.items) - TASKS)]


def _rest(more: int) -> list[str]:
    return [f"  and {more} more"] if more > 0 else []


def _listing(_: Listing) -> list[str]:
    return []


_WRITERS: Final[dict[type[Block], Callable[[Any], list[str]]]] = {
    Paragraph: _paragraph,
    Bullets: _bullets,
    KeyFigures: _figures,
    Themes: _themes,
    Voices: _voices,
    Table: _table,
    Chart: _chart,
    Facts: _facts,
    Tasks: _tasks,
    Listing: _listing,
}
