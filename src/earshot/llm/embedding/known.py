"""What is known about embedding models, read from models.toml, and what their vectors are called."""

import hashlib
import tomllib
from functools import cache
from importlib import resources

from earshot.domain.model import Noun
from earshot.llm.embedding.settings import EmbeddingSettings

USED = 384
"""Dimensions that grouping uses; asking for more would pay for what is thrown away."""


class Maker(Noun):
    """A provider's side of embeddings; see models.toml for what the fields mean."""

    model: str = ""
    most_texts: int
    shortens: bool = False
    task: str | None = None
    prefixes: dict[str, str] = {}


@cache
def makers() -> dict[str, Maker]:
    """Every provider that makes vectors."""
    text = resources.files("earshot.llm.embedding").joinpath("models.toml").read_text("utf-8")
    return {name: Maker.model_validate(each) for name, each in tomllib.loads(text).items()}


def model_of(settings: EmbeddingSettings) -> str:
    """The model's name at its provider."""
    return settings.model or makers()[settings.provider].model


def dimensions_of(settings: EmbeddingSettings) -> int | None:
    """The length to ask for; None: whatever the model makes."""
    if settings.dimensions is None and makers()[settings.provider].shortens:
        return USED
    return settings.dimensions


def name_of(settings: EmbeddingSettings) -> str:
    """What a provider's vectors are called: `openai:model@384`, with a mark of what is put before each text."""
    length = dimensions_of(settings)
    sized = f"{settings.provider}:{model_of(settings)}" + (f"@{length}" if length else "")
    return sized + mark(settings.prefix)


def mark(prefix: str) -> str:
    """A short mark of a prefix, empty without one: vectors made with another prefix are other vectors."""
    return f"+{hashlib.sha256(prefix.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}" if prefix else ""
