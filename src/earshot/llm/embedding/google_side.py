"""Google's embeddings. Import it through `companies` only."""

from pydantic_ai.embeddings.google import GoogleEmbeddingModel
from pydantic_ai.models import Model as AiModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.providers.google import GoogleProvider


def embedding(beside: AiModel, name: str) -> GoogleEmbeddingModel:
    """The embedding model of that name, over the client of a model beside it."""
    if not isinstance(beside, GoogleModel):
        raise TypeError(f"{type(beside).__name__} is no model of Google's SDK")
    return GoogleEmbeddingModel(name, provider=GoogleProvider(client=beside.client))
