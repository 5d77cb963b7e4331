"""What can be set, what is usual, and what vectors are called."""

from typing import Any

import pytest
from pydantic import ValidationError

from earshot.domain.call import Usage
from earshot.llm.catalogue import catalogue
from earshot.llm.embedding.known import dimensions_of, makers, model_of, name_of
from earshot.llm.embedding.settings import EmbeddingSettings
from earshot.llm.prices import ListPrices
from earshot.llm.settings import LlmSettings
from tests.unit.llm.wire import TestClock


def settings(**values: Any) -> EmbeddingSettings:
    return EmbeddingSettings.model_validate(values)


def test_nothing_is_on_by_default() -> None:
    assert settings().provider == ""


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"provider": "local"}, "path"),
        ({"provider": "compatible"}, "model"),
        ({"provider": "anthropic"}, "provider"),
        ({"dimensions": 8}, "dimensions"),
        ({"batch": 0}, "batch"),
        ({"colour": 1}, "colour"),
    ],
)
def test_what_cannot_work_is_named(values: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        settings(**values)


def test_the_name_tells_all_that_makes_vectors_differ() -> None:
    plain = settings(provider="openai")
    names = [
        name_of(plain),
        name_of(settings(provider="google")),
        name_of(settings(provider="openai", model="text-embedding-3-large")),
        name_of(settings(provider="openai", dimensions=768)),
        name_of(settings(provider="openai", prefix="query: ")),
        name_of(settings(provider="compatible", model="text-embedding-3-small")),
    ]
    assert len(set(names)) == len(names)
    assert names[0] == "openai:text-embedding-3-small@384"
    assert name_of(settings(provider="openai", batch=5, concurrency=1)) == names[0]


def test_what_is_paid_for_is_what_is_used() -> None:
    assert dimensions_of(settings(provider="google")) == 384
    assert dimensions_of(settings(provider="compatible", model="m")) is None
    assert dimensions_of(settings(provider="compatible", model="m", dimensions=256)) == 256


def test_every_maker_is_a_known_provider_with_a_priced_model() -> None:
    prices = ListPrices(LlmSettings(), clock=TestClock())
    for name, maker in makers().items():
        assert name in catalogue().providers
        if maker.model:
            assert model_of(settings(provider=name)) == maker.model
            assert prices.cost(name, maker.model, usage=Usage(input_tokens=1)) is not None
