"""A backlog that several real processes read together against a simulated provider; for tests and benches."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx2

from earshot.app import build
from earshot.domain.call import Call, Outcome
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.reading.inviting import helping_job
from earshot.ports.store import Want
from earshot.settings import Secrets, load_settings
from tests.processes import Postgres, Processes, Running, free_port

LOOK = 0.25
_TEXTS = ("I was charged twice for order {n}.", "Export {n} fails with an error.", "How do I share board {n}?")


@dataclass(frozen=True)
class Outcomes:
    """What became of a backlog: distinct conversations read, answers charged, and conversations paid twice.

    `known`: of those paid twice, how many whose first answer the ledger knows to be lost with the process.
    """

    read: int
    charged: int
    twice: int
    known: int
    starts: list[datetime]


class Backlog:
    """Conversations that wait to be read, the provider, and the processes that read."""

    def __init__(self, processes: Processes, earshot: Earshot, *, postgres: Postgres, database: str) -> None:
        self.processes, self.earshot = processes, earshot
        self.postgres, self.database = postgres, database
        self.provider = processes.environment["OPENAI_BASE_URL"].removesuffix("/v1")

    async def worker(
        self, *, environment: Mapping[str, str] | None = None, before: tuple[str, ...] = ()
    ) -> Running:
        """A worker of the background lane that is at work."""
        return await self.processes.start(
            "worker", "--lane", "background", ready=r"(?i)worker.*ready", environment=environment, before=before
        )

    async def begin(self, workers: int) -> None:
        """Ask so many workers to read."""
        parts = self.earshot.parts
        async with parts.store.unit() as unit:
            want = Want(provisional_before=parts.clock.now())
            await unit.jobs.enqueue([helping_job(parts, want) for _ in range(workers)])
            await unit.commit()

    async def left(self) -> int:
        """How many wait to be read."""
        async with self.earshot.parts.store.unit() as unit:
            return await unit.conversations.count_pending()

    async def down_to(self, left: int, *, within: float) -> float:
        """Wait until no more than so many are left; the seconds it took."""
        began = time.monotonic()
        while await self.left() > left:
            if time.monotonic() - began > within:
                raise AssertionError(f"{await self.left()} are left after {within} s\n{self.processes.told()}")
            await asyncio.sleep(LOOK)
        return time.monotonic() - began

    async def outcomes(self) -> Outcomes:
        """What was read and paid."""
        async with httpx2.AsyncClient() as http:
            lines = (await http.get(f"{self.provider}/_sim/invoice")).json()["lines"]
        async with self.earshot.parts.store.unit() as unit:
            calls = [call async for group in unit.calls.export() for call in group]
            read = {one.conversation_id async for group in unit.insights.export() for one in group}
        paid = Counter(str(line["content"]) for line in lines)
        twice = sum(count > 1 for count in paid.values())
        return Outcomes(
            read=len(read),
            charged=len(lines),
            twice=twice,
            known=twice - _unexplained(calls),
            starts=sorted(call.started_at for call in calls),
        )


def _unexplained(calls: list[Call]) -> int:
    """Conversations with two answers that the ledger both calls answered."""
    answered = Counter(call.conversation_id for call in calls if call.outcome is Outcome.OK)
    return sum(count > 1 for count in answered.values())


@asynccontextmanager
async def backlog(
    folder: Path,
    postgres: Postgres,
    *,
    size: int,
    latency: float = 0.8,
    listen: str = "127.0.0.1",
    url: str | None = None,
    **environment: str,
) -> AsyncGenerator[Backlog]:
    """A database with so many conversations to be read, to which a person agreed, and a provider with a latency."""
    name = f"backlog_{free_port()}"
    await postgres.create(name)
    port = free_port()
    provider = f"http://{listen}:{port}"
    given = {
        "DATABASE_URL": postgres.url(name) if url is None else url.format(database=name),
        "OPENAI_API_KEY": "sim-key",
        "OPENAI_BASE_URL": f"{provider}/v1",
        "EARSHOT_LLM__PROVIDER": "openai",
        "EARSHOT_SCHEDULE__ENABLED": "false",
        **environment,
    }
    with_database = Processes(folder / name, given)
    async with with_database as processes:
        await processes.start(
            *("sim", "llm", "--answer", "fill", "--host", listen, "--port", str(port), "--key", "sim-key"),
            *("--latency-median", str(latency), "--latency-p95", str(latency)),
            ready="listen on",
        )
        own = {**given, "DATABASE_URL": postgres.url(name)}
        async with await build(load_settings(own), secrets=Secrets.load(own)) as earshot:
            await earshot.import_file(conversations(processes.folder / "in.jsonl", size))
            async with earshot.parts.store.unit() as unit:
                await unit.calls.consent("openai", now=earshot.parts.clock.now())
                await unit.commit()
            yield Backlog(processes, earshot, postgres=postgres, database=name)


def conversations(file: Path, count: int) -> Path:
    """A file with so many different conversations."""
    rows = [
        {"id": f"k{n}", "messages": [{"author": "customer", "text": _TEXTS[n % len(_TEXTS)].format(n=n)}]}
        for n in range(count)
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    return file
