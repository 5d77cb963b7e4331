"""The Intercom client against a peer that breaks HTTP on a real socket."""

import asyncio
import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from socket import SO_LINGER, SOL_SOCKET, socket

import pytest

from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.intercom.source import IntercomSource
from earshot.errors import Transient

ME = b'{"type": "admin", "app": {"id_code": "ws1", "name": "Firm"}}'
Act = Callable[[asyncio.StreamWriter], None]


def whole(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
    writer.write(f"content-length: {len(ME)}\r\n\r\n".encode() + ME)


def cut_short(writer: asyncio.StreamWriter) -> None:
    writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(ME)}\r\n\r\n".encode() + ME[:20])
    writer.close()


def cut_in_chunk(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n" + ME)
    writer.close()


def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    peer: socket = writer.get_extra_info("socket")
    peer.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def babble(writer: asyncio.StreamWriter) -> None:
    writer.write(b"not HTTP at all\r\n\r\n")
    writer.close()


def empty(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


def wrong_gzip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nabcd")


def silence(writer: asyncio.StreamWriter) -> None:
    _ = writer


@asynccontextmanager
async def peer(*acts: Act) -> AsyncGenerator[tuple[str, list[str]]]:
    """Answers request after request with one act each, the last for ever; gives address and request lines."""
    left = list(acts)
    lines: list[str] = []
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                lines.append(head.split(b"\r\n", 1)[0].decode())
                (left.pop(0) if len(left) > 1 else left[0])(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}", lines
    finally:
        for writer in writers:
            writer.close()
        server.close()
        await server.wait_closed()


def source_at(address: str) -> IntercomSource:
    settings = IntercomSettings(base_url=address, first_wait_seconds=0.001, timeout_seconds=0.3)
    return IntercomSource(settings, "token")


@pytest.mark.parametrize("act", [cut_short, cut_in_chunk, hang_up, reset, babble, empty, wrong_gzip, silence])
async def test_a_broken_answer_is_asked_for_again(act: Act) -> None:
    async with peer(act, act, whole) as (address, lines):
        source = source_at(address)
        assert (await source.workspace()).id == "ws1"
        await source.close()
    assert lines == ["GET /me HTTP/1.1"] * 3


async def test_a_peer_that_never_answers_is_given_up_with_a_reason() -> None:
    async with peer(silence) as (address, lines):
        source = source_at(address)
        with pytest.raises(Transient, match="no answer in time"):
            await source.workspace()
        await source.close()
    assert len(lines) == 5
