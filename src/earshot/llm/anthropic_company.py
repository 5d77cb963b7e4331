"""Anthropic's SDK behind `clients.Company`. Import it through `clients.Clients` only."""

from datetime import date
from functools import cached_property

from anthropic import AnthropicError, APIConnectionError, APIStatusError, APITimeoutError, AsyncAnthropic
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider

from earshot.llm.anthropic_batches import AnthropicBatches
from earshot.llm.catalogue import Named
from earshot.llm.connections import Connections
from earshot.llm.problems import Asked, SdkErrors

_ERRORS = SdkErrors(
    every=(AnthropicError,), status=(APIStatusError,), timeout=(APITimeoutError,), connection=(APIConnectionError,)
)


class Anthropic:
    """The company (clients.Company)."""

    errors = _ERRORS

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @cached_property
    def _client(self) -> AsyncAnthropic:
        """The client; its own tracing is off, it would count every call twice."""
        return AsyncAnthropic(
            api_key=self._connections.keys.key("anthropic"),
            base_url=self._connections.keys.base_url("anthropic"),
            http_client=self._connections.http,
            max_retries=0,
            open_telemetry=False,
        )

    def model(self, name: Named) -> AnthropicModel:
        """A model that writes."""
        return AnthropicModel(name.model, provider=AnthropicProvider(anthropic_client=self._client))

    def desk(self, *, asked: Asked) -> AnthropicBatches:
        """The side of batches."""
        return AnthropicBatches(self._client, asked=asked)

    async def listed(self) -> dict[str, date | None]:
        """The models with their announced last days."""
        models = self._client.models.list()
        return {each.id: each.retires_at.date() if each.retires_at else None async for each in models}


def make(connections: Connections) -> Anthropic:
    """The company over these connections."""
    return Anthropic(connections)
