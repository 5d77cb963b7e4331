"""The short variant of bench/soak.py: everything at once, killed at random, ends as the truth."""

import subprocess
import sys
from pathlib import Path


def test_a_short_soak_ends_as_the_truth() -> None:
    bench = Path(__file__).parents[2] / "bench" / "soak.py"
    told = subprocess.run(
        [sys.executable, str(bench), "--minutes", "0.8", "--seed", "3", "--kill-every", "6", "--rate", "1.5"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "all as it must be" in told.stdout
