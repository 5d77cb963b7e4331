"""Real sockets that misbehave: what was sent may be charged, what was not sent is not."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from earshot.domain.call import Outcome, Tier
from earshot.errors import Misconfigured
from earshot.llm.keys import LlmKeys
from earshot.llm.models import Models, make_models
from earshot.llm.settings import LlmSettings
from earshot.ports.model import Unanswered
from tests.unit.llm.test_answers import assert_silent
from tests.unit.llm.wire import ASKED, KEYS, SECRET, TEXT, TestClock, message, response

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk) -> AsyncGenerator[int]:
    """A server whose connections do what they are told."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


@asynccontextmanager
async def asking(port: int, provider: str = "anthropic", *, deadline: float = 5.0) -> AsyncGenerator[Models]:
    address = f"http://127.0.0.1:{port}"
    keys = KEYS.model_copy(update={"anthropic_base_url": address, "openai_base_url": f"{address}/v1"})
    settings = LlmSettings.model_validate({"provider": provider, "deadline_seconds": deadline})
    models = make_models(settings, keys, clock=TestClock())
    try:
        yield models
    finally:
        await models.close()


async def request_of(reader: asyncio.StreamReader) -> bytes:
    """One whole request."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(each.split(b":")[1]) for each in head.lower().split(b"\r\n") if b"content-length" in each)
    return await reader.readexactly(length)


def answer(body: bytes, *, length: int | None = None, status: str = "200 OK") -> bytes:
    size = len(body) if length is None else length
    return b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        status.encode(),
        size,
        body,
    )


async def good(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await request_of(reader)
        writer.write(answer(json.dumps(message()).encode()))
        await writer.drain()


async def failure(talk: Talk, *, deadline: float = 5.0) -> Unanswered:
    async with server(talk) as port, asking(port, deadline=deadline) as models:
        with pytest.raises(Unanswered) as raised:
            await models.tier(Tier.CHEAP).ask(ASKED)
    assert_silent(raised.value)
    return raised.value


async def test_connections_are_kept_and_shared() -> None:
    made = 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal made
        made += 1
        await good(reader, writer)

    async with server(counted) as port, asking(port) as models:
        for _ in range(5):
            assert (await models.tier(Tier.CHEAP).ask(ASKED)).text == TEXT
    assert made == 1


async def test_many_calls_at_once_keep_their_own_usage() -> None:
    async def numbered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            number = int(json.loads(await request_of(reader))["messages"][0]["content"][0]["text"])
            writer.write(answer(json.dumps(message(str(number), output_tokens=number)).encode()))
            await writer.drain()

    async with server(numbered) as port, asking(port) as models:
        asks = [
            models.tier(Tier.CHEAP).ask(ASKED.model_copy(update={"content": str(number)})) for number in range(60)
        ]
        answers = await asyncio.gather(*asks)
    told = [(each.text, each.usage.output_tokens if each.usage else None) for each in answers]
    assert told == [(str(number), number) for number in range(60)]


async def test_nothing_was_sent_where_nobody_listens() -> None:
    async with server(good) as port:
        pass
    async with asking(port) as models:
        with pytest.raises(Unanswered) as raised:
            await models.tier(Tier.CHEAP).ask(ASKED)
    assert (raised.value.outcome, raised.value.lost) == (Outcome.ERROR, False)


async def test_a_connection_cut_after_the_request_may_be_charged() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)

    error = await failure(cut)
    assert (error.outcome, error.lost) == (Outcome.LOST, True)


async def test_an_answer_cut_in_the_middle_may_be_charged() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(answer(json.dumps(message()).encode()[:50], length=400))
        await writer.drain()

    error = await failure(half)
    assert (error.outcome, error.lost) == (Outcome.LOST, True)


async def test_bytes_that_are_no_http() -> None:
    async def noise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(SECRET.encode() + b"\r\n\r\n")
        await writer.drain()

    assert (await failure(noise)).lost


@pytest.mark.parametrize("sent", [b"", answer(b'{"id": ', length=400)])
async def test_the_deadline_is_for_the_whole_call(sent: bytes) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(sent)
        await writer.drain()
        await reader.read()  # until the other side gives up

    error = await failure(silent, deadline=0.2)
    assert (error.outcome, error.lost) == (Outcome.TIMEOUT, True)


async def test_a_drip_of_bytes_does_not_outlast_the_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(answer(b"{", length=4000))
        while True:
            writer.write(b" ")
            await writer.drain()
            try:
                await asyncio.wait_for(reader.read(1), 0.05)
            except TimeoutError:
                continue
            return

    error = await failure(drip, deadline=0.3)
    assert (error.outcome, error.lost) == (Outcome.TIMEOUT, True)


async def test_a_cancelled_call_closes_its_connection_and_the_next_one_works() -> None:
    arrived, closed = asyncio.Event(), asyncio.Event()

    async def first_hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if arrived.is_set():
            await good(reader, writer)
        await request_of(reader)
        arrived.set()
        await reader.read()
        closed.set()

    async with server(first_hangs) as port, asking(port) as models:
        task = asyncio.create_task(models.tier(Tier.CHEAP).ask(ASKED))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(closed.wait(), 5)
        assert (await models.tier(Tier.CHEAP).ask(ASKED)).text == TEXT


async def test_a_redirect_is_not_followed_with_a_key() -> None:
    calls = 0

    async def moved(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        while True:
            await request_of(reader)
            calls += 1
            writer.write(b"HTTP/1.1 307 Moved\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()

    async with server(moved) as port, asking(port) as models:
        with pytest.raises(Misconfigured) as raised:
            await models.tier(Tier.CHEAP).ask(ASKED)
    assert "address" in raised.value.hint
    assert calls == 1


async def test_no_word_and_no_key_is_logged_even_when_everything_is(caplog: pytest.LogCaptureFixture) -> None:
    async def both(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            body = await request_of(reader)
            told = response() if b'"input"' in body else message()
            writer.write(answer(json.dumps(told).encode()))
            await writer.drain()

    with caplog.at_level(logging.DEBUG):
        async with server(both) as port:
            for provider in ("anthropic", "openai"):
                async with asking(port, provider) as models:
                    await models.tier(Tier.CHEAP).ask(ASKED)
    assert SECRET not in caplog.text
    assert "ant-key" not in caplog.text
    assert "oai-key" not in caplog.text


async def test_closing_unused_models_is_fine() -> None:
    models = make_models(LlmSettings(provider="anthropic"), LlmKeys(), clock=TestClock())
    with pytest.raises(Misconfigured):
        models.tier(Tier.CHEAP)
    await models.close()
