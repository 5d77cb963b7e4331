"""How a command gets at Earshot: settings, progress bars and one event loop."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

from earshot.app import build, heap
from earshot.cli.console import Bars
from earshot.domain.report import BEGINNING
from earshot.pipeline.earshot import Earshot
from earshot.ports.clock import SystemClock
from earshot.pull.window import parse_when
from earshot.settings import Settings, load_settings

T = TypeVar("T")


@asynccontextmanager
async def opened(*, quiet: bool = False, settings: Settings | None = None) -> AsyncGenerator[Earshot]:
    """Earshot, open, with progress bars; closed at the end whatever happens."""
    with Bars(quiet=quiet) as bars:
        earshot = await build(settings or load_settings(), progress=bars)
        async with earshot:
            yield earshot


def go(work: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine to its end."""
    heap.loaded()
    return asyncio.run(work)


def moment(text: str | None) -> datetime | None:
    """A point in time as people write it: 24h, 7d, 2026-01-01; all is the beginning of everything."""
    if text == "all":
        return BEGINNING
    return None if text is None else parse_when(text, now=SystemClock().now())
