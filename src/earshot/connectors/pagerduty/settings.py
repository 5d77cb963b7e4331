"""The `[pagerduty]` section: which of its regions, and how we call ourselves. Light."""

from typing import Literal

from pydantic import Field

from earshot.connectors.addresses import ServiceUrl
from earshot.domain.model import Noun

Region = Literal["us", "eu"]

HOSTS: dict[Region, str] = {
    "us": "https://events.pagerduty.com/v2",
    "eu": "https://events.eu.pagerduty.com/v2",
}


class PagerDutySettings(Noun):
    """Pages by PagerDuty's Events API v2. The key comes from the environment (PAGERDUTY_ROUTING_KEY)."""

    enabled: bool = Field(default=False, description="Page the engineer on call by PagerDuty.")
    dry_run: bool = Field(default=False, description="Render and check pages, send none.")
    region: Region = Field(default="us", description="Where the account is: us or eu (app.eu.pagerduty.com).")
    base_url: ServiceUrl | None = Field(
        default=None,
        description="Another address of the events API, for example a simulator; wins over the region.",
    )
    source: str = Field(
        default="earshot", min_length=1, max_length=255, description="The source that a page names as its origin."
    )
    timeout_seconds: float = Field(default=20.0, gt=0, le=120, description="How long one request may take.")

    @property
    def api(self) -> str:
        """The address of the API, without a slash at the end."""
        return self.base_url or HOSTS[self.region]
