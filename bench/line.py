"""The real conversations of ../shared/data through the whole line: import, read, group, rules, report.

Usage: python bench/line.py
Prints seconds and peak memory of each command (bounds: 60 s in all, 600 MB), the second run with nothing new
(bound: 3 s), and the ratio to the baseline: parsing the same file and hashing every text, nothing else.
"""

import gzip
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "conversations.jsonl.gz"
MOST_SECONDS, MOST_MEGABYTES, MOST_AGAIN = 60.0, 600.0, 3.0


def main() -> int:
    if not DATA.exists():
        print(f"skipped: {DATA} is not here")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="earshot-line-"))
    try:
        base = baseline()
        first = measure(folder, "import", str(DATA))
        second = measure(folder, "run", "--no-sync", "--out", str(folder / "report.html"))
        again = measure(folder, "run", "--no-sync", "--out", str(folder / "report.html"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    seconds, megabytes = first[0] + second[0], max(first[1], second[1])
    print(f"baseline (parse and hash): {base:6.2f} s")
    print(f"import:                    {first[0]:6.2f} s  {first[1]:4.0f} MB")
    print(f"read, group, rule, report: {second[0]:6.2f} s  {second[1]:4.0f} MB")
    print(f"in all:                    {seconds:6.2f} s  {megabytes:4.0f} MB (≤ 60 s, ≤ 600 MB)")
    print(f"                           {seconds / base:6.0f} x the baseline")
    print(f"again, nothing new:        {again[0]:6.2f} s (≤ 3 s)")
    return int(seconds > MOST_SECONDS or megabytes > MOST_MEGABYTES or again[0] > MOST_AGAIN)


def baseline() -> float:
    began = time.perf_counter()
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        for line in lines:
            for message in json.loads(line)["messages"]:
                hashlib.sha256(message["text"].encode()).digest()
    return time.perf_counter() - began


def measure(folder: Path, *arguments: str) -> tuple[float, float]:
    """Seconds and peak megabytes of one command (the database server's memory not included)."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("EARSHOT_", "DATABASE_URL"))}
    environment = {**clean, "EARSHOT_DATA_DIR": str(folder / "data")}
    began = time.perf_counter()
    child = os.spawnve(os.P_NOWAIT, sys.executable, [sys.executable, "-m", "earshot", *arguments], environment)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"earshot {arguments[0]} failed")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
