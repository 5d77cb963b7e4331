"""What doctor says of embeddings, without spending."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from earshot.llm.checking import Finding
from earshot.llm.embedding.checking import check
from earshot.llm.embedding.settings import EmbeddingSettings
from earshot.llm.keys import LlmKeys
from earshot.llm.settings import LlmSettings
from tests.unit.llm.wire import KEYS, TestClock, Wire, reply

MODELS = ["text-embedding-3-small", "nomic-embed-text:latest"]


async def checked(wire: Wire, *, keys: LlmKeys = KEYS, **settings: Any) -> list[Finding]:
    return await check(
        EmbeddingSettings.model_validate(settings),
        LlmSettings(base_url="http://127.0.0.1:9/v1"),
        keys=keys,
        clock=TestClock(),
        transport=httpx2.MockTransport(wire),
    )


def listing() -> Wire:
    data = [{"id": name, "object": "model", "created": 1, "owned_by": "x"} for name in MODELS]
    return Wire(reply({"object": "list", "data": data}))


async def test_off_is_nothing_to_check() -> None:
    assert await checked(listing()) == []


async def test_a_model_that_is_there_is_only_listed() -> None:
    wire = listing()
    (found,) = await checked(wire, provider="openai")
    assert found.ok is True
    assert [(one.method, one.url.path) for one in wire.requests] == [("GET", "/v1/models")]


async def test_a_server_of_ones_own_needs_a_price_for_budgets() -> None:
    there, price = await checked(listing(), provider="compatible", model="nomic-embed-text")
    assert (there.ok, price.ok) == (True, None)
    assert 'llm.prices."compatible:nomic-embed-text"' in price.hint


@pytest.mark.parametrize(
    ("wire", "keys", "settings", "word"),
    [
        (listing(), KEYS, {"provider": "openai", "model": "text-embedding-9"}, "not among"),
        (listing(), LlmKeys(), {"provider": "openai"}, "OPENAI_API_KEY"),
        (Wire(reply({"error": {"message": "no"}}, status=401)), KEYS, {"provider": "openai"}, "401"),
        (Wire(httpx2.ConnectError("refused")), KEYS, {"provider": "openai"}, "cannot be reached"),
        (listing(), KEYS, {"provider": "local", "path": Path("/nowhere")}, "no folder"),
    ],
)
async def test_what_is_wrong_is_named(wire: Wire, keys: LlmKeys, settings: dict[str, Any], word: str) -> None:
    found = await checked(wire, keys=keys, **settings)
    assert found[0].ok is False
    assert word in found[0].text
