"""Runs the command line as a person would: in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def earshot(
    *arguments: str, cwd: Path, environment: Mapping[str, str] | None = None, timeout: float = 240
) -> subprocess.CompletedProcess[str]:
    """One command, with none of this machine's settings; its output as text."""
    clean = {
        k: v for k, v in os.environ.items() if not k.startswith(("EARSHOT_", "INTERCOM_", "DATABASE_", "COV_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "earshot", *arguments],
        cwd=cwd,
        env={**clean, "EARSHOT_DATA_DIR": str(cwd / "data"), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
