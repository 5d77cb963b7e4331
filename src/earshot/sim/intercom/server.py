"""The simulated Intercom on a real socket: in this process for tests and demo, or as a process of its own."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from earshot.sim import serving
from earshot.sim.intercom.simulator import IntercomSim


@asynccontextmanager
async def running(sim: IntercomSim, *, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[str]:
    """Serve a simulator beside other tasks of this loop, on a free port unless told; gives its base URL."""
    async with _sending(sim), serving.running(sim.app, host=host, port=port) as address:
        yield address


async def serve(
    sim: IntercomSim,
    host: str = "127.0.0.1",
    *,
    port: int = 4010,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a simulator until the process is told to stop (SIGINT, SIGTERM).

    `ready` is called with the base URL as soon as connections are taken. Raises OSError for a port in use.
    """
    async with _sending(sim):
        await serving.serve(sim.app, host, port=port, ready=ready)


def _sending(sim: IntercomSim) -> AbstractAsyncContextManager[None]:
    return nullcontext() if sim.webhooks is None else sim.webhooks.sending()
