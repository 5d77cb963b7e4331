"""The `[intercom]` section."""

import pytest
from pydantic import ValidationError

from earshot.connectors.intercom.settings import IntercomSettings, Region


@pytest.mark.parametrize(
    ("region", "api", "app"),
    [
        ("us", "https://api.intercom.io", "https://app.intercom.com"),
        ("eu", "https://api.eu.intercom.io", "https://app.eu.intercom.com"),
        ("au", "https://api.au.intercom.io", "https://app.au.intercom.com"),
    ],
)
def test_each_region_has_its_hosts(region: Region, api: str, app: str) -> None:
    settings = IntercomSettings(region=region)
    assert (settings.api, settings.app) == (api, app)


def test_another_address_wins_over_the_region() -> None:
    assert IntercomSettings(region="eu", base_url="http://127.0.0.1:4010/").api == "http://127.0.0.1:4010"


@pytest.mark.parametrize("value", ["", "http://", "http:///x", "api.intercom.io", "ftp://x.y", "http://[bad/"])
def test_what_is_no_address_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="base_url"):
        IntercomSettings(base_url=value)


@pytest.mark.parametrize("share", [0, -1, 1.5])
def test_a_share_is_more_than_nothing_and_no_more_than_all(share: float) -> None:
    with pytest.raises(ValidationError):
        IntercomSettings(rate_share=share)


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in IntercomSettings.model_fields.items() if not field.description] == []
