"""How a worker is told to stop: once to end in good order, once more to end at once."""

import asyncio
import signal
from contextlib import suppress

from earshot.ports.clock import Clock

SAME = 1.5
"""Signals within so many seconds are one: a service manager tells parent and child, and so does the parent."""


class Stopping:
    """Whether to stop. `soon`: nothing new, what runs may end. `now`: what runs is handed back."""

    def __init__(self, clock: Clock) -> None:
        self.soon = asyncio.Event()
        self.now = asyncio.Event()
        self._clock = clock
        self._first = 0.0

    def ask(self) -> None:
        """Ask to stop; asking again later means at once."""
        moment = self._clock.monotonic()
        if not self.soon.is_set():
            self._first = moment
            self.soon.set()
        elif moment - self._first > SAME:
            self.now.set()

    def listen(self) -> None:
        """Take the process's signals."""
        loop = asyncio.get_running_loop()
        for one in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(one, self.ask)
