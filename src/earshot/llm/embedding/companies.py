"""A company's embedding model over pydantic-ai, with the client that its other models use."""

import importlib
from collections.abc import Callable
from typing import cast

from pydantic_ai.embeddings import EmbeddingModel
from pydantic_ai.embeddings.settings import EmbeddingSettings as AiSettings
from pydantic_ai.models import Model as AiModel

from earshot.llm.catalogue import Named
from earshot.llm.clients import Clients
from earshot.llm.embedding.known import dimensions_of, makers, model_of
from earshot.llm.embedding.provider import ProviderEmbedding
from earshot.llm.embedding.settings import EmbeddingSettings
from earshot.llm.problems import Asked
from earshot.ports.clock import Clock

_MODULES = {
    "openai": "earshot.llm.embedding.openai_side",
    "compatible": "earshot.llm.embedding.openai_side",
    "google": "earshot.llm.embedding.google_side",
}
"""Where each provider's embedding model is made; imported when chosen, because an SDK takes up to a second."""

_Make = Callable[[AiModel, str], EmbeddingModel]


def embedding_model(
    settings: EmbeddingSettings, clients: Clients, *, deadline: float, clock: Clock
) -> ProviderEmbedding:
    """The embedding model that the settings name. Raises Misconfigured without key or address."""
    provider, model = settings.provider, model_of(settings)
    company = clients.of(provider)
    make = cast("_Make", importlib.import_module(_MODULES[provider]).embedding)
    made = make(company.model(Named(provider, model)), model)
    asked = Asked(provider, model, "[embeddings] model", company.errors)
    return ProviderEmbedding(made, asked=asked, settings=_wishes(settings, model), deadline=deadline, clock=clock)


def _wishes(settings: EmbeddingSettings, model: str) -> AiSettings:
    """Length and task, as far as the provider knows such things; pydantic-ai takes companies' own by prefix."""
    maker, wishes = makers()[settings.provider], dict[str, object]()
    if length := dimensions_of(settings):
        wishes["dimensions"] = length
    if task := maker.prefixes.get(model):
        wishes["google_task"] = task
    elif maker.task:
        wishes["google_task_type"] = maker.task
    return cast("AiSettings", wishes)
