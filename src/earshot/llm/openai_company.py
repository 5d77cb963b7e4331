"""OpenAI's SDK behind `clients.Company`. Import it through `clients.Clients` only."""

from datetime import date, datetime
from functools import cached_property

from openai import APIConnectionError, APIStatusError, APITimeoutError, AsyncOpenAI, OpenAIError
from pydantic_ai.models import Model as AiModel
from pydantic_ai.models.openai import OpenAIResponsesModel
from pydantic_ai.models.openai_decisions import OpenAIDecisionsModel
from pydantic_ai.providers.openai import OpenAIProvider

from earshot.llm.catalogue import Named
from earshot.llm.connections import Connections
from earshot.llm.openai_batches import OpenAIBatches
from earshot.llm.problems import Asked, SdkErrors

ERRORS = SdkErrors(
    every=(OpenAIError,), status=(APIStatusError,), timeout=(APITimeoutError,), connection=(APIConnectionError,)
)
"""What the SDK raises, whatever server it talks to."""


class OpenAI:
    """The company (clients.Company)."""

    errors = ERRORS

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @cached_property
    def _client(self) -> AsyncOpenAI:
        return AsyncOpenAI(
            api_key=self._connections.keys.key("openai"),
            base_url=self._connections.keys.base_url("openai"),
            http_client=self._connections.http,
            max_retries=0,
        )

    def model(self, name: Named) -> AiModel:
        """A model that writes, or the decision endpoint."""
        made = OpenAIDecisionsModel if name.provider == "openai-decisions" else OpenAIResponsesModel
        return made(name.model, provider=OpenAIProvider(openai_client=self._client))

    def desk(self, *, asked: Asked) -> OpenAIBatches:
        """The side of batches."""
        return OpenAIBatches(self._client, asked=asked)

    async def listed(self) -> dict[str, date | None]:
        """The models with their announced last days."""
        return await listed(self._client)


def make(connections: Connections) -> OpenAI:
    """The company over these connections."""
    return OpenAI(connections)


async def listed(client: AsyncOpenAI) -> dict[str, date | None]:
    """A server's models with their announced last days."""
    return {each.id: _day(each.shutdown_date) async for each in client.models.list()}


def _day(text: str | None) -> date | None:
    try:
        return datetime.fromisoformat(text).date() if text else None
    except ValueError:
        return None
