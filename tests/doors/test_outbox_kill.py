"""The short variant of bench/outbox_kill.py: deliveries killed at work are made once by those that follow."""

import subprocess
import sys
from pathlib import Path


def test_killed_deliveries_are_neither_lost_nor_made_twice() -> None:
    bench = Path(__file__).parents[2] / "bench" / "outbox_kill.py"
    told = subprocess.run(
        [sys.executable, str(bench), "--kills", "4", "--seed", "3"],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "nothing lost, nothing twice" in told.stdout
