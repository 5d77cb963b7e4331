"""A result as titled tables with a line of explanation, for the terminal and as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from earshot.audit.chance import Figure
from earshot.cli.console import out, print_table
from earshot.text.escape import for_markdown

Cell = str | int | float | None


@dataclass(frozen=True)
class Sheet:
    """One table; without rows only its title and note are shown."""

    title: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    note: str = ""


def show(sheets: Sequence[Sheet]) -> None:
    """Print all tables."""
    for place, sheet in enumerate(sheets):
        if place:
            out.print()
        out.print(sheet.title, markup=False, style="bold")
        if sheet.rows:
            print_table(sheet.columns, sheet.rows)
        if sheet.note:
            out.print(sheet.note, markup=False, soft_wrap=True)


def to_markdown(sheets: Sequence[Sheet]) -> str:
    """All tables as one Markdown document; every cell is plain text in it."""
    return "\n".join(line for sheet in sheets for line in _lines(sheet))


def figure(value: Figure | None) -> str | None:
    """A figure with its interval: .767 (.704 to .820)."""
    if value is None or value.value is None:
        return None
    return f"{_short(value.value)} ({_short(value.low or 0.0)} to {_short(value.high or 0.0)})"


def points(value: Figure) -> str:
    """A difference in points: +6.2 (2.1 to 10.3)."""
    return " ".join(
        (f"{100 * (value.value or 0):+.1f}", f"({100 * (value.low or 0):.1f} to {100 * (value.high or 0):.1f})")
    )


def spoken(name: str) -> str:
    """A field's name as people say it."""
    return name.replace("_", " ")


def _short(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.2f}"


def _lines(sheet: Sheet) -> list[str]:
    lines = [f"## {for_markdown(sheet.title)}", ""]
    if sheet.rows:
        lines += [_row(sheet.columns), _row(["---"] * len(sheet.columns), plain=True)]
        lines += [*(_row(row) for row in sheet.rows), ""]
    if sheet.note:
        lines += [*(for_markdown(line) for line in sheet.note.splitlines()), ""]
    return lines


def _row(cells: Sequence[Cell], *, plain: bool = False) -> str:
    told = ["–" if cell is None else f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells]
    return "| " + " | ".join(told if plain else map(for_markdown, told)) + " |"
