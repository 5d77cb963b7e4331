"""The `[jira]` section."""

from typing import Any

import pytest
from pydantic import ValidationError

from earshot.connectors.jira.settings import JiraSettings


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "acme.atlassian.net"},
        {"base_url": "ftp://acme.atlassian.net"},
        {"base_url": "https://user:secret@acme.atlassian.net"},
        {"site_url": "javascript:alert(1)"},
        {"project": "eng"},
        {"project": 'ENG" OR 1=1'},
        {"label_prefix": ""},
        {"label_prefix": "ear shot"},
        {"labels": ("two words",)},
        {"fields": {"rice_score": "RICE score"}},
        {"feilds": {}},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JiraSettings(**wrong)


def test_people_open_the_site_and_not_the_gateway() -> None:
    assert JiraSettings(base_url="https://acme.atlassian.net/").site == "https://acme.atlassian.net"
    gateway = JiraSettings(base_url="https://api.atlassian.com/ex/jira/1", site_url="https://acme.atlassian.net/")
    assert gateway.site == "https://acme.atlassian.net"


def test_every_setting_explains_itself() -> None:
    assert all(field.description for field in JiraSettings.model_fields.values())
