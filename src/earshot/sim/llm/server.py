"""The simulated providers on a real socket: in this process for tests and demo, or as a process of its own."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from earshot.sim import serving
from earshot.sim.llm.simulator import LlmSim


@asynccontextmanager
async def running(sim: LlmSim, *, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[str]:
    """Serve a simulator beside other tasks of this loop, on a free port unless told; gives its base URL.

    The base URL is Anthropic's and Google's; OpenAI's is the same with `/v1` behind it.
    """
    async with serving.running(sim.app, host=host, port=port) as url:
        yield url
    sim.stop()


async def serve(
    sim: LlmSim,
    host: str = "127.0.0.1",
    *,
    port: int = 4020,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a simulator until the process is told to stop (SIGINT, SIGTERM).

    `ready` is called with the base URL as soon as connections are taken. Raises OSError for a port in use.
    """
    await serving.serve(sim.app, host, port=port, ready=ready)
