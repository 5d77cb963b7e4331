"""Folders of measurements: what a killed process left goes, what lives or is young stays."""

import os
import subprocess
import sys
from pathlib import Path

from earshot.telemetry.starting import sweep


def test_only_old_folders_of_processes_that_are_gone_are_removed(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    names = [
        f"earshot-metrics-{gone.pid}-abc",
        f"earshot-metrics-{os.getpid()}-abc",
        "earshot-metrics-abc",
        "other-1-a",
    ]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "numbers").write_text("1")
    sweep(tmp_path, older_than=3_600.0)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(names)
    for name in names:
        os.utime(tmp_path / name, (0, 0))
    sweep(tmp_path, older_than=3_600.0)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(names[1:])
