"""Looking for garbage rarely: most of what is made is freed without that, and a look stops everything else.

A look through all that is loaded takes most of a second, in which an event loop hears of nothing.
"""

import gc

RARELY = (50_000, 50, 50)
"""Thresholds of the three generations."""


def loaded() -> None:
    """What is there by now stays as long as the process: no look goes through it again."""
    gc.freeze()
    gc.set_threshold(*RARELY)
