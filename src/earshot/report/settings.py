"""Settings of the report: which days, whose midnight, how many themes, which currency."""

from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, model_validator

from earshot.domain.model import Noun


class ReportSettings(Noun):
    """The `[report]` section of earshot.toml."""

    days: int = Field(default=30, ge=1, le=3660, description="Days a report covers when --since is not given.")
    top: int = Field(default=10, ge=1, le=100, description="How many themes a report shows.")
    timezone: str = Field(default="UTC", description="IANA time zone that fixes where a day begins.")
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$", description="ISO 4217 code of all revenue figures.")

    @model_validator(mode="after")
    def _timezone_exists(self) -> Self:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"unknown time zone {self.timezone!r}; use a name such as Europe/Berlin") from error
        return self
