"""OpenAI's embeddings, and those of servers that speak like it. Import it through `companies` only."""

from pydantic_ai.embeddings.openai import OpenAIEmbeddingModel
from pydantic_ai.models import Model as AiModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider


def embedding(beside: AiModel, name: str) -> OpenAIEmbeddingModel:
    """The embedding model of that name, over the client of a model beside it."""
    if not isinstance(beside, OpenAIResponsesModel | OpenAIChatModel):
        raise TypeError(f"{type(beside).__name__} is no model of OpenAI's SDK")
    return OpenAIEmbeddingModel(name, provider=OpenAIProvider(openai_client=beside.client))
