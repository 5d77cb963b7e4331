"""Simulated tools on real sockets beside the commands under test."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from earshot.sim.tools.server import running
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.toolbox import Toolbox


@contextmanager
def simulated_tools(folder: Path, *, more: str = "") -> Generator[dict[str, str]]:
    """All tools, served from a thread; writes `earshot.toml` into the folder and gives the environment."""
    toolbox = Toolbox(ToolSimSettings(token="sim-token"))
    ready, stop = threading.Event(), asyncio.Event()
    found: dict[str, str] = {}
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with running(toolbox.apps) as url, toolbox.smtp.running("127.0.0.1", 0) as smtp:
            (folder / "earshot.toml").write_text(f"{toolbox.sections(url)}\n{more}")
            found.update(toolbox.environment(smtp))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
