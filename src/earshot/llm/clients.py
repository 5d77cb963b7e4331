"""The companies in use, each imported when it is chosen: a company's SDK takes up to a second to import."""

import importlib
from datetime import date
from typing import Protocol

import httpx2
from pydantic_ai.models import Model as AiModel

from earshot.llm.batch_desk import BatchDesk
from earshot.llm.catalogue import Named
from earshot.llm.connections import Connections
from earshot.llm.keys import LlmKeys
from earshot.llm.problems import Asked, SdkErrors
from earshot.llm.settings import LlmSettings

_MODULES = {
    "anthropic": "earshot.llm.anthropic_company",
    "openai": "earshot.llm.openai_company",
    "openai-decisions": "earshot.llm.openai_company",
    "google": "earshot.llm.google_company",
    "google-decisions": "earshot.llm.google_company",
    "compatible": "earshot.llm.compatible_company",
}
"""Where each provider of models.toml is made, by `make(connections)`; a test compares the two."""


class Company(Protocol):
    """A company's SDK, as far as we use it. Its client is made at first use and raises Misconfigured without a key.

    Keys are passed to it explicitly, because the SDKs look for others by themselves; its retries are switched off,
    because the caller books each attempt.
    """

    @property
    def errors(self) -> SdkErrors:
        """What the SDK raises."""
        ...

    def model(self, name: Named) -> AiModel:
        """A model, or a DecisionModel where the provider's name is that of a decision endpoint."""
        ...

    def desk(self, *, asked: Asked) -> BatchDesk | None:
        """The side of batches, None where there are none."""
        ...

    async def listed(self) -> dict[str, date | None]:
        """The models with their announced last days."""
        ...


class Clients:
    """Makes each company once and closes what they share."""

    def __init__(
        self, settings: LlmSettings, keys: LlmKeys, *, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._connections = Connections(settings, keys, transport=transport)
        self._made: dict[str, Company] = {}

    def of(self, provider: str) -> Company:
        """The company behind a provider of the catalogue."""
        module = _MODULES[provider]
        if module not in self._made:
            self._made[module] = importlib.import_module(module).make(self._connections)
        return self._made[module]

    async def close(self) -> None:
        """Close the connections."""
        await self._connections.close()
