"""The backup file: one zstd stream of records, closed by a checksum, so that a cut or changed file is noticed.

A record is a letter, a length (4 bytes, big-endian) and a body: H header (JSON), T table (JSON), D rows in
PostgreSQL's COPY text form, E end (JSON with the SHA-256 of all bytes before it).
"""

import hashlib
import json
import os
import struct
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self, cast

import zstandard

from earshot.errors import BadInput, Misconfigured

FORMAT = "earshot-backup"
VERSION = 1
_HEAD = struct.Struct(">cI")
_LARGEST = 1 << 30


class Writer:
    """Writes records; the file appears under its name only when whole."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self._digest = hashlib.sha256()

    def record(self, kind: bytes, body: bytes) -> None:
        """Append one record."""
        data = _HEAD.pack(kind, len(body)) + body
        self._digest.update(data)
        self._sink.write(data)

    def json(self, kind: bytes, content: dict[str, Any]) -> None:
        """Append one record of JSON."""
        self.record(kind, json.dumps(content).encode())

    async def rows(self, data: bytes) -> None:
        """Append rows, as the driver hands them out."""
        self.record(b"D", bytes(data))

    def end(self) -> None:
        """Append the checksum."""
        self.json(b"E", {"sha256": self._digest.hexdigest()})


@contextmanager
def written(path: Path) -> Generator[Writer]:
    """A writer onto a new file, readable by its owner only; nothing is left behind when it fails."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file, zstandard.ZstdCompressor(level=3).stream_writer(file) as sink:
            writer = Writer(sink)
            yield writer
            writer.end()
        fresh.replace(path)
    except OSError as error:
        raise Misconfigured(
            f"cannot write {path}: {error.strerror or error}", hint="choose another place, or free some space"
        ) from error
    finally:
        fresh.unlink(missing_ok=True)


class Reader:
    """Reads records in order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = hashlib.sha256()

    def __enter__(self) -> Self:
        try:
            self._file = self._path.open("rb")
        except OSError as error:
            raise BadInput(f"cannot read {self._path}: {error.strerror or error}") from error
        self._source = zstandard.ZstdDecompressor().stream_reader(self._file)
        return self

    def __exit__(self, *exc: object) -> None:
        cast("IO[bytes]", self._source).close()
        self._file.close()

    def records(self) -> Generator[tuple[bytes, bytes]]:
        """Every record before the end; BadInput when the file is cut, changed or no backup."""
        while True:
            head = self._read(_HEAD.size)
            kind, length = _HEAD.unpack(head)
            if kind not in {b"H", b"T", b"D", b"E"} or length > _LARGEST:
                raise self._bad("is not a backup of Earshot")
            body = self._read(length)
            if kind == b"E":
                self._check(body)
                return
            self._digest.update(head + body)
            yield kind, body

    def _read(self, length: int) -> bytes:
        parts: list[bytes] = []
        missing = length
        while missing:
            try:
                part = self._source.read(missing)
            except zstandard.ZstdError as error:
                raise self._bad("is damaged or not a backup of Earshot") from error
            if not part:
                raise self._bad("ends too early")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _check(self, body: bytes) -> None:
        if json.loads(body).get("sha256") != self._digest.hexdigest():
            raise self._bad("is damaged: its checksum is wrong")

    def _bad(self, what: str) -> BadInput:
        return BadInput(f"{self._path} {what}", hint="nothing was changed; use another copy of the backup")


def header_of(path: Path) -> dict[str, Any]:
    """Read the whole file once and give its header; BadInput unless every byte is sound."""
    header: dict[str, Any] = {}
    with Reader(path) as reader:
        for kind, body in reader.records():
            if kind == b"H":
                header = json.loads(body)
    if header.get("format") != FORMAT:
        raise BadInput(f"{path} is not a backup of Earshot", hint="nothing was changed")
    if header.get("version") != VERSION:
        raise BadInput(f"{path} was written by a newer Earshot", hint="upgrade Earshot, nothing was changed")
    return header
