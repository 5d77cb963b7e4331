"""The customer behind a conversation: contact and company, each asked for once and remembered for a day."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from earshot.connectors.intercom.client import IntercomClient, part_of_path
from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.lenient import Json, attribute, first, ident, integer, moment, number, obj, objects, string
from earshot.connectors.segments import segment_of
from earshot.domain.customer import Customer
from earshot.errors import NotFound, Rejected
from earshot.ports.clock import Clock
from earshot.ports.source import Behind
from earshot.ports.store import Cache, Cached

CONTACT = "contact"
COMPANY = "company"
_PREVIOUS = "earshot_previous"
_SAME_AS = "earshot_same_as"
"""In the place of one that was merged: under which id its details are found, so that they stand in one place."""

_REMEMBERED = 20_000
_BESIDE = 4_000
_BESIDE_FOR = timedelta(minutes=5)
"""So many objects stay in memory beside the store's cache, and so long: who writes often writes again soon."""
_EVER = datetime.min.replace(tzinfo=UTC)
_HOPS = 3
_CANONICAL = re.compile(r"<[^>]*/contacts/([^/>?]+)[^>]*>\s*;\s*rel=\"?canonical\"?", re.IGNORECASE)
_KEPT = {
    CONTACT: ("id", "name", "email", "created_at", "signed_up_at", "companies", "custom_attributes", _PREVIOUS),
    COMPANY: ("id", "name", "plan", "monthly_spend", "created_at", "remote_created_at", "custom_attributes"),
}


class Known(NamedTuple):
    """The customer of a conversation, and what that was taken from."""

    customer: Customer | None
    behind: tuple[Behind, ...] = ()


class _Entry(NamedTuple):
    cached: Cached
    since: datetime


class _Found(NamedTuple):
    body: Json
    behind: tuple[Behind, ...] = ()


class Customers:
    """Finds customers. Concurrent questions about the same one are asked once.

    `directory` is the store's cache, where there is one, and told at once. What it gave is used again for some
    minutes; `behind` says of what time it is, so that whoever stores it sees what another process learned, or
    erased, meanwhile, and has it forgotten here. Without it the cache lives as long as this object.
    """

    def __init__(
        self,
        client: IntercomClient,
        *,
        settings: IntercomSettings,
        clock: Clock,
        directory: Cache | None = None,
    ) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._directory = directory
        self._fresh_for = timedelta(hours=settings.cache_hours)
        self._kept_for = self._fresh_for if directory is None else min(self._fresh_for, _BESIDE_FOR)
        self._most = _REMEMBERED if directory is None else _BESIDE
        self._memory: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}

    async def known(self, conversation: Json, *, any_age: bool = False) -> Known:
        """The customer of a conversation's JSON, None where it names no contact, and what that was taken from.

        `any_age`: what the cache holds is good enough, however old.
        """
        since = _EVER if any_age else self._clock.now() - self._fresh_for
        contact_id = main_contact(conversation)
        if contact_id is None:
            return Known(None)
        contact, company = _Found({"id": contact_id}), _Found(obj(conversation.get("company")))
        if self._settings.read_customers:
            contact = await self._find(CONTACT, contact_id, since=since)
            if not _is_whole(company.body):
                company = await self._company_of(company.body, contact.body, since=since)
        opener = _opener(conversation, contact_id)
        customer = to_customer(contact.body, company.body, opener=opener, settings=self._settings)
        return Known(customer, contact.behind + company.behind)

    async def refresh(self, kind: str, key: str) -> None:
        """Ask anew about one, whatever is remembered, and make it durable."""
        async with self._turn(kind, key):
            self._memory.pop((kind, key), None)
            await self._ask(kind, key)

    def forget(self, behind: Iterable[Behind]) -> None:
        """Let go what is no longer so."""
        for one in behind:
            self._memory.pop((one.kind, one.id), None)

    async def _company_of(self, company: Json, contact: Json, *, since: datetime) -> _Found:
        companies = objects(contact.get("companies"), "data", "companies")
        company_id = ident(company.get("id")) or next(
            (found for c in companies if (found := ident(c.get("id")))), None
        )
        return _Found(company) if company_id is None else await self._find(COMPANY, company_id, since=since)

    async def _find(self, kind: str, key: str, *, since: datetime) -> _Found:
        async with self._turn(kind, key):
            known = await self._followed(kind, key, since=since)
            return await self._ask(kind, key) if known is None else known

    async def _ask(self, kind: str, key: str) -> _Found:
        """Ask for one and keep it under its own id; where it was merged, the id asked for points to that.

        What it was merged into stays as it is known where nothing of it changed: others are just being stored with
        it, and would have to look it up again.
        """
        now = self._clock.now()
        data = await (self._ask_company(key) if kind == COMPANY else self._ask_contact(key))
        slim, own = _slim(kind, data), ident(data.get("id")) or key
        learned, times = {key: {_SAME_AS: own}, own: slim}, {key: now, own: now}
        known = await self._known(kind, own, since=now - self._fresh_for) if own != key else None
        if known is not None and known.body == slim:
            del learned[own]
            times[own] = known.fetched_at
        if self._directory is not None:
            await self._directory.save(kind, learned, fetched_at=now)
        for name, kept in learned.items():
            self._remember(kind, name, cached=Cached(kept, now))
        return _Found(slim, self._behind(kind, times))

    def _behind(self, kind: str, times: Mapping[str, datetime]) -> tuple[Behind, ...]:
        return () if self._directory is None else tuple(Behind(kind, name, at) for name, at in times.items())

    @asynccontextmanager
    async def _turn(self, kind: str, key: str) -> AsyncGenerator[None]:
        """One at a time per object, so that whoever comes second finds the answer of the first."""
        lock = self._turns.setdefault((kind, key), asyncio.Lock())
        try:
            async with lock:
                yield
        finally:
            if not lock.locked():
                self._turns.pop((kind, key), None)

    async def _followed(self, kind: str, key: str, *, since: datetime) -> _Found | None:
        """What is known of one, wherever it was merged into."""
        times: dict[str, datetime] = {}
        for _ in range(_HOPS + 1):
            known = await self._known(kind, key, since=since)
            if known is None:
                return None
            times[key] = known.fetched_at
            if (same := string(known.body.get(_SAME_AS))) is None:
                return _Found(known.body, self._behind(kind, times))
            key = same
        return None

    async def _known(self, kind: str, key: str, *, since: datetime) -> Cached | None:
        """What was learned since a moment, here or by another process."""
        known = self._remembered(kind, key, since=since)
        if known is None and self._directory is not None:
            known = (await self._directory.load(kind, [key], fresh_since=since)).get(key)
            if known is not None:
                self._remember(kind, key, cached=known)
        return known

    def _remembered(self, kind: str, key: str, *, since: datetime) -> Cached | None:
        entry = self._memory.get((kind, key))
        if entry is None or entry.cached.fetched_at <= since or self._clock.now() - entry.since >= self._kept_for:
            return None
        return entry.cached

    def _remember(self, kind: str, key: str, *, cached: Cached) -> None:
        now = self._clock.now()
        self._memory.pop((kind, key), None)
        while self._memory and (len(self._memory) >= self._most or self._is_over(now)):
            self._memory.popitem(last=False)
        self._memory[kind, key] = _Entry(cached, now)

    def _is_over(self, now: datetime) -> bool:
        return now - next(iter(self._memory.values())).since >= self._kept_for

    async def _ask_contact(self, contact_id: str) -> Json:
        contact = await self._canonical(contact_id)
        if self._settings.count_previous and ident(contact.get("id")):
            contact = {**contact, _PREVIOUS: await self._count(str(contact["id"]))}
        return contact

    async def _canonical(self, contact_id: str) -> Json:
        """The contact, or the one it was merged into; only its id where it is gone."""
        asked = contact_id
        for _ in range(_HOPS + 1):
            try:
                answer = await self._client.get(f"/contacts/{part_of_path(asked)}", accept=(410,))
            except NotFound:
                break
            if answer.status == 200:
                return answer.data if ident(answer.data.get("id")) else {**answer.data, "id": asked}
            link = _CANONICAL.search(answer.link or "")
            if link is None:
                break
            asked = link.group(1)
        return {"id": asked}

    async def _ask_company(self, company_id: str) -> Json:
        try:
            answer = await self._client.get(f"/companies/{part_of_path(company_id)}")
        except NotFound:
            return {"id": company_id}
        return answer.data

    async def _count(self, contact_id: str) -> int | None:
        query = {"operator": "AND", "value": [{"field": "contact_ids", "operator": "=", "value": contact_id}]}
        try:
            answer = await self._client.search({"query": query, "pagination": {"per_page": 1}})
        except Rejected:
            return None
        total = integer(answer.data.get("total_count"))
        return None if total is None else max(0, total - 1)


def main_contact(conversation: Json) -> str | None:
    """The contact a conversation is counted for: who opened it if a contact did, else the first named."""
    ids = [
        found for c in objects(conversation.get("contacts"), "contacts", "data") if (found := ident(c.get("id")))
    ]
    opener = ident(obj(obj(conversation.get("source")).get("author")).get("id"))
    return opener if opener in ids else next(iter(ids), None)


def to_customer(contact: Json, company: Json, *, opener: Json, settings: IntercomSettings) -> Customer:
    """The customer from the JSON of contact and company; what is not known stays None."""
    plan = string(obj(company.get("plan")).get("name")) or string(
        attribute(settings.plan_attribute, company, contact)
    )
    mrr = _revenue(company, contact, settings=settings)
    return Customer(
        id=ident(contact.get("id")) or "unknown",
        name=string(contact.get("name")) or string(opener.get("name")),
        email=string(contact.get("email")) or string(opener.get("email")),
        company_id=ident(company.get("id")),
        company=string(company.get("name")),
        plan=plan,
        mrr=mrr,
        segment=segment_of(
            settings.segments,
            named=string(attribute(settings.segment_attribute, company, contact)),
            plan=plan,
            mrr=mrr,
        ),
        since=first(
            moment(attribute(settings.since_attribute, company, contact)),
            moment(company.get("remote_created_at")),
            moment(contact.get("signed_up_at")),
            moment(contact.get("created_at")),
        ),
        signed_up_at=first(moment(contact.get("signed_up_at")), moment(contact.get("created_at"))),
        previous_conversations=integer(contact.get(_PREVIOUS)),
    )


def _revenue(company: Json, contact: Json, *, settings: IntercomSettings) -> float | None:
    """Monthly spend; 0 is Intercom's default and means unknown, a custom attribute of 0 means 0."""
    spend = number(company.get("monthly_spend"))
    if spend is not None and spend > 0:
        return spend
    return number(attribute(settings.mrr_attribute, company, contact))


def _is_whole(company: Json) -> bool:
    """Whether a conversation carries its company in full, as it does from version 2.15 on."""
    return ident(company.get("id")) is not None and ("plan" in company or "monthly_spend" in company)


def _opener(conversation: Json, contact_id: str) -> Json:
    author = obj(obj(conversation.get("source")).get("author"))
    return author if ident(author.get("id")) == contact_id else {}


def _slim(kind: str, data: Json) -> Json:
    """Only what is used: personal data that nobody needs is not kept."""
    kept = {key: data[key] for key in _KEPT[kind] if key in data}
    if kind == CONTACT:
        companies = objects(data.get("companies"), "data", "companies")
        kept["companies"] = {"data": [{"id": company.get("id")} for company in companies[:1]]}
    return kept
