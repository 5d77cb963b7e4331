"""`earshot report --send` as a process: exit codes, two at once, and a kill between the claim and the answer."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from earshot.store import driver
from tests.unit.connectors.email.post_office import Office, open_office

SETTINGS = """
[report]
[[report.series]]
name = "weekly"
mail = ["pm@example.com"]
charts = false
[email]
enabled = true
sender = "earshot@example.com"
to = ["ops@example.com"]
"""


@dataclass
class Slow(Office):
    """A server that holds every mail until it may answer."""

    came: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.came.set()
        await self.may_answer.wait()
        return await super().handle_DATA(server, session, envelope)


@dataclass
class Bench:
    """Commands over one database and one mail server."""

    office: Slow
    folder: Path
    database_url: str

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        config = self.folder / "earshot.toml"
        config.write_text(SETTINGS)
        environment = {
            **os.environ, "DATABASE_URL": self.database_url, "EARSHOT_CONFIG": str(config),
            "INTERCOM_ACCESS_TOKEN": "t", "SMTP_URL": f"smtp://127.0.0.1:{self.office.port}",
        }  # fmt: skip
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "earshot", "report", "--send", *arguments,
            cwd=self.folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip

    async def run(self, *arguments: str) -> tuple[int | None, str]:
        process = await self.start(*arguments)
        told, _ = await process.communicate()
        return process.returncode, told.decode()

    async def do(self, statement: str) -> object:
        connection = await driver.dial(dsn=self.database_url)
        try:
            await connection.execute("set search_path = earshot, public")
            return await connection.fetchval(statement)
        finally:
            await connection.close()


@pytest.fixture
async def bench(database_url: str, tmp_path: Path) -> AsyncGenerator[Bench]:
    async with _open(tmp_path, database_url) as opened:
        yield opened


@asynccontextmanager
async def _open(folder: Path, database_url: str) -> AsyncGenerator[Bench]:
    office = Slow()
    async with open_office(office):
        yield Bench(office, folder, database_url)


async def test_a_kill_between_claim_and_answer_is_said_and_nothing_goes_out_twice(bench: Bench) -> None:
    process = await bench.start()
    await asyncio.wait_for(bench.office.came.wait(), 90)
    assert await bench.do("select state from report_sent") == "sending"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    bench.office.may_answer.set()
    code, told = await bench.run()
    assert (code, "look again in a few minutes" in told) == (75, True), told
    await bench.do("update report_sent set lease_until = now() - interval '1 second'")
    code, told = await bench.run()
    assert code == 1
    assert "may have been sent" in told
    assert len(bench.office.taken) <= 1
    code, told = await bench.run("--again", "--series", "weekly")
    assert (code, "email sent" in told) == (0, True), told
    assert len(bench.office.taken) <= 2


async def test_two_at_once_send_one_and_repeating_sends_none(bench: Bench) -> None:
    bench.office.may_answer.set()
    ended = await asyncio.gather(bench.run(), bench.run())
    assert {code for code, _ in ended} in ({0}, {0, 75}), ended
    assert len(bench.office.taken) == 1
    code, told = await bench.run()
    assert (code, "sent already" in told) == (0, True), told
    bench.office.end_answer = "451 later"
    await bench.do("delete from report_sent")
    code, told = await bench.run()
    assert (code, "not sent" in told) == (75, True), told
    code, told = await bench.run("--series", "monthly")
    assert code != 0
    assert "There are: weekly" in told
