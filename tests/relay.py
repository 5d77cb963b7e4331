"""A TCP relay: whoever connects to a port of one address is led to the same port of another.

Usage: python tests/relay.py LISTEN TARGET PORT… (says "ready" when it listens)

So a machine of its own reaches simulators elsewhere by 127.0.0.1, which may be spoken to without encryption.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

_PIECE = 65_536


@asynccontextmanager
async def relayed(listen: str, target: str, *, ports: Sequence[int]) -> AsyncGenerator[None]:
    """Relay these ports until the end of the block."""
    async with AsyncExitStack() as stack:
        for port in ports:
            await stack.enter_async_context(await _open(listen, target, port=port))
        yield


async def _open(listen: str, target: str, *, port: int) -> asyncio.Server:
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await _join(reader, writer, target=target, port=port)
        writer.close()

    def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(begun := asyncio.create_task(talk(reader, writer)))
        begun.add_done_callback(talks.discard)

    return await asyncio.start_server(met, listen, port)


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, target: str, port: int) -> None:
    far_reader, far_writer = await asyncio.open_connection(target, port)
    try:
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
    finally:
        far_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(_PIECE):
        writer.write(piece)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def main(listen: str, target: str, ports: Sequence[str]) -> None:
    """Relay until killed."""
    async with relayed(listen, target, ports=[int(port) for port in ports]):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
