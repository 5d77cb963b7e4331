"""The web application: webhooks straight to the receiver, everything else to the pages."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator
from dataclasses import replace

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from earshot.errors import Misconfigured
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.live.home import Home
from earshot.pipeline.live.mailbox import WRITERS, Mailbox
from earshot.ports.store import Store
from earshot.settings import Secrets, Settings
from earshot.telemetry.meter import PrometheusMeter
from earshot.web.api.app import Api, make_api
from earshot.web.health import routes
from earshot.web.pages.app import Pages
from earshot.web.webhooks import PATH, Receiver

access = logging.getLogger("earshot.web.access")


class Site:
    """The ASGI application. `running` keeps its mailbox writing; `stopping` tells health checks of the end.

    `store` is the mailbox's own, closed at the end.
    """

    def __init__(self, store: Store, *, mailbox: Mailbox, home: Home, receiver: ASGIApp | None) -> None:
        self.stopping = False
        self.pages: ASGIApp = Starlette()
        self.api: Api | None = None
        self._store = store
        self._mailbox = mailbox
        self._home = home
        self._receiver = receiver

    @property
    def full(self) -> bool:
        """Whether webhooks are refused because too many wait."""
        return self._mailbox.full

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Keep notifications durable; at the end everything that was taken is written."""
        writer = asyncio.create_task(self._mailbox.run())
        beside: list[asyncio.Task[None]] = []
        try:
            if self._receiver is not None:
                await self._home.recall()
                beside.append(asyncio.create_task(self._home.watch()))
            if self.api is not None:
                beside.append(asyncio.create_task(self.api.warm()))
            yield
        finally:
            self.stopping = True
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            if self.api is not None:
                await self.api.close()
            await self._mailbox.close()
            await writer
            await self._store.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if self._receiver is not None and scope["path"].rstrip("/") == PATH:
            await self._receiver(scope, receive, send)
        else:
            await self._page(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.pages(scope, receive, noting)
        finally:
            spent = (time.perf_counter() - began) * 1000
            access.info("%s %s %d %.1f ms", scope["method"], ascii(scope["path"])[1:-1], status, spent)


def make_app(
    earshot: Earshot, settings: Settings, secrets: Secrets, *, meter: PrometheusMeter, webhooks: bool = True
) -> Site:
    """The application of these settings. Misconfigured when webhooks are wanted and there is no secret for them."""
    parts = earshot.parts
    store = parts.store.apart(connections=WRITERS + 1)  # the API and a worker beside must not keep webhooks waiting
    mailbox, home = Mailbox(replace(parts, store=store), most=settings.web.waiting_webhooks), Home(parts)
    receiver: ASGIApp | None = None
    if webhooks:
        secret, web = _client_secret(secrets), settings.web
        receiver = Receiver(mailbox, home, secret=secret, settings=web, clock=parts.clock, meter=meter)
    site = Site(store, mailbox=mailbox, home=home, receiver=receiver)
    token = secrets.web_token.get_secret_value() if secrets.web_token else None
    health = routes(parts, meter, token=token, full=lambda: site.full, stopping=lambda: site.stopping)
    site.api = make_api(earshot, settings, secrets)
    site.pages = Starlette(routes=[*health, Mount("/api", site.api), Mount("/", Pages(earshot, settings, secrets))])
    return site


def _client_secret(secrets: Secrets) -> str:
    if secrets.intercom_client_secret is None:
        raise Misconfigured(
            "There is no client secret of your Intercom app, so nobody could tell its webhooks from forged ones.",
            hint="Set INTERCOM_CLIENT_SECRET (Intercom: Developer Hub, your app, Configure, Basic information). "
            "To serve without webhooks: earshot serve --no-webhooks.",
        )
    return secrets.intercom_client_secret.get_secret_value()
