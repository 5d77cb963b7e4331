"""How processes on one machine hand their numbers to the one that shows them: a file each, in a folder.

A child writes all its numbers every few seconds and when it ends; the parent shows living children's numbers beside
its own, and takes those of ended ones over for good. A child that is killed takes its last seconds with it.
"""

import atexit
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from earshot.telemetry.meter import PrometheusMeter
from earshot.telemetry.series import Numbers

FOLDER = "EARSHOT_METRICS_DIR"
"""The environment variable that names the folder to a child."""
EVERY = 5.0
"""Seconds between two writes of a living child."""
SILENT = 60.0
"""Seconds without a write after which a child counts as ended, whatever runs under its number now."""

_ENDED = ".ended"


class HandingOver:
    """Writes the numbers of this process into the folder, from a thread of its own, until `close`."""

    def __init__(self, meter: PrometheusMeter, folder: Path) -> None:
        self._meter = meter
        self._file = folder / f"{os.getpid()}-{time.monotonic_ns():x}.json"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="earshot-metrics", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def close(self) -> None:
        """Write a last time, as ended. A second call does nothing."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._thread.join(EVERY)
        self.write(ended=True)
        atexit.unregister(self.close)

    def _work(self) -> None:
        while not self._stop.wait(EVERY):
            self.write()

    def write(self, *, ended: bool = False) -> None:
        """Write all numbers now."""
        document = json.dumps({n: list(map(list, c.items())) for n, c in self._meter.series.copied().items() if c})
        draft = self._file.with_suffix(".draft")
        try:
            draft.write_text(document, encoding="utf-8")
            draft.replace(self._file)
            if ended:
                self._file.replace(self._file.with_suffix(_ENDED))
        except OSError:
            return  # the parent and its folder are gone: nobody asks for these numbers any more


class Gathering:
    """The parent's side: living children's numbers; those of ended ones are absorbed and their files removed."""

    def __init__(
        self, folder: Path, *, absorb: Callable[[Numbers], None], now: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._absorb = absorb
        self._now = now
        self._lock = threading.Lock()

    def __call__(self) -> list[Numbers]:
        """The numbers of living children."""
        with self._lock:
            return [numbers for file in sorted(self._folder.glob("*-*.*")) if (numbers := self._taken(file))]

    def _taken(self, file: Path) -> Numbers | None:
        """The numbers of a living child; None after absorbing those of one that ended."""
        if file.suffix not in {".json", _ENDED}:
            return None
        try:
            numbers = _numbers(json.loads(file.read_text(encoding="utf-8")))
            ended = file.suffix == _ENDED or not self._lives(file)
            if not ended:
                return numbers
            file.unlink()
        except (OSError, ValueError, TypeError, AttributeError):
            return None
        self._absorb(numbers)
        return None

    def _lives(self, file: Path) -> bool:
        return self._now() - file.stat().st_mtime <= SILENT and lives(int(file.name.partition("-")[0]))


def lives(pid: int) -> bool:
    """Whether there is a process of that id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _numbers(document: Any) -> Numbers:
    cells = cast("dict[str, list[tuple[list[str], list[float]]]]", document)
    return {name: {tuple(key): cell for key, cell in pairs} for name, pairs in cells.items()}
