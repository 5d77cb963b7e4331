"""kill -9 at random moments of `earshot run`, then one undisturbed run: the database must equal an undisturbed one.

Usage: python bench/kill.py [--kills 30] [--conversations 600] [--seed 1]
Prints what was killed when, and "equal" or the first differences; exits 1 when they differ.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from processes import free_port, wait_for

EARSHOT = [sys.executable, "-m", "earshot"]
KINDS = ("conversations", "insights", "themes", "actions")
UNSTABLE = {"classified_at", "created_at", "id", "key", "subject_id"}


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=30)
    asked.add_argument("--conversations", type=int, default=600)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="earshot-kill-"))
    port = free_port()
    server = subprocess.Popen(
        [*EARSHOT, "sim", "intercom", "--conversations", str(options.conversations), "--port", str(port),
         "--rate-limit", "600000"], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(port)
        return compare(folder, port, options)
    finally:
        server.terminate()
        server.wait()
        stop_databases(folder)
        shutil.rmtree(folder, ignore_errors=True)


def compare(folder: Path, port: int, options: argparse.Namespace) -> int:
    began = time.monotonic()
    run(folder / "calm", port)
    calm_seconds = time.monotonic() - began
    rng = random.Random(options.seed)
    for number in range(options.kills):
        after = rng.uniform(0.2, calm_seconds)
        fate = "killed" if killed(folder / "rough", port, after) else "had ended"
        print(f"kill {number + 1:2}: {fate} at {after:.2f} s", flush=True)
    run(folder / "rough", port)
    differing = [kind for kind in KINDS if rows(folder / "calm", kind) != rows(folder / "rough", kind)]
    for kind in KINDS:
        print(f"{kind}: {len(rows(folder / 'calm', kind))} rows, {'differ' if kind in differing else 'equal'}")
    return 1 if differing else 0


def environment(data: Path, port: int) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("EARSHOT_", "DATABASE_URL"))}
    return {
        **clean,
        "EARSHOT_DATA_DIR": str(data),
        "EARSHOT_INTERCOM__BASE_URL": f"http://127.0.0.1:{port}",
        "EARSHOT_INTERCOM__RATE_SHARE": "1.0",
        "INTERCOM_ACCESS_TOKEN": "any",
    }


def command(data: Path) -> list[str]:
    return [*EARSHOT, "run", "--since", "120d", "--format", "json", "--out", str(data.with_suffix(".json"))]


def run(data: Path, port: int) -> None:
    done = subprocess.run(command(data), env=environment(data, port), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"an undisturbed run failed: {done.stderr}")


def killed(data: Path, port: int, after: float) -> bool:
    process = subprocess.Popen(
        command(data), env=environment(data, port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def rows(data: Path, kind: str) -> list[str]:
    told = subprocess.run(
        [*EARSHOT, "export", kind], env=environment(data, 9), capture_output=True, text=True, check=True
    )
    parsed: list[dict[str, Any]] = [json.loads(line) for line in told.stdout.splitlines()]
    drop = UNSTABLE if kind != "conversations" else set[str]()
    return sorted(json.dumps({k: v for k, v in row.items() if k not in drop}, sort_keys=True) for row in parsed)


def stop_databases(folder: Path) -> None:
    """A command that ends normally stops the server that killed ones left behind."""
    for data in ("calm", "rough"):
        subprocess.run([*EARSHOT, "themes"], env=environment(folder / data, 9), capture_output=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
