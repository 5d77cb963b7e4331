"""The HTTP package's own log shows hosts, not addresses: with some services the address is the secret."""

import logging
from datetime import UTC, datetime

import httpx2
import pytest

from earshot.connectors.http.sender import Reply, Sender
from tests.still import StillClock


async def test_a_secret_in_an_address_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="httpx2")  # reading with a model makes it quiet in the whole process
    transport = httpx2.MockTransport(lambda _request: httpx2.Response(200))
    clock = StillClock(datetime(2026, 3, 10, tzinfo=UTC))
    sender = Sender("https://hooks.example.com/s3cret", headers={}, clock=clock, transport=transport)
    assert isinstance(await sender.send("POST", "", params={"key": "k3y"}), Reply)
    await sender.close()
    assert "hooks.example.com" in caplog.text
    assert "s3cret" not in caplog.text
    assert "k3y" not in caplog.text
