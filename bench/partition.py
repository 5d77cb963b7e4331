"""Three workers on machines of their own (network namespaces) and one PostgreSQL; one is cut off for a minute.

Usage: python bench/partition.py [--seconds 60] [--rate 2] [--conversations 150] [--seed 1]
Needs root and the program `ip`. Receiver, simulators and database stay on this machine; webhooks keep coming. When
the machine is back and everything is at rest, the database must equal the simulators' truth: nothing lost, nothing
read, paid or done twice but what the ledger knows to be lost. Prints the table of bench/soak.py; exits 1 when not.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.machines import possible
from tests.partition import Cut, partition


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=60.0)
    asked.add_argument("--rate", type=float, default=2.0)
    asked.add_argument("--conversations", type=int, default=150)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    if not possible():
        print("skipped: network namespaces need root and `ip`")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="earshot-partition-", dir="/tmp"))
    folder.chmod(0o755)
    cut = Cut(seconds=options.seconds, rate=options.rate, conversations=options.conversations, seed=options.seed)
    good = asyncio.run(partition(folder, cut, say=lambda text: print(text, flush=True)))
    if good:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"what the processes said is kept in {folder}")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
