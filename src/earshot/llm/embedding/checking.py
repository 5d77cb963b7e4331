"""What `earshot doctor` wants to know of embeddings. Models are only listed, so nothing is spent."""

import asyncio
from collections.abc import Collection

import httpx2

from earshot.domain.call import Usage
from earshot.errors import EarshotError
from earshot.llm.catalogue import is_snapshot
from earshot.llm.checking import Finding
from earshot.llm.clients import Clients
from earshot.llm.embedding.known import model_of
from earshot.llm.embedding.local import LocalEmbedder
from earshot.llm.embedding.settings import EmbeddingSettings
from earshot.llm.keys import LlmKeys
from earshot.llm.prices import ListPrices
from earshot.llm.problems import Asked, problem
from earshot.llm.settings import LlmSettings
from earshot.ports.clock import Clock

NAME = "[embeddings]"


async def check(
    settings: EmbeddingSettings,
    llm: LlmSettings,
    *,
    keys: LlmKeys,
    clock: Clock,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> list[Finding]:
    """Whether the key works, the model is there and its price known, or a local model can be loaded and asked."""
    if not settings.provider:
        return []
    try:
        if settings.provider == "local":
            return [await _local(settings)]
        listed = await _listed(settings, llm, keys=keys, transport=transport)
    except EarshotError as error:
        return [Finding(name=NAME, ok=False, text=str(error), hint=error.hint)]
    return [_exists(settings, listed), *_price(settings, ListPrices(llm, clock=clock))]


async def _local(settings: EmbeddingSettings) -> Finding:
    model = LocalEmbedder(settings)
    (row,) = await model.embed(["How do I export a report?"])
    return Finding(name=NAME, ok=True, text=f"{model.name} makes vectors of {len(row)} numbers on this machine.")


async def _listed(
    settings: EmbeddingSettings,
    llm: LlmSettings,
    *,
    keys: LlmKeys,
    transport: httpx2.AsyncBaseTransport | None,
) -> Collection[str]:
    at = llm.model_copy(update={"base_url": settings.base_url}) if settings.base_url else llm
    clients = Clients(at, keys, transport=transport)
    failed: EarshotError
    company = clients.of(settings.provider)
    asked = Asked(settings.provider, model_of(settings), "[embeddings] model", company.errors)
    try:
        async with asyncio.timeout(llm.deadline_seconds):
            return await company.listed()
    except asked.faults as error:
        failed = problem(error, asked=asked)
    finally:
        await clients.close()
    raise failed


def _exists(settings: EmbeddingSettings, listed: Collection[str]) -> Finding:
    model = model_of(settings)
    name = f"{settings.provider}:{model}"
    if any(known == model or is_snapshot(known, of=model) or known == f"{model}:latest" for known in listed):
        return Finding(name=NAME, ok=True, text=f"{name} is there; findings are embedded by it.")
    own = settings.provider == "compatible"
    hint = "" if own else "Name another model: [embeddings] model."
    return Finding(name=NAME, ok=None if own else False, text=f"{name} is not among its models.", hint=hint)


def _price(settings: EmbeddingSettings, prices: ListPrices) -> list[Finding]:
    model = model_of(settings)
    if prices.cost(settings.provider, model, usage=Usage(input_tokens=1)) is not None:
        return []
    text = f"The price of {settings.provider}:{model} is not known, so no budget can be kept for it."
    hint = f'Tell it: [llm.prices."{settings.provider}:{model}"] input = 0 and output = 0 for your own server.'
    return [Finding(name=NAME, ok=None, text=text, hint=hint)]
