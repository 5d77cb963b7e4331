"""The `[intercom]` section: which workspace, how fast, and where customer facts stand."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from earshot.connectors.intercom.write_settings import IntercomWriteSettings
from earshot.connectors.segments import SegmentSettings
from earshot.domain.model import Noun

Region = Literal["us", "eu", "au"]

HOSTS: dict[Region, str] = {
    "us": "https://api.intercom.io",
    "eu": "https://api.eu.intercom.io",
    "au": "https://api.au.intercom.io",
}
APPS: dict[Region, str] = {
    "us": "https://app.intercom.com",
    "eu": "https://app.eu.intercom.com",
    "au": "https://app.au.intercom.com",
}


class IntercomSettings(Noun):
    """How to reach Intercom. The token comes from the environment (`INTERCOM_ACCESS_TOKEN`)."""

    region: Region = Field(
        default="us", description="Where the workspace is hosted: us, eu or au (Intercom: Settings > General)."
    )
    base_url: str | None = Field(
        default=None, description="Another API address, for example a simulator; wins over the region."
    )
    version: str = Field(default="2.16", description="The Intercom API version that is asked for.")
    conversation_url: str = Field(
        default="{app}/a/inbox/{workspace}/inbox/conversation/{id}",
        description="How links into the inbox are written; {app}, {workspace} and {id} are filled in.",
    )
    rate_share: float = Field(
        default=0.3,
        gt=0,
        le=1,
        description="The share of the workspace's rate limit that may be spent; other apps share the limit.",
    )
    concurrency: int = Field(default=15, ge=1, le=100, description="Conversations fetched at the same time.")
    page_size: int = Field(default=150, ge=1, le=150, description="Rows per listing page (Intercom's most: 150).")
    timeout_seconds: float = Field(default=30.0, gt=0, description="How long one answer may take.")
    tries: int = Field(default=5, ge=1, le=20, description="How often one reading request is tried in all.")
    first_wait_seconds: float = Field(
        default=0.5, ge=0, description="The wait before the second try; it doubles each time, to 60 s at most."
    )
    read_customers: bool = Field(
        default=True, description="Read contacts and companies too (plan, revenue, tenure)."
    )
    cache_hours: float = Field(default=24.0, ge=0, description="How long a contact or company counts as known.")
    count_previous: bool = Field(
        default=False,
        description="Ask how many earlier conversations each contact had; costs one request per contact.",
    )
    plan_attribute: str | None = Field(
        default=None, description="Custom attribute of company or contact that names the plan."
    )
    mrr_attribute: str | None = Field(
        default=None, description="Custom attribute of company or contact with the monthly recurring revenue."
    )
    since_attribute: str | None = Field(
        default=None, description="Custom attribute with the date since when the customer is one."
    )
    segment_attribute: str | None = Field(
        default=None, description="Custom attribute that names the segment itself."
    )
    segments: SegmentSettings = Field(
        default_factory=SegmentSettings, description="How plan and revenue become a segment."
    )

    write: IntercomWriteSettings = Field(
        default_factory=IntercomWriteSettings, description="Writing notes, tags and assignments back."
    )

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address such as https://api.intercom.io")
        return value.rstrip("/")

    @property
    def api(self) -> str:
        """The address of the API, without a slash at the end."""
        return self.base_url or HOSTS[self.region]

    @property
    def app(self) -> str:
        """The address of the inbox that people open."""
        return APPS[self.region]
