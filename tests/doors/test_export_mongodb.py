"""`earshot export insights --to-mongodb`: refusals, and the way through the settings to a server."""

import asyncio
import os
import subprocess
import sys

import pytest

from earshot.cli import main
from tests.unit.connectors.mongodb.wire_server import wire_server


def test_it_needs_an_address(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("MONGODB_URL", raising=False)
    assert main(["export", "insights", "--to-mongodb"]) != 0
    assert "MONGODB_URL" in capsys.readouterr().err


def test_only_insights_are_mirrored(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "themes", "--to-mongodb"]) == 2
    assert "insights" in capsys.readouterr().err


async def test_an_export_reaches_the_server(database_url: str) -> None:
    async with wire_server() as server:
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "MONGODB_URL": f"mongodb://127.0.0.1:{server.port}/shop",
            "NO_COLOR": "1",
        }
        command = [sys.executable, "-m", "earshot", "export", "insights", "--to-mongodb"]
        done = await asyncio.to_thread(
            subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr
    assert "0 insights are in MongoDB" in done.stderr
    assert "delete" in server.commands
