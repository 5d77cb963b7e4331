"""Any server that speaks OpenAI's chat completions, behind `clients.Company`, over OpenAI's SDK."""

from datetime import date
from functools import cached_property

from openai import AsyncOpenAI
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

from earshot.errors import Misconfigured
from earshot.llm.catalogue import Named
from earshot.llm.connections import Connections
from earshot.llm.openai_company import ERRORS, listed
from earshot.llm.problems import Asked


class Compatible:
    """The server (clients.Company); the older `max_tokens` is what all of them know."""

    errors = ERRORS

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @cached_property
    def _client(self) -> AsyncOpenAI:
        address, secret = self._connections.settings.base_url, self._connections.keys.compatible
        if not address:
            raise Misconfigured(
                "The compatible server has no address.",
                hint='Set [llm] base_url, for Ollama "http://127.0.0.1:11434/v1".',
            )
        return AsyncOpenAI(
            api_key=secret.get_secret_value() if secret else "no-key",
            base_url=address,
            http_client=self._connections.http,
            max_retries=0,
        )

    def model(self, name: Named) -> OpenAIChatModel:
        """A model that writes."""
        profile = OpenAIModelProfile(
            supports_json_schema_output=True, openai_chat_supports_max_completion_tokens=False
        )
        provider = OpenAICompatibleProvider("compatible", openai_client=self._client, profile=profile)
        return OpenAIChatModel(name.model, provider=provider)

    def desk(self, *, asked: Asked) -> None:
        """No batches."""
        _ = asked

    async def listed(self) -> dict[str, date | None]:
        """The models it has."""
        return await listed(self._client)


def make(connections: Connections) -> Compatible:
    """The server over these connections."""
    return Compatible(connections)
