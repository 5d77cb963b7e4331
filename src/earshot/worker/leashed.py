"""`python -m earshot.worker.leashed COMMAND…`: a command of ours that ends when the process that started it does.

Standard input is the leash: the starter holds its other end and never writes. When that end is closed, by hand or
because the starter died (in whatever way), the command is interrupted as by Ctrl-C, and killed if that takes long.
"""

import os
import runpy
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

POLITENESS = 10
"""How much other processes go before (the system's nice value): what is live shares the processors with this."""
GRACE = "EARSHOT_LEASH_GRACE"
"""Variable with the seconds that a command may take to end after it was interrupted."""


def main(arguments: Sequence[str]) -> None:
    """Run a command of ours on a leash."""
    grace = float(os.environ.pop(GRACE, "30"))
    if hasattr(os, "nice"):
        os.nice(max(0, POLITENESS - os.nice(0)))
    leash = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    end = _Interruption()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin by ignoring it
    signal.signal(signal.SIGTERM, end.on_signal)
    threading.Thread(target=_watch, args=(leash, end), kwargs={"grace": grace}, name="leash", daemon=True).start()
    sys.argv = ["earshot", *arguments]
    runpy.run_module("earshot", run_name="__main__", alter_sys=True)


class _Interruption:
    """Interrupts this process, but only once: a second time would cut short what puts things in order."""

    def __init__(self) -> None:
        self._done = False

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Interrupt, as a handler of signals."""
        _ = (number, frame)
        self.once()

    def once(self) -> None:
        """Interrupt."""
        if not self._done:
            self._done = True
            os.kill(os.getpid(), signal.SIGINT)


def _watch(leash: int, end: _Interruption, *, grace: float) -> None:
    while os.read(leash, 1024):
        pass
    end.once()
    threading.Event().wait(grace)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
