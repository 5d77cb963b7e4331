"""Opening a file of JSON, whatever way it is laid out, and reading its objects one after the other."""

import gzip
import io
import json
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple, cast

from earshot.connectors.lenient import Json, is_object
from earshot.connectors.scan import Piece, Scanner
from earshot.errors import BadInput
from earshot.text.clean import one_line

LONGEST = 64 * 1024 * 1024
"""The longest object that is read, in bytes; real conversations are a thousand times smaller."""

_CHUNK = 1 << 16
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_GZIP = b"\x1f\x8b"


class Entry(NamedTuple):
    """One object of a file: the line it begins on, its bytes and its JSON; or the problem with it."""

    line: int
    raw: bytes
    data: Json
    problem: str | None = None


def entries(path: Path, *, longest: int = LONGEST) -> Iterator[Entry]:
    """The objects of a file in order: JSON lines, one array, or one object over many lines; gzipped or not."""
    line = 0
    with opened(path) as stream:
        try:
            for piece in _pieces(stream, path, longest=longest):
                line = piece.line
                yield _parsed(piece)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            reason = "the gzip file is damaged or cut off after this line; what comes later is missing"
            yield Entry(line, b"", {}, f"{reason} ({type(error).__name__})")


@contextmanager
def opened(path: Path) -> Generator[io.BufferedReader]:
    """The file's bytes, unpacked where it is gzipped."""
    try:
        file = path.open("rb")
        gzipped = file.peek(2)[:2] == _GZIP
    except OSError as error:
        raise BadInput(
            f"{path} cannot be opened ({error.strerror}).", hint="Check the name and that you may read it."
        ) from error
    with file:
        if gzipped:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield io.BufferedReader(cast("io.RawIOBase", unpacked))
        else:
            yield file


def _pieces(stream: io.BufferedReader, path: Path, *, longest: int) -> Iterator[Piece]:
    start = stream.peek(_CHUNK)
    if start.startswith(_UTF16_MARKS):
        raise BadInput(f"{path} is UTF-16 text.", hint="Save it as UTF-8 and import it again.")
    if start.startswith(_UTF8_MARK):
        start = start[len(_UTF8_MARK) :]
        stream.read(len(_UTF8_MARK))
    if start.lstrip()[:1] == b"[":
        return _scanned(iter(lambda: stream.read(_CHUNK), b""), base=1, longest=longest)
    lines = (piece for piece in _lines(stream, longest=longest) if piece.problem or piece.raw.strip())
    head = list(islice(lines, 2))
    if _spreads_over_lines(head):
        chunks = chain((piece.raw for piece in head), iter(lambda: stream.read(_CHUNK), b""))
        return _scanned(chunks, base=0, longest=longest)
    return chain(head, lines)


def _lines(stream: io.BufferedReader, *, longest: int) -> Iterator[Piece]:
    number = 0
    while line := stream.readline(longest + 1):
        number += 1
        if len(line) <= longest:
            yield Piece(number, line)
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(longest)
        yield Piece(number, b"", f"longer than {longest:,} bytes")


def _scanned(chunks: Iterator[bytes], *, base: int, longest: int) -> Iterator[Piece]:
    scanner = Scanner(base=base, longest=longest)
    for chunk in chunks:
        yield from scanner.feed(chunk)
    yield from scanner.end()


def _spreads_over_lines(head: list[Piece]) -> bool:
    """Whether the file is one object printed over many lines: the second line goes on where the first stopped."""
    if len(head) < 2 or not head[0].raw.lstrip().startswith(b"{"):
        return False
    return _json(head[0].raw) is None and head[1].raw.lstrip()[:1] == b'"'


def _parsed(piece: Piece) -> Entry:
    if piece.problem is not None:
        return Entry(piece.line, b"", {}, piece.problem)
    raw = piece.raw.strip()
    try:
        data: Any = json.loads(raw.decode())
    except UnicodeDecodeError as error:
        return Entry(piece.line, b"", {}, f"not UTF-8 (byte {error.start + 1} of the entry)")
    except json.JSONDecodeError as error:
        return Entry(piece.line, b"", {}, f"not JSON: {one_line(error.msg, limit=80)} (character {error.pos + 1})")
    except (ValueError, RecursionError) as error:
        return Entry(piece.line, b"", {}, f"not JSON that can be read ({type(error).__name__})")
    if not is_object(data):
        return Entry(piece.line, b"", {}, "not a JSON object")
    return Entry(piece.line, raw, data)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
