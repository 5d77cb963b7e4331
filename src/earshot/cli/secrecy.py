"""Every secret of this process, so that logs can blank them."""

from collections.abc import Iterator
from typing import Any, cast

from pydantic import SecretStr

from earshot.settings import Secrets


def secret_values(secrets: Secrets) -> list[str]:
    """All secret values, wherever they stand."""
    return sorted(set(_within(secrets.model_dump())))


def _within(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, dict):
        for inner in cast("dict[Any, Any]", value).values():
            yield from _within(inner)
    elif isinstance(value, list | tuple):
        for inner in cast("list[Any]", value):
            yield from _within(inner)
