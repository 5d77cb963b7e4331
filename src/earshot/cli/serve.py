"""`earshot serve`: webhooks and the HTTP API."""

import asyncio
import logging
import signal
import sys
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Annotated

import typer

from earshot.app import build
from earshot.cli.console import err
from earshot.cli.loops import run_to_its_end
from earshot.cli.registry import installed_version
from earshot.cli.secrecy import secret_values
from earshot.connectors.intercom.webhook import NEEDED
from earshot.errors import Misconfigured
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.serving import is_loopback
from earshot.settings import Secrets, Settings, load_settings
from earshot.telemetry.starting import measuring
from earshot.web.app import Site, make_app
from earshot.web.serving import serve
from earshot.web.webhooks import PATH


def command(
    *,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on ([web] host).")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65_535, help="Port to listen on; 0 takes a free one.")
    ] = None,
    with_worker: Annotated[
        bool, typer.Option("--with-worker", help="Do the work too: no `earshot worker` is needed beside.")
    ] = False,
    no_webhooks: Annotated[bool, typer.Option("--no-webhooks", help="Only the pages and the HTTP API.")] = False,
) -> None:
    """Show the pages, take Intercom's webhooks, and serve the HTTP API, until stopped (Ctrl-C, SIGTERM).

    A webhook is answered once it is safe in the database; `earshot worker`, or --with-worker here, then hears it
    within a second. Intercom must reach this server over https: put a reverse proxy or a tunnel in front, give
    its address as [web] public_url, and save <that address>/webhooks/intercom in Intercom's Developer Hub (your
    app, Configure, Webhooks). INTERCOM_CLIENT_SECRET (there, Basic information) tells real webhooks from forged
    ones. Stopping finishes what runs; a second Ctrl-C does not wait.

    Without EARSHOT_WEB_TOKEN only this machine is listened to.
    """
    settings = load_settings()
    secrets = Secrets.load(also=settings.secret_names)
    where = host or settings.web.host
    if not secrets.web_token and not is_loopback(where):
        raise Misconfigured(
            f"Listening on {where} lets other machines in, and there is no EARSHOT_WEB_TOKEN to keep strangers "
            "out.",
            hint="Set EARSHOT_WEB_TOKEN to a long random text, or keep 127.0.0.1 behind a reverse proxy.",
        )
    web = settings.web.model_copy(update={"host": where, "port": settings.web.port if port is None else port})
    chosen = settings.model_copy(update={"web": web})
    try:
        run_to_its_end(_serve(chosen, secrets, with_worker=with_worker, webhooks=not no_webhooks))
    except asyncio.CancelledError:
        raise typer.Exit(130) from None


async def _serve(settings: Settings, secrets: Secrets, *, with_worker: bool, webhooks: bool) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    with measuring(settings.telemetry, version=installed_version(), secrets=secret_values(secrets)) as meter:
        fitted = _fitted(settings) if with_worker else settings
        async with await build(fitted, secrets=secrets, meter=meter) as earshot:
            site = make_app(earshot, settings, secrets, meter=meter, webhooks=webhooks)
            async with site.running(), _worker(earshot, fitted, secrets, wanted=with_worker):
                await _listen(site, settings, stop=stop, webhooks=webhooks)


def _fitted(settings: Settings) -> Settings:
    from earshot.worker.main import for_workers  # a server without a worker pays nothing for it

    return for_workers(settings)


def _worker(
    earshot: Earshot, settings: Settings, secrets: Secrets, *, wanted: bool
) -> AbstractAsyncContextManager[None]:
    if not wanted:
        return nullcontext()
    from earshot.worker.beside import beside

    def ready(text: str) -> None:
        err.print(text, markup=False)

    return beside(earshot, settings, secrets, version=installed_version(), ready=ready)


async def _listen(site: Site, settings: Settings, *, stop: asyncio.Event, webhooks: bool) -> None:
    def ready(url: str) -> None:
        err.print(f"Earshot listens on {url} (Ctrl-C ends it).", markup=False)
        for line in _advice(url, settings.web.public_url) if webhooks else ():
            err.print(line, markup=False)

    web, grace = settings.web, settings.workers.grace_seconds
    await serve(site, web.host, web.port, stop=stop, grace=grace, ready=ready)


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and Ctrl-C: what runs is finished first; the second time everything is put down at once."""
    loop, serving = asyncio.get_running_loop(), asyncio.current_task()

    def told() -> None:
        if stop.is_set() and serving is not None:
            logging.getLogger("uvicorn.error").disabled = True  # whoever is cut off now is no error
            serving.cancel()
        stop.set()

    if sys.platform != "win32":
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told)


def _advice(url: str, public_url: str) -> list[str]:
    outside = public_url.rstrip("/") or "https://<where this server is reached from outside>"
    return [
        f"Webhooks for Intercom's Developer Hub (your app, Configure, Webhooks): {outside}{PATH}",
        f"On this machine: {url}{PATH}",
        f"Topics to tick at least: {', '.join(NEEDED)}",
    ]
