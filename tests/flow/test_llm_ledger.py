"""The short variant of bench/llm_ledger.py: the ledger is the provider's invoice."""

import subprocess
import sys
from pathlib import Path


def test_ledger_and_invoice_agree_to_the_micro_dollar() -> None:
    bench = Path(__file__).parents[2] / "bench" / "llm_ledger.py"
    told = subprocess.run(
        [sys.executable, str(bench), "2000"], capture_output=True, text=True, timeout=400, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count("wrong: 0") == 2
