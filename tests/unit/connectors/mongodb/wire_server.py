"""A server that speaks as much of MongoDB's wire protocol (OP_MSG) as an export needs. Not MongoDB."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import bson
from bson.codec_options import CodecOptions

_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013
_decode: Any = vars(bson)["decode"]
_decode_all: Any = vars(bson)["decode_all"]
_HEADER = struct.Struct("<iiii")
_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
_HELLO = {
    "ok": 1.0,
    "isWritablePrimary": True,
    "ismaster": True,
    "maxBsonObjectSize": 16_777_216,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "minWireVersion": 0,
    "maxWireVersion": 21,
    "readOnly": False,
}


@dataclass
class WireServer:
    """`held` are the documents by namespace and `_id`; `refuses` is a command's next error code."""

    port: int = 0
    held: dict[str, dict[Any, dict[str, Any]]] = field(default_factory=dict[str, dict[Any, dict[str, Any]]])
    commands: list[str] = field(default_factory=list[str])
    refuses: int | None = None
    drops: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests until the client leaves."""
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                length, request, _, kind = _HEADER.unpack(await reader.readexactly(_HEADER.size))
                body = await reader.readexactly(length - _HEADER.size)
                command = _query(body) if kind == _OP_QUERY else _message(body)
                answer = self._obey(command)
                if answer is None:
                    break
                writer.write(_reply(answer, request, kind))
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def _obey(self, command: dict[str, Any]) -> dict[str, Any] | None:
        name = next(iter(command))
        self.commands.append(name)
        if name.lower() in ("hello", "ismaster"):
            return dict(_HELLO)
        if name in ("update", "delete"):
            if self.drops:
                return None
            if self.refuses is not None:
                return {"ok": 0.0, "errmsg": "no", "code": self.refuses, "codeName": "No"}
            space = self.held.setdefault(f"{command['$db']}.{command[name]}", {})
            return _update(space, command["updates"]) if name == "update" else _delete(space, command["deletes"])
        return {"ok": 1.0}


def _update(space: dict[Any, dict[str, Any]], updates: list[dict[str, Any]]) -> dict[str, Any]:
    upserted: list[dict[str, Any]] = []
    for place, one in enumerate(updates):
        key = one["q"]["_id"]
        assert one["upsert"] is True
        assert not any(name.startswith("$") for name in one["u"])
        if key not in space:
            upserted.append({"index": place, "_id": key})
        space[key] = one["u"]
    done: dict[str, Any] = {"ok": 1.0, "n": len(updates), "nModified": len(updates) - len(upserted)}
    return {**done, "upserted": upserted} if upserted else done


def _delete(space: dict[Any, dict[str, Any]], deletes: list[dict[str, Any]]) -> dict[str, Any]:
    gone = 0
    for one in deletes:
        ((name, bound),) = one["q"].items()
        for key in [key for key, held in space.items() if name in held and held[name] < bound["$lt"]]:
            del space[key]
            gone += 1
    return {"ok": 1.0, "n": gone}


def _query(body: bytes) -> dict[str, Any]:
    start = body.index(b"\x00", 4) + 1 + 8
    return _decode(body[start:], _OPTIONS)


def _message(body: bytes) -> dict[str, Any]:
    """The command of an OP_MSG with its document sequences put in place."""
    (flags,) = struct.unpack_from("<I", body)
    end, at = len(body) - (4 if flags & 1 else 0), 4
    command: dict[str, Any] = {}
    while at < end:
        kind, at = body[at], at + 1
        (size,) = struct.unpack_from("<i", body, at)
        if kind == 0:
            command = {**_decode(body[at : at + size], _OPTIONS), **command}
        else:
            stop = body.index(b"\x00", at + 4)
            command[body[at + 4 : stop].decode()] = _decode_all(body[stop + 1 : at + size], _OPTIONS)
        at += size
    name = next(name for name in command if name not in ("updates", "deletes"))
    return {name: command.pop(name), **command}


def _reply(answer: dict[str, Any], request: int, kind: int) -> bytes:
    document = bson.encode(answer)
    if kind == _OP_QUERY:
        body, code = struct.pack("<iqii", 8, 0, 0, 1) + document, _OP_REPLY
    else:
        body, code = struct.pack("<Ib", 0, 0) + document, _OP_MSG
    return _HEADER.pack(_HEADER.size + len(body), 1, request, code) + body


@asynccontextmanager
async def wire_server() -> AsyncGenerator[WireServer]:
    """The server on a free port of this machine."""
    held = WireServer()
    talks: set[asyncio.Task[None]] = set()

    def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.ensure_future(held.serve(reader, writer))
        talks.add(talk)
        talk.add_done_callback(talks.discard)

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    held.port = server.sockets[0].getsockname()[1]
    try:
        yield held
    finally:
        server.close()
        for talk in list(talks):
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
