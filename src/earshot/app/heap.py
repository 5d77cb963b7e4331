"""The memory of a process that lives long: garbage is looked for rarely, big blocks go back to the system at once.

Most of what is made is freed without a look. One through all that is loaded takes most of a second, in which an
event loop hears of nothing.
"""

import ctypes
import gc
import sys

RARELY = (50_000, 5, 10)
"""Thresholds of the three generations. What died in a ring waits for the second: some minutes in a busy worker."""

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
"""The names of two parameters of glibc's mallopt (malloc.h)."""
_BIG, _REST = 1 << 20, 4 << 20
"""Bytes of a block that gets memory of its own, and of free memory at the end of the heap that is kept."""


def loaded() -> None:
    """What is there by now stays as long as the process: no look goes through it again."""
    gc.freeze()
    gc.set_threshold(*RARELY)
    _give_back()


def _give_back() -> None:
    """Blocks that grow big now and then (learning words, a long report) must not widen the heap for good.

    Left to itself glibc takes ever bigger blocks from the heap, where they leave holes. Other C libraries have no
    such parameter.
    """
    tune = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if tune is not None:
        tune(_MMAP_THRESHOLD, _BIG)
        tune(_TRIM_THRESHOLD, _REST)
