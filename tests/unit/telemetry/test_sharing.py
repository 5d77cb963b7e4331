"""Numbers of several processes in one place: real child processes, also ones that are killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from earshot.telemetry.meter import PrometheusMeter
from earshot.telemetry.settings import TelemetrySettings
from earshot.telemetry.sharing import FOLDER, SILENT, Gathering, HandingOver
from earshot.telemetry.starting import inherited, measuring
from tests.unit.telemetry.test_meter import read

CHILD = """
import sys
from earshot.telemetry.starting import inherited
meter = inherited()
meter.count("earshot_reports_total", 3)
meter.observe("earshot_sync_seconds", 2.0)
meter.gauge("earshot_resident_bytes", 100.0)
meter.gauge("earshot_llm_circuit_state", 2.0, provider="openai", model="m")
print("ready", flush=True)
sys.stdin.readline()
"""


def parent_of(folder: Path, *, now: Callable[[], float] | None = None) -> PrometheusMeter:
    meter = PrometheusMeter(strict=True)
    ways = {} if now is None else {"now": now}
    meter.others = Gathering(folder, absorb=meter.series.absorb, **ways)
    return meter


def start(folder: Path) -> "subprocess.Popen[str]":
    environment = {**os.environ, FOLDER: str(folder)}
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def end(child: "subprocess.Popen[str]") -> None:
    child.communicate("\n", timeout=30)
    assert child.returncode == 0


def test_a_child_that_ended_is_added_up_once(tmp_path: Path) -> None:
    meter = parent_of(tmp_path)
    meter.count("earshot_reports_total")
    for _ in range(2):
        end(start(tmp_path))
    for _ in range(2):
        found = read(meter)
        assert found["earshot_reports_total[]"] == 7
        assert found["earshot_sync_seconds_sum[]"] == pytest.approx(4.0)
        assert found["earshot_sync_seconds_bucket[('le', '2.5')]"] == 2
        assert "earshot_resident_bytes[]" not in found, "a gauge ends with its process"
    assert list(tmp_path.iterdir()) == []


def test_living_children_are_shown_beside(tmp_path: Path) -> None:
    meter = parent_of(tmp_path)
    meter.gauge("earshot_resident_bytes", 50.0)
    meter.gauge("earshot_llm_circuit_state", 1.0, provider="openai", model="m")
    child = PrometheusMeter(strict=True)
    handing = HandingOver(child, tmp_path)
    child.count("earshot_reports_total", 3)
    child.gauge("earshot_resident_bytes", 100.0)
    child.gauge("earshot_llm_circuit_state", 2.0, provider="openai", model="m")
    handing.write()
    for _ in range(2):
        found = read(meter)
        assert found["earshot_reports_total[]"] == 3
        assert found["earshot_resident_bytes[]"] == 150, "memory is added up"
        assert found["earshot_llm_circuit_state[('model', 'm'), ('provider', 'openai')]"] == 2, "the worst is shown"
    child.count("earshot_reports_total", 1)
    handing.close()
    handing.close()
    assert read(meter)["earshot_reports_total[]"] == 4


def test_a_killed_child_loses_its_last_seconds_only(tmp_path: Path) -> None:
    meter = parent_of(tmp_path)
    child = start(tmp_path)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=30)
    (tmp_path / f"{child.pid}-1.json").write_text('{"earshot_reports_total": [[[], [2.0]]]}')
    for _ in range(2):
        assert read(meter)["earshot_reports_total[]"] == 2
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_nobody_writes_any_more_counts_as_ended(tmp_path: Path) -> None:
    file = tmp_path / f"{os.getpid()}-1.json"
    file.write_text('{"earshot_reports_total": [[[], [2.0]]], "earshot_gone_total": [[[], [1.0]]]}')
    meter = parent_of(tmp_path, now=lambda: file.stat().st_mtime + SILENT + 1 if file.exists() else 0.0)
    assert read(meter)["earshot_reports_total[]"] == 2
    assert not file.exists()


@pytest.mark.parametrize("broken", ["", "{", "[1]", '{"earshot_reports_total": [[["x"], [1.0, 2.0]]]}', "null"])
def test_a_broken_file_breaks_nothing(tmp_path: Path, broken: str) -> None:
    (tmp_path / f"{os.getpid()}-1.json").write_text(broken)
    meter = parent_of(tmp_path)
    assert read(meter)["earshot_reports_total[]"] == 0


def test_the_first_process_names_the_folder_to_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    with measuring(TelemetrySettings(), version="1") as meter:
        end(start(Path(os.environ[FOLDER])))
        found = read(meter)
        assert found["earshot_reports_total[]"] == 3
        assert found["earshot_build_info[('version', '1')]"] == 1
        with measuring(TelemetrySettings(), version="1") as inner:
            inner.count("earshot_reports_total", 10)
        assert read(meter)["earshot_reports_total[]"] == 13
    assert FOLDER not in os.environ
    assert not isinstance(inherited(), PrometheusMeter)
