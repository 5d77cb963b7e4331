"""The settings of the report."""

import pytest
from pydantic import ValidationError

from earshot.report.settings import ReportSettings


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
