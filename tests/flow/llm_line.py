"""Opens Earshot on a test's database with simulated model providers, wired as in production."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from earshot.app import build
from earshot.domain.call import Call
from earshot.domain.insight import FirstLabels, Insight
from earshot.pipeline.earshot import Earshot
from earshot.settings import Secrets, Settings
from earshot.sim.llm.server import running
from earshot.sim.llm.simulator import LlmSim

Open = Callable[..., Awaitable[Earshot]]
PROVIDERS = ("openai", "anthropic")
_TEXTS = (
    "I was charged twice for October, please refund me.",
    "The export button does nothing since yesterday.",
    "How do I invite a colleague to my workspace?",
    "I cannot log in any more, the reset mail never comes.",
    "It would be great to have dark mode in the mobile app.",
)


def write_conversations(file: Path, count: int) -> Path:
    rows = [
        {"id": f"c{n:03}", "messages": [{"author": "customer", "text": f"{_TEXTS[n % len(_TEXTS)]} Case {n}."}]}
        for n in range(count)
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


@asynccontextmanager
async def opening(database_url: str) -> AsyncGenerator[Open]:
    """Gives a function that opens Earshot at a simulator; everything is closed at the end."""
    async with AsyncExitStack() as stack:
        bases: dict[int, str] = {}

        async def opened(
            sim: LlmSim, provider: str = "openai", *, sections: dict[str, Any] | None = None, key: str = "sim-key",
            secrets: dict[str, Any] | None = None, **llm: Any,
        ) -> Earshot:  # fmt: skip
            if id(sim) not in bases:
                bases[id(sim)] = await stack.enter_async_context(running(sim))
            base = bases[id(sim)]
            keys = {"openai": key, "anthropic": key, "openai_base_url": f"{base}/v1", "anthropic_base_url": base}
            values = {"llm": {"provider": provider, "requests_per_minute": None, **llm}, **(sections or {})}
            known = Secrets.model_validate({"database_url": database_url, "llm": keys, **(secrets or {})})
            return await stack.enter_async_context(await build(Settings.fixed(values), secrets=known))

        yield opened


async def calls_of(earshot: Earshot) -> list[Call]:
    async with earshot.parts.store.unit() as unit:
        return [call async for group in unit.calls.export() for call in group]


async def insights_of(earshot: Earshot) -> dict[str, Insight]:
    async with earshot.parts.store.unit() as unit:
        return {one.conversation_id: one async for group in unit.insights.export() for one in group}


async def labels_of(earshot: Earshot) -> dict[str, FirstLabels]:
    async with earshot.parts.store.unit() as unit:
        return {one.conversation_id: one async for group in unit.insights.export_labels() for one in group}
