"""The short variant of bench/llm_batch_kill.py: killed while submitting and collecting, nothing is paid twice."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_killed_batch_run_pays_nothing_twice(provider: str) -> None:
    bench = Path(__file__).parents[2] / "bench" / "llm_batch_kill.py"
    command = [str(bench), "--kills", "3", "--conversations", "100", "--seed", "3", "--provider", provider]
    told = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=500, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "read once, paid once" in told.stdout
