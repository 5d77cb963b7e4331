"""Simulated tools on one real socket, each under its own first piece of the path."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from earshot.sim import serving


def mounted(apps: Mapping[str, ASGIApp]) -> ASGIApp:
    """One application of several: `jira` is served under `/jira`."""
    return Starlette(routes=[Mount(f"/{name}", app=app) for name, app in apps.items()])


def running(
    apps: Mapping[str, ASGIApp], *, host: str = "127.0.0.1", port: int = 0
) -> AbstractAsyncContextManager[str]:
    """Serve simulated tools beside other tasks of this loop, on a free port unless told; gives the base URL."""
    return serving.running(mounted(apps), host=host, port=port)


async def serve(
    apps: Mapping[str, ASGIApp],
    host: str = "127.0.0.1",
    *,
    port: int = 4020,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve simulated tools until the process is told to stop. Raises OSError for a port in use."""
    await serving.serve(mounted(apps), host, port=port, ready=ready)
