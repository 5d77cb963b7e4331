"""What one call costs in CPU: our seam against pydantic-ai's own `direct.model_request`, on the same request.

Usage: python bench/llm_seam.py [--calls 300] [--rounds 9] [--uvloop]
The provider is a process of its own that answers at once. Both sides make the same calls, in turns,
with the same settings, deadline and strict form, over one pool each. Printed: median CPU milliseconds per call of
this process, and the median of the rounds' ratios. Bound: 1.3. `--uvloop` runs on uvloop where it is installed.
"""

import argparse
import asyncio
import json
import multiprocessing
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from statistics import median
from typing import Any

from pydantic import SecretStr
from pydantic_ai import direct
from pydantic_ai.models import Model as AiModel
from pydantic_ai.settings import ModelSettings

from earshot.domain.call import Tier
from earshot.llm.asking import messages_of, parameters_of, settings_of
from earshot.llm.catalogue import model_string, named
from earshot.llm.clients import Clients
from earshot.llm.keys import LlmKeys
from earshot.llm.models import make_models
from earshot.llm.settings import LlmSettings
from earshot.ports.clock import SystemClock
from earshot.ports.model import Form, Request

BOUND, CONCURRENCY = 1.3, 32
TEXT = json.dumps({f"field_{number}": "a short answer of a few words" for number in range(9)})
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {f"field_{number}": {"type": "string", "description": "What it says."} for number in range(9)},
    "required": [f"field_{number}" for number in range(9)],
    "additionalProperties": False,
}
REQUEST = Request(
    instructions="Read the conversation and fill in the form. " * 60,
    content='{"customer": "The export of our invoices is broken since Monday, please help."} ' * 30,
    form=Form(name="reading", json_schema=SCHEMA),
    max_tokens=400,
)
Ask = Callable[[], Awaitable[object]]


def main() -> int:
    options = _options()
    run: Callable[[Any], Any] = asyncio.run
    if options.uvloop:
        run = __import__("uvloop").run
    worst = 0.0
    with provider() as address:
        for name in ("anthropic", "openai"):
            worst = max(worst, run(compare(name, address, calls=options.calls, rounds=options.rounds)))
    print(f"worst ratio {worst:.3f}, bound {BOUND}")
    return int(worst > BOUND)


async def compare(name: str, address: str, *, calls: int, rounds: int) -> float:
    """Rounds of both, in turns; the median ratio of a round."""
    keys = LlmKeys(
        anthropic=SecretStr("k"),
        openai=SecretStr("k"),
        anthropic_base_url=address,
        openai_base_url=f"{address}/v1",
    )
    settings = LlmSettings.model_validate({"provider": name, "concurrency": CONCURRENCY})
    clients, models = Clients(settings, keys), make_models(settings, keys, clock=SystemClock())
    ours, theirs = models.tier(Tier.CHEAP), _theirs(clients, settings)
    sides: dict[str, Ask] = {
        "direct.model_request": lambda: _direct(theirs, settings.deadline_seconds),
        "Model.ask": lambda: ours.ask(REQUEST),
    }
    spent: dict[str, list[float]] = {side: [] for side in sides}
    for round_ in range(rounds + 1):
        turn = list(sides.items())
        for side, ask in turn if round_ % 2 else reversed(turn):
            cpu = await _cpu(ask, calls)
            if round_:  # the first one warms up
                spent[side].append(cpu)
    await models.close()
    await clients.close()
    pairs = zip(spent["Model.ask"], spent["direct.model_request"], strict=True)
    ratio = median(mine / other for mine, other in pairs)
    for side, values in spent.items():
        print(f"{name:10} {side:22} {1000 * median(values):6.3f} ms CPU a call (least {1000 * min(values):.3f})")
    print(f"{name:10} {'ratio':22} {ratio:6.3f}")
    return ratio


def _theirs(clients: Clients, settings: LlmSettings) -> AiModel:
    name = named(model_string(settings, Tier.CHEAP))
    return clients.of(name.provider).model(name)


async def _direct(model: AiModel, deadline: float) -> object:
    settings: ModelSettings = {**settings_of(REQUEST, thinks=0), "request_timeout": deadline}
    return await direct.model_request(
        model, messages_of(REQUEST), model_settings=settings, model_request_parameters=parameters_of(REQUEST)
    )


async def _cpu(ask: Ask, calls: int) -> float:
    """CPU seconds of this process per call, a fixed number at once."""
    left = iter(range(calls))

    async def lane() -> None:
        for _ in left:
            await ask()

    began = time.process_time()
    await asyncio.gather(*(lane() for _ in range(CONCURRENCY)))
    return (time.process_time() - began) / calls


@contextmanager
def provider() -> Iterator[str]:
    """The fixed provider in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection) -> None:
    asyncio.run(_listen(pipe))


async def _listen(pipe: Connection) -> None:
    server = await asyncio.start_server(_connected, "127.0.0.1", 0)
    pipe.send(server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()


async def _connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
            await reader.readexactly(length)
            writer.write(_MESSAGE if b"/messages" in lines[0] else _RESPONSE)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _http(body: dict[str, Any]) -> bytes:
    data = json.dumps(body).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    return head.encode() + data


_MESSAGE = _http(
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "a-model",
        "content": [{"type": "text", "text": TEXT}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1500, "output_tokens": 90, "cache_read_input_tokens": 0},
    }
)
_RESPONSE = _http(
    {
        "id": "resp_1",
        "object": "response",
        "created_at": 1795000000,
        "model": "a-model",
        "status": "completed",
        "output": [
            {
                "id": "m",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": TEXT, "annotations": []}],
            }
        ],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 1500,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 90,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 1590,
        },
    }
)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--uvloop", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
