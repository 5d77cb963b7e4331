"""Settings of schedules: the `[schedule]` section."""

from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator, model_validator

from earshot.domain.model import Noun
from earshot.domain.schedule import CatchUp, Chore
from earshot.pipeline.scheduling.arguments import check as check_arguments
from earshot.pipeline.scheduling.times import check as check_cron


def _cron(text: str) -> str:
    check_cron(text)
    return text


def _cron_or_none(text: str) -> str:
    return _cron(text) if text else text


CronLine = Annotated[str, AfterValidator(_cron)]
"""A cron line of five fields."""
CronLineOrOff = Annotated[str, AfterValidator(_cron_or_none)]
"""A cron line, or "" for never."""


class ScheduleEntry(Noun):
    """One schedule of your own."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="Its name, unique.")
    chore: Chore = Field(description="What is done: run, sync, report, audit or sweep.")
    cron: CronLine = Field(description='When, as a cron line of five fields: "0 6 * * *" is every day at 06:00.')
    timezone: str | None = Field(default=None, description="Time zone of the times (default: [report] timezone).")
    catch_up: CatchUp = Field(default=CatchUp.LAST, description="What happens with times that were missed.")
    arguments: dict[str, str] = Field(default={}, description='What the chore is told: { since = "7d" }.')
    enabled: bool = Field(default=True, description="Whether it runs.")

    @field_validator("timezone")
    @classmethod
    def _timezone_exists(cls, value: str | None) -> str | None:
        try:
            ZoneInfo(value or "UTC")
        except (LookupError, ValueError, OSError):
            raise ValueError(f"unknown time zone {value!r}; use a name such as Europe/Berlin") from None
        return value

    @model_validator(mode="after")
    def _chore_knows_its_arguments(self) -> Self:
        check_arguments(self.chore, self.arguments)
        return self


class ScheduleSettings(Noun):
    """What workers do by themselves. An entry named as a built-in one (daily, weekly, audit …) replaces it."""

    enabled: bool = Field(default=True, description="Whether workers keep schedules at all.")
    daily: CronLineOrOff = Field(
        default="0 6 * * *", description='The daily run, as a cron line; "" switches it off.'
    )
    weekly: CronLineOrOff = Field(
        default="0 6 * * 1", description='The weekly report, as a cron line; "" switches it off.'
    )
    audit: CronLineOrOff = Field(
        default="30 6 * * 1", description='The weekly sample to label, as a cron line; "" switches it off.'
    )
    sync: CronLineOrOff = Field(
        default="*/15 * * * *",
        description='Between daily runs: brings in what webhooks missed, as a cron line; "" switches it off.',
    )
    sweep: CronLineOrOff = Field(default="* * * * *", description="Housekeeping and watching, as a cron line.")
    folder: Path = Field(
        default=Path("reports"), description="Folder of reports that a schedule writes, made when needed."
    )
    entries: list[ScheduleEntry] = Field(default=[], description="Your own schedules.")

    @model_validator(mode="after")
    def _entries_have_names_of_their_own(self) -> Self:
        names = [entry.name for entry in self.entries]
        if len(names) != len(set(names)):
            raise ValueError("entries: two schedules have the same name")
        return self
