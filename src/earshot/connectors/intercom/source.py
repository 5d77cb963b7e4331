"""Intercom as a source of conversations."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime

import httpx2

from earshot.connectors.intercom.access import access
from earshot.connectors.intercom.client import IntercomClient, Token, open_http, part_of_path
from earshot.connectors.intercom.customers import COMPANY, CONTACT, Customers
from earshot.connectors.intercom.listing import Listing, deleted_path, next_page, search_query, window_of
from earshot.connectors.intercom.normalise import NAME, Links, normalise
from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.lenient import Json, ident, integer, moment, obj, objects, string
from earshot.domain.notification import Concern
from earshot.errors import Misconfigured, NotFound, Transient
from earshot.ports.clock import Clock, SystemClock
from earshot.ports.pace import SharedPace
from earshot.ports.source import Access, Behind, Deletion, Fetched, Page, Workspace
from earshot.ports.store import Cache


class IntercomSource:
    """Conversations of one Intercom workspace; implements `earshot.ports.source.Source`.

    Safe to use from many tasks at once: pace, retries and the customer cache are shared. Close it when done.
    """

    def __init__(
        self,
        settings: IntercomSettings,
        token: str,
        *,
        http: httpx2.AsyncClient | None = None,
        clock: Clock | None = None,
        jitter: random.Random | None = None,
        directory: Cache | None = None,
        pace: SharedPace | None = None,
    ) -> None:
        self.settings = settings
        self._clock = clock or SystemClock()
        self._http = http or open_http(settings)
        self._owns_http = http is None
        self.client = IntercomClient(
            self._http, Token(token), settings=settings, clock=self._clock, jitter=jitter, pace=pace
        )
        self.customers = Customers(self.client, settings=settings, clock=self._clock, directory=directory)
        self._workspace: Workspace | None = None
        self._asking = asyncio.Lock()

    @property
    def name(self) -> str:
        """The source's name."""
        return NAME

    @property
    def concurrency(self) -> int:
        """Conversations that may be fetched at the same time."""
        return self.settings.concurrency

    @property
    def per_second(self) -> float:
        """Requests a second at the present pace."""
        return self.client.pace.per_second

    async def workspace(self) -> Workspace:
        """Who we are connected to, asked once."""
        async with self._asking:
            if self._workspace is None:
                self._workspace = await self._ask_workspace()
            return self._workspace

    async def access(self) -> Access:
        """What the token allows, for a health check."""
        return await access(self.client, await self.workspace(), now=self._clock.now())

    async def count(self, since: datetime, until: datetime | None) -> int | None:
        """How many conversations changed in the window."""
        answer = await self.client.search(search_query(window_of(since, until), per_page=1))
        return integer(answer.data.get("total_count"))

    async def changed(self, since: datetime, until: datetime | None) -> AsyncIterator[Page]:
        """Pages of conversations that changed since `since`; see `Listing` for what it withstands."""
        listing = Listing(self.client, settings=self.settings, clock=self._clock)
        async for page in listing.pages(window_of(since, until)):
            yield page

    async def fetch(self, external_id: str) -> Fetched:
        """One whole conversation with its customer. Raises NotFound when it is gone."""
        answer = await self.client.get(f"/conversations/{part_of_path(external_id)}?display_as=plaintext")
        if ident(answer.data.get("id")) is None:
            raise Transient(f"Intercom answered with something that is no conversation for {external_id}.")
        return await self._normal(answer.data, answer.body)

    async def refresh(self, concern: Concern, external_id: str) -> None:
        """Ask anew about a contact or company; one that is gone there keeps nothing but its id."""
        await self.customers.refresh(COMPANY if concern is Concern.COMPANY else CONTACT, external_id)

    def forget(self, behind: Iterable[Behind]) -> None:
        """Let go what is known of these: it is no longer so."""
        self.customers.forget(behind)

    async def renewed(self, raw: bytes) -> Fetched:
        """A conversation from its stored JSON, with its customer as known now."""
        return await self._normal(obj(json.loads(raw)), raw, any_age=True)

    async def _normal(self, data: Json, body: bytes, *, any_age: bool = False) -> Fetched:
        workspace = await self.workspace()
        links = Links(self.settings.conversation_url, self.settings.app, workspace.id)
        known = await self.customers.known(data, any_age=any_age)
        fetched = normalise(data, body, plain=True, customer=known.customer, links=links)
        return fetched.model_copy(update={"behind": known.behind}) if known.behind else fetched

    async def deleted(self, since: datetime) -> AsyncIterator[Sequence[Deletion]]:
        """Pages of deletions since `since`, newest first."""
        page: int | None = 1
        while page is not None:
            answer = await self.client.get(deleted_path(page))
            rows = objects(answer.data.get("conversations") or answer.data.get("data"), "conversations", "data")
            deletions = [
                Deletion(external_id=key, deleted_at=at)
                for row in rows
                if (key := ident(row.get("id"))) and (at := moment(row.get("deleted_at")))
            ]
            recent = [deletion for deletion in deletions if deletion.deleted_at >= since]
            if recent:
                yield recent
            page = next_page(answer.data, page) if len(recent) == len(deletions) else None

    async def close(self) -> None:
        """Give the connections back."""
        if self._owns_http:
            await self._http.aclose()

    async def _ask_workspace(self) -> Workspace:
        try:
            app = obj((await self.client.get("/me")).data.get("app"))
        except NotFound:
            app = {}
        workspace_id = ident(app.get("id_code"))
        if workspace_id is None:
            raise Misconfigured(
                f"{self.settings.api} does not say which workspace the token belongs to.",
                hint="Check [intercom] base_url and that the token is an access token of an Intercom app.",
            )
        return Workspace(
            id=workspace_id,
            name=string(app.get("name")) or workspace_id,
            region=string(app.get("region")),
            timezone=string(app.get("timezone")),
        )
