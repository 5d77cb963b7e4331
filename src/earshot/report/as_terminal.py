"""The report as a compact summary in the terminal."""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from earshot.domain.report import Report
from earshot.report.sections import page
from earshot.report.views import (
    Block,
    Bullets,
    Facts,
    KeyFigures,
    Page,
    Paragraph,
    Section,
    Table,
    Themes,
    Tone,
    Voices,
)
from earshot.text.escape import clip, for_terminal

THEMES, VOICES, GAPS = 5, 5, 10
BAR = 16
_STYLES = {
    Tone.PLAIN: "",
    Tone.MARK: "cyan",
    Tone.GOOD: "green",
    Tone.WARN: "yellow",
    Tone.BAD: "bold red",
}


def to_terminal(report: Report, *, full_report: str | None = None) -> RenderableType:
    """Headline, key numbers, top themes, critical conversations and gaps; where the full report lies."""
    shown = page(report)
    parts: list[RenderableType] = [*_head(shown)]
    for section in shown.sections:
        if section.brief:
            parts += _section(section)
    if full_report:
        parts.append(_text("Full report: ", style="dim").append(for_terminal(full_report), style="not dim bold"))
    return Group(*parts)


def _text(text: str = "", *, style: str = "") -> Text:
    """Text that wraps even where the console was told not to."""
    return Text(text, style=style, no_wrap=False, overflow="fold")


def _head(shown: Page) -> list[RenderableType]:
    parts: list[RenderableType] = [
        _text(f"{for_terminal(shown.workspace)} · {shown.span} · {shown.timezone}", style="dim"),
        _text(for_terminal(shown.headline.sentence), style="bold"),
    ]
    parts += [_text(f"→ {for_terminal(text)}") for text in shown.headline.also]
    parts += [_paragraph(warning) for warning in shown.warnings]
    return [*parts, _text()]


def _section(section: Section) -> list[RenderableType]:
    shown = [part for block in section.blocks for part in _block(block)]
    if not shown:
        return []
    return [_text(section.title, style="bold cyan"), Padding(Group(*shown), (0, 0, 1, 2))]


def _block(block: Block) -> list[RenderableType]:
    match block:
        case Paragraph():
            return [_paragraph(block)]
        case Bullets(items=items):
            return [_text(f"• {for_terminal(item)}") for item in items]
        case KeyFigures():
            return [_figures(block)]
        case Themes():
            return [_themes(block)]
        case Voices():
            return _voices(block)
        case Facts():
            return [_facts(block)]
        case Table(folded=False):
            return _gaps(block)
        case _:
            return []


def _paragraph(block: Paragraph) -> Text:
    text = _text(for_terminal(block.text), style=_STYLES[block.tone])
    return text.append(f" {block.command}", style="bold") if block.command else text


def _facts(block: Facts) -> Text:
    shown = (f"{clip(fact.term, 40).lower()} {for_terminal(fact.value)}" for fact in block.items)
    return _text(", ".join(shown), style="dim")


def _grid() -> Grid:
    return Grid.grid(padding=(0, 2, 0, 0))


def _figures(block: KeyFigures) -> Grid:
    grid = _grid()
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(style="dim")
    for figure in block.items:
        change = _text(figure.change, style=_STYLES[figure.change_tone])
        grid.add_row(_text(figure.label), _text(figure.value, style="bold"), change, _text(figure.certainty[-1]))
    return grid


def _themes(block: Themes) -> Grid:
    grid = _grid()
    grid.add_column(justify="right", style="dim", no_wrap=True)
    grid.add_column()
    grid.add_column(no_wrap=True, width=BAR)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(no_wrap=True)
    for item in block.items[:THEMES]:
        title = _text(clip(item.title, 80))
        bar = _text("█" * max(1, round(item.bar * BAR)), style="cyan")
        change = _text(item.change, style=_STYLES[item.change_tone])
        grid.add_row(_text(str(item.rank)), title, bar, _text(item.conversations, style="bold"), change)
    return grid


def _voices(block: Voices) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for voice in block.items[:VOICES]:
        line = _text("• ", style="bold red")
        line.append(for_terminal(voice.summary), style="default not bold")
        line.append(f"  {for_terminal(voice.who)} · {for_terminal(voice.link.text)}", style="dim not bold")
        lines.append(line)
    rest = len(block.items) - VOICES
    return [*lines, _text(f"and {rest} more in the full report", style="dim")] if rest > 0 else lines


def _gaps(block: Table) -> list[RenderableType]:
    rows: list[RenderableType] = [
        _text(f"• {': '.join(for_terminal(cell.text) for cell in row)}", style="red") for row in block.rows[:GAPS]
    ]
    rest = len(block.rows) - GAPS
    return [*rows, _text(f"and {rest} more in the full report", style="dim")] if rest > 0 else rows
