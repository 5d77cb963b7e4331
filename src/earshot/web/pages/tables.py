"""Tables as files: every table of a page is also there as CSV, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, date, datetime

from starlette.responses import StreamingResponse

from earshot.text.escape import for_csv

MOST_ROWS = 100_000
"""Rows of one file at most; exports of everything are `earshot export`."""


def as_csv(name: str, columns: Sequence[str], rows: AsyncIterator[Iterable[Sequence[object]]]) -> StreamingResponse:
    """A download of rows that come in pages. `name` is the file's, without its ending."""
    headers = {"Content-Disposition": f'attachment; filename="earshot-{name}.csv"'}
    return StreamingResponse(_lines(columns, rows), media_type="text/csv; charset=utf-8", headers=headers)


async def at_once(rows: Iterable[Sequence[object]]) -> AsyncIterator[Iterable[Sequence[object]]]:
    """Rows that are there already, for `as_csv`."""
    yield rows


async def _lines(columns: Sequence[str], rows: AsyncIterator[Iterable[Sequence[object]]]) -> AsyncIterator[str]:
    yield _text([[_cell(head) for head in columns]])
    written = 0
    async for page in rows:
        lines = [[_cell(value) for value in row] for row in page][: MOST_ROWS - written]
        written += len(lines)
        yield _text(lines)
        if written >= MOST_ROWS:
            return


def _text(lines: Iterable[Sequence[object]]) -> str:
    file = io.StringIO()
    csv.writer(file).writerows(lines)
    return file.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bool | date):
        return str(value)
    return value if isinstance(value, int | float) else for_csv(str(value))
