"""Sends signed webhooks and measures the answers; a process of its own, on raw sockets so that it is cheap.

Usage: python bench/webhook_load.py URL --seconds 10 [--rate 1000 | --lines 64] [--retry-seconds 5]
With --rate: an open loop, arrivals by chance (seeded) whatever the answers do; with --lines: a closed loop, so many
connections that send again as soon as they are answered. A notification without a 200 is sent once more after
--retry-seconds, as Intercom does after a minute. Prints one JSON object; latencies in milliseconds.
"""

import argparse
import asyncio
import gc
import hashlib
import hmac
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop

SECRET, APP = b"bench-secret", "bench"
MOST_LINES = 2_000
PATIENCE = 5.0
_WORDS = (
    "The export of the monthly report stops at half and then says that something went wrong, since this morning. "
)


class Letters:
    """Makes requests: each a new notification about one of so many conversations, about 2 kB as Intercom's are."""

    def __init__(self, host: str, path: str, *, run: str, conversations: int, seed: int) -> None:
        self._head = f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: "
        self._run, self._conversations, self._chance = run, conversations, random.Random(seed)
        self.made = 0

    def new(self) -> tuple[str, bytes]:
        """A notification's id and the whole request."""
        self.made += 1
        name = f"notif_{self._run}_{self.made}"
        return name, self.request(name)

    def request(self, name: str, attempt: int = 1) -> bytes:
        """The whole request of a notification."""
        talk = str(1_000_000 + self._chance.randrange(self._conversations))
        part = {"type": "conversation_part", "body": _WORDS * 10}
        item = {
            "type": "conversation",
            "id": talk,
            "state": "open",
            "source": {"body": _WORDS * 4},
            "conversation_parts": {"conversation_parts": [part]},
        }
        body = json.dumps(
            {"type": "notification_event", "id": name, "topic": "conversation.user.replied", "app_id": APP,
             "created_at": int(time.time()), "delivery_attempts": attempt, "first_sent_at": int(time.time()),
             "data": {"type": "notification_event_data", "item": item}},
        ).encode()  # fmt: skip
        signature = hmac.digest(SECRET, body, hashlib.sha1).hex()
        return f"{self._head}{len(body)}\r\nx-hub-signature: sha1={signature}\r\n\r\n".encode() + body


@dataclass
class Tally:
    """What came back. `seconds` are those of answers with 200."""

    statuses: Counter[int] = field(default_factory=Counter[int])
    seconds: list[float] = field(default_factory=list[float])
    late: list[float] = field(default_factory=list[float])
    acknowledged: list[str] = field(default_factory=list[str])
    given_up: int = 0


class Line(asyncio.Protocol):
    """One kept connection; carries one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._answered: Callable[[int], None] | None = None
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self.transport = cast("asyncio.Transport", transport)

    def ask(self, request: bytes, answered: Callable[[int], None]) -> None:
        """Send a request; `answered` hears the status, 0 when there was no answer."""
        assert self.transport is not None
        self._answered = answered
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """A piece of an answer."""
        self._data += data
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._data[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._data) < end + 4 + length:
            return
        self._data = b""
        self._tell(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone; so is the answer."""
        del exc
        self.transport = None
        self._tell(0)

    def _tell(self, status: int) -> None:
        answered, self._answered = self._answered, None
        if answered is not None:
            answered(status)


class Lines:
    """Connections to one server, as many as are needed at once."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._idle: list[Line] = []
        self._open = 0

    async def ask(self, request: bytes) -> int:
        """Send a request over a free connection; the status of its answer, 0 when there was none."""
        line = await self._line()
        if line is None:
            return 0
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def answered(status: int) -> None:
            if not answer.done():
                answer.set_result(status)

        line.ask(request, answered)
        try:
            async with asyncio.timeout(PATIENCE):
                status = await answer
        except TimeoutError:
            status = 0
        if status and line.transport is not None:
            self._idle.append(line)
            return status
        self._open -= 1
        if line.transport is not None:
            line.transport.abort()
        return status

    def close(self) -> None:
        """Hang up."""
        for line in self._idle:
            if line.transport is not None:
                line.transport.abort()

    async def _line(self) -> Line | None:
        while self._idle:
            line = self._idle.pop()
            if line.transport is not None and not line.transport.is_closing():
                return line
            self._open -= 1
        if self._open >= MOST_LINES:
            return None
        self._open += 1
        try:
            async with asyncio.timeout(PATIENCE):
                _, made = await asyncio.get_running_loop().create_connection(Line, self._host, self._port)
        except (OSError, TimeoutError):
            self._open -= 1
            return None
        return made


class Load:
    """Sends and measures."""

    def __init__(self, url: str, options: argparse.Namespace) -> None:
        parts = urlsplit(url)
        self._lines = Lines(str(parts.hostname), int(parts.port or 80))
        self.letters = Letters(parts.netloc, parts.path, run=options.run, conversations=options.conversations,
                               seed=options.seed)  # fmt: skip
        self.tally = Tally()
        self._retry = float(options.retry_seconds)
        self._open: set[asyncio.Task[None]] = set()
        self._chance = random.Random(options.seed + 1)

    async def at_rate(self, rate: float, seconds: float) -> None:
        """An open loop."""
        loop = asyncio.get_running_loop()
        due = loop.time() + 0.1
        end = due + seconds
        while due < end:
            wait = due - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            now = loop.time()
            while due <= now and due < end:
                self.tally.late.append(now - due)
                self._begin(self._send(*self.letters.new(), attempt=1))
                due += self._chance.expovariate(rate)
        while self._open:
            await asyncio.wait(set(self._open))

    async def at_once(self, lines: int, seconds: float) -> None:
        """A closed loop."""
        end = asyncio.get_running_loop().time() + seconds

        async def again() -> None:
            while asyncio.get_running_loop().time() < end:
                await self._send(*self.letters.new(), attempt=2)

        await asyncio.gather(*(again() for _ in range(lines)))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _send(self, name: str, request: bytes, *, attempt: int) -> None:
        began = time.perf_counter()
        status = await self._lines.ask(request)
        self.tally.statuses[status] += 1
        if status == 200:
            self.tally.seconds.append(time.perf_counter() - began)
            self.tally.acknowledged.append(name)
        elif attempt == 1 and self._retry >= 0:
            await asyncio.sleep(self._retry)
            await self._send(name, self.letters.request(name, 2), attempt=2)
        else:
            self.tally.given_up += 1


def centile(values: list[float], share: float) -> float:
    """In milliseconds; `values` in order."""
    return 1000 * values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def figures(load: Load, seconds: float) -> dict[str, object]:
    took, late = sorted(load.tally.seconds), sorted(load.tally.late)
    return {
        "seconds": seconds,
        "acknowledged": len(load.tally.acknowledged),
        "per_second": len(load.tally.acknowledged) / seconds,
        "p50": centile(took, 0.5),
        "p99": centile(took, 0.99),
        "p999": centile(took, 0.999),
        "most": centile(took, 1.0),
        "sender_late_p99": centile(late, 0.99),
        "statuses": {str(status): count for status, count in sorted(load.tally.statuses.items())},
        "given_up": load.tally.given_up,
        "cpu": time.process_time(),
    }


def write(load: Load, seconds: float, acknowledged: str) -> None:
    if acknowledged:
        Path(acknowledged).write_text("\n".join(load.tally.acknowledged))
    json.dump(figures(load, seconds), sys.stdout)


async def main(options: argparse.Namespace) -> None:
    load = Load(options.url, options)
    began = time.perf_counter()
    if options.rate:
        await load.at_rate(options.rate, options.seconds)
        spent = options.seconds
    else:
        await load.at_once(options.lines, options.seconds)
        spent = time.perf_counter() - began
    write(load, spent, options.acknowledged)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("url")
    asked.add_argument("--seconds", type=float, default=10)
    asked.add_argument("--rate", type=float, default=0)
    asked.add_argument("--lines", type=int, default=64)
    asked.add_argument("--conversations", type=int, default=20_000)
    asked.add_argument("--retry-seconds", type=float, default=-1)
    asked.add_argument("--acknowledged", default="")
    asked.add_argument("--run", default="run")
    asked.add_argument("--seed", type=int, default=1)
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    uvloop.run(main(asked.parse_args()))
