"""The short variant of bench/kill.py: killed at random moments, the next run goes on where it was."""

import subprocess
import sys
from pathlib import Path


def test_a_killed_run_loses_nothing() -> None:
    bench = Path(__file__).parents[2] / "bench" / "kill.py"
    told = subprocess.run(
        [sys.executable, str(bench), "--kills", "5", "--conversations", "150", "--seed", "4"],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count("equal") == 4
