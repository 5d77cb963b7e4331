"""The settings of the report."""

import re

import pytest
from pydantic import ValidationError

from earshot.report.settings import ReportSettings
from earshot.settings import Settings


def test_defaults_and_a_real_time_zone() -> None:
    assert ReportSettings().days == 30
    assert ReportSettings(timezone="Asia/Kathmandu").timezone == "Asia/Kathmandu"


@pytest.mark.parametrize(
    "values",
    [
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
        {"currency": "dollars"},
        {"days": 0},
        {"zone": "UTC"},
    ],
)
def test_mistakes_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ReportSettings.model_validate(values)


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ({"sections": ["numbers", "numbrs"]}, "there is no section 'numbrs'; there are news, numbers"),
        ({"series": [{"name": "weekly"}]}, "goes nowhere"),
        ({"series": [{"name": "weekly", "mail": ["a@b.c\nBcc: d@e.f"]}]}, "must be a plain mail address"),
        ({"series": [{"name": "weekly", "slack": ["#a"]}] * 2}, "two have the same name"),
        ({"series": [{"name": "monthly", "slack": ["#a"]}]}, "'monthly' has no schedule that runs or reports"),
        ({"series": [{"name": "sync", "slack": ["#a"]}]}, "'sync' has no schedule that runs or reports"),
    ],
)
def test_a_series_that_cannot_be_sent_is_refused_clearly(report: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(words)):
        Settings.fixed({"report": report})
