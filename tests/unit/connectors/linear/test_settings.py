"""The `[linear]` section."""

from typing import Any

import pytest
from pydantic import ValidationError

from earshot.connectors.linear.settings import LinearSettings


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "api.linear.app"},
        {"base_url": "https://user:secret@api.linear.app"},
        {"team": "Engineering team"},
        {"priorities": {"P0": 9}},
        {"links": 21},
        {"lables": ()},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LinearSettings(**wrong)


def test_the_endpoint_may_be_named_or_not() -> None:
    assert LinearSettings(base_url="https://api.linear.app/graphql").base_url == "https://api.linear.app"
    assert all(field.description for field in LinearSettings.model_fields.values())
