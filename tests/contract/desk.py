"""A running simulator and a client of it, for the tests of the simulated Intercom."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from earshot.sim.intercom.load import load
from earshot.sim.intercom.server import running
from earshot.sim.intercom.settings import Fault, FaultSettings, SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.workspace import Json, SimWorkspace
from tests.still import StillClock

HEADERS = {"Authorization": "Bearer sim-token", "Intercom-Version": "2.16"}
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def talk(number: int, *extra: str) -> Json:
    said = [
        ("customer", f"Question {number}: a < b & c"),
        ("agent", "An answer"),
        *[("customer", one) for one in extra],
    ]
    return {
        "id": f"t-{number}",
        "messages": [{"author": author, "text": text} for author, text in said],
        "customer": {"id": f"u{number}", "name": f"Name {number}", "company": "Acme", "plan": "Pro", "mrr": 99},
    }


def workspace(folder: Path, *rows: Json) -> SimWorkspace:
    file = folder / "talks.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return load(file, end=NOW)


class Desk:
    """A running simulator and a client of it."""

    def __init__(self, sim: IntercomSim, http: httpx2.AsyncClient, clock: StillClock) -> None:
        self.sim = sim
        self.http = http
        self.clock = clock

    async def get(self, path: str, **params: Any) -> httpx2.Response:
        return await self.http.get(path, params=params)

    async def json(self, path: str, **params: Any) -> Any:
        answer = await self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def search(self, query: Any, *, after: str | None = None, size: int = 150) -> httpx2.Response:
        paging = {"per_page": size, **({"starting_after": after} if after else {})}
        sort = {"field": "updated_at", "order": "ascending"}
        return await self.http.post(
            "/conversations/search", json={"query": query, "sort": sort, "pagination": paging}
        )

    async def walk(self, query: Any, *, size: int = 150) -> list[str]:
        ids: list[str] = []
        after: str | None = None
        while True:
            page = (await self.search(query, after=after, size=size)).json()
            ids += [row["id"] for row in page["conversations"]]
            following = page["pages"].get("next")
            if not following:
                return ids
            after = following["starting_after"]

    async def send(self, verb: str, path: str, body: Json | None = None) -> httpx2.Response:
        return await self.http.request(verb, path, json=body)


@asynccontextmanager
async def desk(held: SimWorkspace, settings: SimSettings | None = None) -> AsyncGenerator[Desk]:
    clock = StillClock(NOW)
    sim = IntercomSim(held, settings=settings, clock=clock)
    async with running(sim) as url, httpx2.AsyncClient(base_url=url, headers=HEADERS) as http:
        yield Desk(sim, http, clock)


def faulty(*kinds: Fault, **more: Any) -> SimSettings:
    return SimSettings(faults=FaultSettings(kinds=frozenset(kinds), **more))


EVERYTHING = {"field": "updated_at", "operator": ">", "value": 0}


def admin(it: Desk) -> str:
    return next(iter(it.sim.admins))


def twenty(folder: Path) -> SimWorkspace:
    return workspace(folder, *[talk(number) for number in range(20)])
