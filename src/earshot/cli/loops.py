"""The event loop of servers and workers: uvloop where there is one."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from earshot.app import heap

try:
    import uvloop
except ImportError:  # not made for Windows
    uvloop = None

T = TypeVar("T")


def run_to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine on a fast loop; what it left is cancelled."""
    heap.loaded()
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None if uvloop is None else uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)
