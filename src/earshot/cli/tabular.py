"""Writers of the export formats: JSON lines, CSV (safe in spreadsheets) and Parquet."""

import csv
import importlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, Self, TextIO

from earshot.errors import Misconfigured
from earshot.text.escape import for_csv

Row = dict[str, Any]


class Writer(Protocol):
    """Takes batches of rows."""

    def write(self, rows: Sequence[Row]) -> None:
        """Write one batch."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class _Text:
    def __init__(self, path: Path | None, *, stdout: TextIO) -> None:
        self._own = path is not None
        self._file: TextIO = path.open("w", encoding="utf-8", newline="") if path else stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.flush()
        if self._own:
            self._file.close()


class JsonLines(_Text):
    """One JSON object a line."""

    def write(self, rows: Sequence[Row]) -> None:
        """Write one batch."""
        self._file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


class Csv(_Text):
    """A header and one line a row; nested values as JSON, formulas disarmed."""

    _header: list[str] | None = None

    def write(self, rows: Sequence[Row]) -> None:
        """Write one batch."""
        writer = csv.writer(self._file)
        if self._header is None and rows:
            self._header = list(rows[0])
            writer.writerow(self._header)
        writer.writerows([_cell(row[name]) for name in self._header or ()] for row in rows)


class Parquet:
    """A Parquet file; needs the extra `earshot-insights[parquet]`."""

    def __init__(self, path: Path | None, *, stdout: TextIO) -> None:
        _ = stdout
        try:
            self._arrow: Any = importlib.import_module("pyarrow")
            self._parquet: Any = importlib.import_module("pyarrow.parquet")
        except ModuleNotFoundError:
            raise Misconfigured(
                "Parquet needs the package pyarrow.", hint="Install it: pip install 'earshot-insights[parquet]'."
            ) from None
        self._path, self._rows = path, list[Row]()

    def write(self, rows: Sequence[Row]) -> None:
        """Take one batch; the file is written at the end, with one schema."""
        self._rows += [
            {k: json.dumps(v, ensure_ascii=False) if isinstance(v, dict) else v for k, v in r.items()} for r in rows
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if exc[0] is None:
            self._parquet.write_table(self._arrow.Table.from_pylist(self._rows), self._path)


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return for_csv(value) if isinstance(value, str) else value


WRITERS: dict[str, Callable[..., Writer]] = {"jsonl": JsonLines, "csv": Csv, "parquet": Parquet}
