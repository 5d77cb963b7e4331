"""The report as Markdown (CommonMark with pipe tables): the same sections and numbers as the page."""

from collections.abc import Callable
from typing import Any, Final

from earshot.domain.report import Report
from earshot.report.sections import page
from earshot.report.views import (
    Block,
    Bullets,
    Cell,
    Chart,
    Facts,
    KeyFigures,
    Link,
    Listing,
    Paragraph,
    Said,
    Section,
    Table,
    Tasks,
    ThemeItem,
    Themes,
    Voice,
    Voices,
)
from earshot.text.escape import for_markdown as md
from earshot.text.escape import visible


def to_markdown(report: Report) -> str:
    """The whole report; every customer's word shows as itself."""
    shown = page(report)
    lines = [
        f"# {md(shown.headline.sentence)}",
        "",
        f"**{md(shown.workspace)}** · {md(shown.span)} · {md(shown.timezone)}",
        "",
        *(f"- {md(text)}" for text in shown.headline.also),
        *(("",) if shown.headline.also else ()),
    ]
    for warning in shown.warnings:
        lines += [f"> **{md(warning.text)}**", ""]
    for section in shown.sections:
        lines += _section(section)
    lines += ["---", "", f"Made by Earshot on {md(shown.generated)} ({md(shown.timezone)})."]
    return "\n".join(lines) + "\n"


def _section(section: Section) -> list[str]:
    lines = [f"## {md(section.title)}", ""]
    if section.lead:
        lines += [md(section.lead), ""]
    for block in section.blocks:
        lines += [*_WRITERS[type(block)](block), ""]
    return lines


def _paragraph(block: Paragraph) -> list[str]:
    return [md(block.text) + (f" `{block.command}`" if block.command else "")]


def _bullets(block: Bullets) -> list[str]:
    return [f"- {_to(href, text)}" for text, href in block.linked]


def _figures(block: KeyFigures) -> list[str]:
    rows = [
        (Cell(f.label), Cell(f.value, f.href), Cell(f.change or "–"), Cell(" ".join((f.meaning, *f.certainty))))
        for f in block.items
    ]
    return _grid(
        ("Figure", "Value", "Change", "What it means, how sure it is"), rows, numeric=(False, True, False, False)
    )


def _themes(block: Themes) -> list[str]:
    return [line for item in block.items for line in _theme(item)]


def _theme(item: ThemeItem) -> list[str]:
    kind = " · ".join(md(part) for part in (item.kind, item.area, item.seen) if part)
    change = f" ({md(item.change)})" if item.change else ""
    counted = [
        f"**{_to(item.rows, item.counted)}**{change}",
        md(item.raised_by),
        f"MRR {md(item.mrr)}",
        f"sentiment {md(item.sentiment)}",
        *((f"segments {md(item.segments)}",) if item.segments else ()),
    ]
    lines = [f"### {item.rank}. {_to(item.href, item.title)}", "", kind, "", " · ".join(counted), ""]
    for said in item.quotes:
        lines += [*_quote(said), ""]
    if item.more:
        lines += ["More conversations: " + ", ".join(_link(link, link.text) for link in item.more), ""]
    return lines


def _quote(said: Said) -> list[str]:
    source = " · ".join(
        part for part in (md(said.when), _link(said.link, f"Conversation {said.link.text}")) if part
    )
    return [f"> “{md(said.text)}”", ">", f"> {source}"]


def _to(href: str | None, text: str) -> str:
    return f"[{md(text)}](<{href}>)" if href else md(text)


def _link(link: Link, text: str) -> str:
    return f"[{md(text)}](<{link.url}>)" if link.url else md(text)


def _voices(block: Voices) -> list[str]:
    return [line for voice in block.items for line in _voice(voice)]


def _voice(voice: Voice) -> list[str]:
    tags = " · ".join(md(text) for text, _ in voice.tags)
    source = " · ".join(
        (md(voice.who), *(md(fact) for fact in voice.facts), _link(voice.link, f"Conversation {voice.link.text}"))
    )
    quote = (f"  > “{md(voice.quote)}”", "") if voice.quote else ()
    return [f"- **{md(voice.summary)}** ({tags})", "", *quote, f"  {source}", ""]


def _table(block: Table) -> list[str]:
    heads = tuple(column.name for column in block.columns)
    numeric = tuple(column.numeric for column in block.columns)
    return [md(block.caption) + ":", "", *_grid(heads, block.rows, numeric=numeric)]


def _chart(block: Chart) -> list[str]:
    return [md(block.description), "", *_table(block.table)]


def _facts(block: Facts) -> list[str]:
    return [
        f"- {md(f.term)}: **{_to(f.href, f.value)}**" + (f" ({md(f.note)})" if f.note else "") for f in block.items
    ]


def _tasks(block: Tasks) -> list[str]:
    lines: list[str] = []
    for task in block.items:
        about = [*((f"about {md(task.about)}",) if task.about else ()), f"rule {md(task.rule)}", md(task.when)]
        if task.link:
            about.append(_link(task.link, f"Conversation {task.link.text}"))
        lines.append(f"- **{_to(task.href, task.what)}** ({md(task.state)}): {md(task.why)} " + " · ".join(about))
    return lines


def _listing(block: Listing) -> list[str]:
    return [md(block.caption), "", *(f"    {line}" for line in visible(block.text).split("\n"))]


def _grid(heads: tuple[str, ...], rows: Any, *, numeric: tuple[bool, ...]) -> list[str]:
    rule = "|" + "|".join("---:" if right else "---" for right in numeric) + "|"
    return [_row(tuple(Cell(head) for head in heads)), rule, *(_row(row) for row in rows)]


def _row(cells: tuple[Cell, ...]) -> str:
    return "| " + " | ".join(_to(cell.href, cell.text) for cell in cells) + " |"


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
