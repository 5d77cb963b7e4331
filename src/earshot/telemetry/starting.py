"""Measuring as a process starts it: logs, traces, and the meter that its parts get."""

import os
import shutil
import tempfile
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from earshot.ports.meter import Meter, NoMeter
from earshot.telemetry import logs, tracing
from earshot.telemetry.meter import PrometheusMeter
from earshot.telemetry.settings import TelemetrySettings
from earshot.telemetry.sharing import FOLDER, Gathering, HandingOver, lives

_FOLDERS = "earshot-metrics-"
_LEFT_SECONDS = 86_400.0
"""A folder in which nothing changed for so long, and whose process is gone, was left by one that was killed."""


@contextmanager
def measuring(
    settings: TelemetrySettings, *, version: str, secrets: Iterable[str] = ()
) -> Generator[PrometheusMeter]:
    """Logs, traces and a meter for a server or a worker.

    The first process makes a folder and names it to its children by the environment; a child finds it there and
    hands its numbers over, so that one /metrics shows them all.
    """
    traces = tracing.set_up(settings, version=version)
    end_logs = logs.set_up(settings, secrets=secrets)
    try:
        if given := os.environ.get(FOLDER):
            yield from _child(PrometheusMeter(tracer=traces.tracer), Path(given))
        else:
            yield from _parent(PrometheusMeter(tracer=traces.tracer), version=version)
    finally:
        traces.close()
        end_logs()


def inherited() -> Meter:
    """The meter of a command that a worker started: its numbers are handed over. For any other: none."""
    given = os.environ.get(FOLDER)
    if not given:
        return NoMeter()
    meter = PrometheusMeter()
    HandingOver(meter, Path(given))
    return meter


def _child(meter: PrometheusMeter, folder: Path) -> Generator[PrometheusMeter]:
    handing = HandingOver(meter, folder)
    try:
        yield meter
    finally:
        handing.close()


def _parent(meter: PrometheusMeter, *, version: str) -> Generator[PrometheusMeter]:
    sweep(Path(tempfile.gettempdir()), older_than=_LEFT_SECONDS)
    with tempfile.TemporaryDirectory(prefix=f"{_FOLDERS}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        meter.others = Gathering(Path(folder), absorb=meter.series.absorb)
        meter.gauge("earshot_build_info", 1.0, version=version.partition(" ")[0])
        os.environ[FOLDER] = folder
        try:
            yield meter
        finally:
            os.environ.pop(FOLDER, None)


def sweep(place: Path, *, older_than: float) -> None:
    """Remove folders of measurements that killed processes left."""
    for folder in place.glob(f"{_FOLDERS}*-*"):
        number = folder.name.removeprefix(_FOLDERS).partition("-")[0]
        try:
            age = time.time() - folder.stat().st_mtime
            if age > older_than and number.isdecimal() and not lives(int(number)):
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue
