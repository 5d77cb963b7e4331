"""The `[hubspot]` section: whose tasks, and when they are due. Light."""

from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from earshot.connectors.addresses import ServiceUrl
from earshot.domain.model import Noun

TaskType = Literal["TODO", "CALL", "EMAIL"]


class HubSpotSettings(Noun):
    """Tasks in HubSpot. The service key comes from the environment (HUBSPOT_TOKEN)."""

    enabled: bool = Field(default=False, description="Make tasks in HubSpot.")
    dry_run: bool = Field(default=False, description="Render and check tasks, send none.")
    base_url: ServiceUrl = Field(
        default="https://api.hubapi.com", description="The API; another address is a simulator."
    )
    owner_id: str = Field(
        default="",
        pattern=r"^\d*$",
        description="Id of the HubSpot user who gets the tasks; empty: nobody.",
    )
    task_type: TaskType = Field(default="TODO", description="The type of the tasks: TODO, CALL or EMAIL.")
    due_days: int = Field(default=1, ge=0, le=90, description="In how many working days a task is due.")
    due_hour: int = Field(default=9, ge=0, le=23, description="The hour of that day, in `time_zone`.")
    time_zone: str = Field(default="UTC", description="Whose working days and hours: Europe/Berlin, for example.")
    portal_id: str = Field(
        default="", pattern=r"^\d*$", description="The account's number (Hub ID); makes links to the contacts."
    )
    app_url: ServiceUrl = Field(
        default="https://app.hubspot.com", description="HubSpot as people open it; app-eu1.hubspot.com in the EU."
    )
    timeout_seconds: float = Field(default=20.0, gt=0, le=120, description="How long one request may take.")

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("must be a time zone such as Europe/Berlin") from error
        return value
