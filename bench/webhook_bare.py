"""The baseline of bench/webhooks.py: a bare ASGI endpoint that commits one row for each request, and nothing else.

Usage: python bench/webhook_bare.py PORT DATABASE_URL [CONNECTIONS]
The same server, event loop and HTTP parser as `earshot serve`; asyncpg with a pool; no signature, no JSON, no jobs.
"""

import asyncio
import signal
import sys
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import uvloop

from earshot.web.serving import serve


async def main(port: int, url: str, connections: int) -> None:
    pool: Any = await asyncpg.create_pool(url, min_size=connections, max_size=connections)
    await pool.execute("create table if not exists bare (id bigint generated always as identity, body text)")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        await pool.execute("insert into bare (body) values ($1)", body.decode())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    await serve(app, "127.0.0.1", port, stop=stop, ready=lambda url: print(url, flush=True))
    pool.terminate()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 10))
