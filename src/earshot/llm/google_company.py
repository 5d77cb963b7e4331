"""Google's SDK behind `clients.Company`. Import it through `clients.Clients` only."""

from datetime import date
from functools import cached_property

from google.genai.errors import APIError
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models import Model as AiModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.google_decisions import GoogleDecisionsModel
from pydantic_ai.providers.google import GoogleProvider

from earshot.llm.catalogue import Named
from earshot.llm.connections import Connections
from earshot.llm.problems import Asked, SdkErrors


class Google:
    """The company (clients.Company)."""

    errors = SdkErrors()
    """None: pydantic-ai hides them, and so does `listed`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @cached_property
    def _provider(self) -> GoogleProvider:
        """The client exists only inside its provider; without retry options it asks once."""
        return GoogleProvider(
            api_key=self._connections.keys.key("google"),
            base_url=self._connections.keys.base_url("google"),
            http_client=self._connections.http,
        )

    def model(self, name: Named) -> AiModel:
        """A model that writes, or the decision endpoint."""
        made = GoogleDecisionsModel if name.provider == "google-decisions" else GoogleModel
        return made(name.model, provider=self._provider)

    def desk(self, *, asked: Asked) -> None:
        """No batches."""
        _ = asked

    async def listed(self) -> dict[str, date | None]:
        """The models; Google tells no last days."""
        try:
            models = await self._provider.client.aio.models.list()
        except APIError as error:
            raise ModelHTTPError(status_code=error.code, model_name="") from None
        return {(each.name or "").removeprefix("models/"): None async for each in models}


def make(connections: Connections) -> Google:
    """The company over these connections."""
    return Google(connections)
