"""Files of a backlog elsewhere: CSV as Jira, Linear, Productboard or a person writes it, or JSON.

Good rows are taken, bad ones are yielded as `BadEntry` with line and column, and nothing is passed over in silence.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from earshot.connectors.backlog_fields import (
    FILE,
    JIRA,
    LINEAR,
    LONGEST_DESCRIPTION,
    PRODUCTBOARD,
    Fields,
    Remark,
    shown,
    to_item,
    too_long,
)
from earshot.connectors.backlog_json import fields_of, items_of, source_of
from earshot.connectors.backlog_table import DAMAGE, Encoding, Record, find_encoding, records
from earshot.connectors.entries import entries, opened
from earshot.domain.backlog import ExistingItem
from earshot.errors import BadInput
from earshot.ports.source import BadEntry

Found = ExistingItem | BadEntry | Remark

_COLUMNS: dict[str, tuple[str, ...]] = {
    "title": ("summary", "title", "feature name", "name", "feature", "subject", "issue"),
    "key": ("issue key", "key", "identifier", "id", "feature id", "issue id", "item id", "uuid", "number"),
    "description": ("description", "feature description", "body", "details", "content"),
    "issue_type": ("issue type", "issuetype", "type", "kind", "feature type"),
    "status": ("status", "state", "feature status", "workflow state"),
    "url": ("url", "link", "permalink", "issue url", "html url", "feature url"),
    "labels": ("labels", "label", "tags", "tag"),
    "updated": ("updated", "updated at", "last updated", "last updated at", "updated date", "modified"),
}
"""The columns each field may stand in, the best first; compared without case, spaces for underscores."""
_NO_TEXT = (
    (b"PK\x03\x04", "a spreadsheet or an archive", "Save the sheet as CSV (UTF-8) and import that."),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet", "Save the sheet as CSV (UTF-8) and import that."),
    (b"%PDF", "a PDF", "Export the backlog as CSV or JSON."),
    (b"<", "HTML or XML", "Export the backlog as CSV or JSON."),
)


def read_backlog(path: Path, *, source: str | None = None, encoding: str | None = None) -> Iterator[Found]:
    """The items of a file in its order. `source` None: told by the file's form; `encoding` None: found out.

    Of items with the same key the first counts, the others are reported. Raises BadInput when the file cannot be
    read at all, or when it has no column for the title.
    """
    head = _head(path)
    for begins, what, hint in _NO_TEXT:
        if head.startswith(begins):
            raise BadInput(f"{path} is {what}.", hint=hint)
    found = _objects(path, source) if head[:1] in {b"{", b"["} else _rows(path, source, encoding=encoding)
    yield from _distinct(found)


def _head(path: Path) -> bytes:
    with opened(path) as stream:
        try:
            return stream.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n")
        except DAMAGE as error:
            raise BadInput(f"{path} is damaged or cut off ({type(error).__name__}).") from None


def _distinct(found: Iterator[tuple[int, ExistingItem] | BadEntry | Remark]) -> Iterator[Found]:
    lines: dict[str, int] = {}
    for one in found:
        if not isinstance(one, tuple):
            yield one
            continue
        line, item = one
        if item.id in lines:
            reason = f"{shown(item.key)} stands on line {lines[item.id]} already; the first one counts"
            yield BadEntry(line=line, reason=reason)
        else:
            lines[item.id] = line
            yield item


def _objects(path: Path, source: str | None) -> Iterator[tuple[int, ExistingItem] | BadEntry | Remark]:
    for entry in entries(path):
        if entry.problem is not None:
            yield BadEntry(line=entry.line, reason=entry.problem)
            continue
        wrapped = list(items_of(entry.data))
        for number, data in enumerate(wrapped, 1):
            where = f"item {number} of the list: " if len(wrapped) > 1 else ""
            yield from _made(fields_of(data), entry.line, source=source or source_of(data), where=where)


def _rows(
    path: Path, source: str | None, *, encoding: str | None
) -> Iterator[tuple[int, ExistingItem] | BadEntry | Remark]:
    found = Encoding(encoding, guessed=False) if encoding else find_encoding(path)
    rows = _records(path, found.name)
    head = next(rows, None)
    if head is None:
        raise BadInput(f"{path} is empty.")
    if head.problem:
        raise BadInput(f"{path}, line {head.line}: the row of column names cannot be read ({head.problem}).")
    columns = Columns(head.cells)
    if found.guessed:
        yield Remark(text="The file is not UTF-8; it was read as Windows-1252. Name another with --encoding.")
    if columns.key is None:
        yield Remark(text="There is no column with a key; each item is known by its title.")
    yield from _all(rows, columns, source=source or columns.source)


def _all(
    rows: Iterator[Record], columns: "Columns", *, source: str
) -> Iterator[tuple[int, ExistingItem] | BadEntry | Remark]:
    broken = False
    for record in rows:
        problem = record.problem or columns.problem(record.cells, strict=broken)
        broken = broken or record.problem is not None
        if problem:
            yield BadEntry(line=record.line, reason=problem)
        else:
            yield from _made(columns.fields(record.cells), record.line, source=source)


def _records(path: Path, encoding: str) -> Iterator[Record]:
    try:
        yield from records(path, encoding)
    except LookupError:
        raise BadInput(
            f"There is no encoding {encoding!r}.", hint="Usual ones: utf-8, utf-16, cp1252, latin-1."
        ) from None


def _made(
    fields: Fields, line: int, *, source: str, where: str = ""
) -> Iterator[tuple[int, ExistingItem] | BadEntry | Remark]:
    try:
        yield line, to_item(fields, source=source)
    except BadInput as error:
        yield BadEntry(line=line, reason=f"{where}{error}")
        return
    if too_long(fields):
        yield Remark(
            text=f"line {line}: the description is longer than {LONGEST_DESCRIPTION:,} characters; cut there."
        )


class Columns:
    """Which column of a table holds what."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._plain = [" ".join(name.replace("_", " ").split()).casefold() for name in names]
        self._at = {field: self._places(options) for field, options in _COLUMNS.items()}
        if not self._at["title"]:
            seen = ", ".join(shown(name) for name in self._names[:30] if name.strip())
            raise BadInput(
                f"No column holds the title (Summary, Title or Name). The columns are: {seen or 'none'}.",
                hint="The first row must name the columns.",
            )

    @property
    def key(self) -> int | None:
        """The column of the key."""
        return next(iter(self._at["key"]), None)

    @property
    def source(self) -> str:
        """Whose export has such columns."""
        names = set(self._plain)
        if "issue key" in names:
            return JIRA
        if {"id", "team", "title"} <= names:
            return LINEAR
        return PRODUCTBOARD if "feature name" in names or "feature" in names else FILE

    def problem(self, cells: Sequence[str], *, strict: bool) -> str | None:
        """What is wrong with a row's shape. After a broken row (`strict`) a short one may be a piece of it."""
        wanted = len(self._names)
        extra = any(cell.strip() for cell in cells[wanted:])
        needed = wanted if strict else max(self._at["title"][0], self.key or 0) + 1
        if not extra and len(cells) >= needed:
            return None
        return f"{len(cells)} cells where there are {wanted} columns: a separator or quotation mark is amiss"

    def fields(self, cells: Sequence[str]) -> Fields:
        """A row's fields."""
        return Fields(
            title=self._cell("title", cells),
            key=self._cell("key", cells),
            keyed=self.key is not None,
            description=self._cell("description", cells),
            issue_type=self._cell("issue_type", cells),
            status=self._cell("status", cells),
            url=self._cell("url", cells),
            labels=[cells[at] for at in self._at["labels"] if at < len(cells)],
            updated=self._cell("updated", cells),
            title_name=self._names[self._at["title"][0]],
            key_name=self._names[self.key or 0],
        )

    def _cell(self, field: str, cells: Sequence[str]) -> str | None:
        at = next(iter(self._at[field]), None)
        return cells[at] if at is not None and at < len(cells) else None

    def _places(self, options: Sequence[str]) -> list[int]:
        """Every place of the best name there is: Jira repeats a column for each of several labels."""
        best = next((name for name in options if name in self._plain), None)
        return [at for at, name in enumerate(self._plain) if name == best]
