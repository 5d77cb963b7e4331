"""Settings of the report: which days, whose midnight, how many themes, which currency, and to whom it is sent."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from earshot.domain.model import Noun

SECTION_NAMES = (
    "news", "numbers", "themes", "movers", "issues", "sentiment", "critical", "churn", "accounts", "actions",
    "done", "audit", "cost", "completeness", "how",
)  # fmt: skip
"""Every section that there is, in the order of a whole report (`report.sections.SECTIONS`)."""
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")


def _mail(value: str) -> str:
    if not _MAIL.fullmatch(value) or len(value) > 254:
        raise ValueError("must be a plain mail address such as product@example.com")
    return value


def _section(value: str) -> str:
    if value not in SECTION_NAMES:
        raise ValueError(f"there is no section {value!r}; there are {', '.join(SECTION_NAMES)}")
    return value


MailAddress = Annotated[str, AfterValidator(_mail)]
SectionName = Annotated[str, AfterValidator(_section)]
Channel = Annotated[str, Field(pattern=r"^#?[A-Za-z0-9._-]{1,80}$")]


class ReportSeries(Noun):
    """A report that is sent again and again: when the schedule of its name says so, about the period before."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}$",
        description="Its name, which is that of its schedule: daily, weekly, or one of [[schedule.entries]].",
    )
    mail: list[MailAddress] = Field(default=[], max_length=50, description="Who gets it by mail ([email]).")
    slack: list[Channel] = Field(
        default=[],
        max_length=10,
        description="Slack channels that get it ([slack]); a webhook posts to its own channel whatever this says.",
    )
    folder: Path | None = Field(default=None, description="Folder that gets it as files.")
    formats: list[Literal["html", "md", "json"]] = Field(default=["html"], min_length=1, description="The files.")
    sections: list[SectionName] = Field(default=[], description="Its sections; empty: those of [report].")
    days: int | None = Field(
        default=None, ge=1, le=366, description="Days it covers; unset: from one time of the schedule to the next."
    )
    charts: bool = Field(default=True, description="Send the charts with it.")

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if not (self.mail or self.slack or self.folder):
            raise ValueError(f"the series {self.name!r} goes nowhere; give mail, slack or folder")
        return self


class ReportSettings(Noun):
    """The `[report]` section of earshot.toml."""

    days: int = Field(default=30, ge=1, le=3660, description="Days a report covers when --since is not given.")
    top: int = Field(default=10, ge=1, le=100, description="How many themes a report shows.")
    timezone: str = Field(default="UTC", description="IANA time zone that fixes where a day begins.")
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$", description="ISO 4217 code of all revenue figures.")
    sections: list[SectionName] = Field(
        default=[], description="Which sections a report has, in this order; empty: all of them."
    )
    series: list[ReportSeries] = Field(
        default=[],
        description='Reports that are sent, a [[report.series]] each: name = "weekly", mail = ["pm@example.com"].',
    )

    @model_validator(mode="after")
    def _series_have_names_of_their_own(self) -> Self:
        names = [one.name for one in self.series]
        if len(names) != len(set(names)):
            raise ValueError("series: two have the same name")
        return self

    @model_validator(mode="after")
    def _timezone_exists(self) -> Self:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"unknown time zone {self.timezone!r}; use a name such as Europe/Berlin") from error
        return self
