"""What the terminal shows: progress bars, tables, JSON."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from earshot.ports.progress import Step
from earshot.text.escape import for_terminal

PIPED_WIDTH = 160
"""Columns of a table that does not go to a terminal."""
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Bars:
    """Progress bars on standard error; plain lines where that is no terminal, nothing with `quiet`."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._progress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=err,
            disable=quiet or not err.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._progress.stop()

    def step(self, name: str, total: int | None = None) -> Step:
        """Begin a bar."""
        return _Bar(self._progress, self._progress.add_task(name, total=total), shown=not self._quiet)

    def say(self, text: str) -> None:
        """One line above the bars."""
        if not self._quiet:
            self._progress.console.print(text, markup=False)


class _Bar:
    def __init__(self, progress: Progress, task: TaskID, *, shown: bool) -> None:
        self._progress, self._task, self._shown = progress, task, shown

    def advance(self, count: int = 1) -> None:
        self._progress.advance(self._task, count)

    def expect(self, total: int | None) -> None:
        self._progress.update(self._task, total=total)

    def done(self) -> None:
        task = self._progress.tasks[self._task]
        self._progress.update(self._task, total=task.completed)
        if self._shown and not err.is_terminal:
            err.print(f"{task.description}: {task.completed:,.0f}", markup=False)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """A table; texts are cleaned of control characters, numbers stand on the right."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    filled = [list(row) for row in rows]
    for index, column in enumerate(columns):
        numeric = all(isinstance(row[index], int | float | None) for row in filled) and bool(filled)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in filled:
        table.add_row(
            *("–" if v is None else for_terminal(f"{v:,}" if isinstance(v, int) else str(v)) for v in row)
        )
    out.print(table, markup=False, soft_wrap=False)
