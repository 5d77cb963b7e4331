"""Looking into JSON that others wrote."""

from collections.abc import Mapping
from typing import cast


def fields(value: object) -> Mapping[str, object]:
    """The fields of a JSON object; anything else has none."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}
