"""Settings of actions: the `[act]` section. Where each kind goes, how storms are held down, when tries end."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from earshot.domain.action import INWARD, ActionKind
from earshot.domain.model import Noun

_Destination = Annotated[
    str,
    Field(
        pattern=r"^(jira|linear|productboard|slack|pagerduty|hubspot|email|intercom|webhook:[A-Za-z0-9_-]{1,40})$"
    ),
]


class ActSettings(Noun):
    """Where actions go and how often. The defaults are those of widely used alarm systems; change few of them."""

    routes: dict[ActionKind, list[_Destination]] = Field(
        default={},
        description='Where a kind of action goes, instead of the default: ALERT_CS_MANAGER = ["slack", "hubspot"]. '
        "An empty list switches the kind off. Destinations that are not enabled are left out.",
    )
    approve: bool = Field(
        default=False,
        description="Every outward action waits until a person approves what is shown (`earshot actions approve`).",
    )
    templates: Path | None = Field(
        default=None,
        description="A folder with your own texts; a file there takes the place of the built-in one of its name.",
    )
    customer_text: bool = Field(
        default=False,
        description="Webhook events carry the summary and quotes too, not only ids, counts and addresses.",
    )
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$", description="Currency of revenue in texts.")
    fallback: _Destination | None = Field(
        default=None,
        description="Who is told when a page cannot be delivered, and of how much was suppressed. "
        "Unset: slack, else email, where enabled.",
    )
    inhibit: list[ActionKind] = Field(
        default=[ActionKind.CREATE_TICKET],
        description="While a page is open for a product area, these kinds are suppressed for other matters of that "
        "area: one incident makes one ticket. [] switches this off.",
    )
    first_wait_seconds: float = Field(
        default=30.0,
        ge=0,
        le=3600,
        description="How long to wait for more of the same before anything is sent. Pages do not wait.",
    )
    update_interval_seconds: float = Field(
        default=300.0, ge=1, le=86_400, description="Least time between two requests about one thing."
    )
    repeat_hours: float = Field(
        default=4.0,
        gt=0,
        le=24 * 7,
        description="A message that cannot be changed in place is followed by another when the matter has grown "
        "and so many hours have passed, though it reached no growth step.",
    )
    most_new_per_hour: int = Field(
        default=10,
        ge=1,
        le=10_000,
        description="New things at one destination within an hour; beyond it they are suppressed and one summary "
        "says how many.",
    )
    growth_steps: list[int] = Field(
        default=[10, 100, 1000],
        description="At so many conversations, people are told again by a message that cannot be changed in place.",
    )
    resolve_after_hours: float = Field(
        default=24.0,
        gt=0,
        le=24 * 90,
        description="A page is resolved when nobody reported the matter for so long.",
    )
    reopen_within_hours: float = Field(
        default=24.0,
        ge=0,
        le=24 * 365,
        description="A matter that returns so soon after it was closed reopens its ticket; later it gets a new one "
        "that names the old one.",
    )
    lease_seconds: float = Field(
        default=120.0,
        ge=10,
        le=3600,
        description="How long a worker may be silent about what it is sending before another one looks it up.",
    )
    attempts: int = Field(default=10, ge=1, le=100, description="Tries before a delivery counts as failed.")
    give_up_hours: float = Field(
        default=24.0, gt=0, le=24 * 30, description="A delivery that failed for so long counts as failed."
    )
    page_give_up_minutes: float = Field(
        default=30.0, gt=0, le=24 * 60, description="The same for pages; then the fallback is told."
    )
    first_retry_seconds: float = Field(
        default=2.0, gt=0, le=3600, description="The longest wait before the second try; it doubles with every try."
    )
    longest_retry_seconds: float = Field(
        default=300.0, gt=0, le=86_400, description="The longest wait between two tries."
    )
    breaker_failures: int = Field(
        default=5, ge=1, le=1000, description="A destination rests after so many failures in a row."
    )
    first_probe_seconds: float = Field(
        default=60.0,
        gt=0,
        le=86_400,
        description="How long it rests at first; then twice as long, up to half an hour.",
    )
    disable_after_days: float = Field(
        default=3.0, gt=0, le=365, description="A destination that only failed for so long is switched off."
    )

    @model_validator(mode="after")
    def _steps_rise_and_routes_lead_outward(self) -> Self:
        if self.growth_steps != sorted(set(self.growth_steps)) or any(step < 2 for step in self.growth_steps):
            raise ValueError("growth_steps must rise, from 2 upwards")
        inward = sorted(kind.value for kind in self.routes if kind in INWARD)
        if inward:
            raise ValueError(f"routes: {', '.join(inward)} stays inside Earshot and has no destination")
        if self.fallback == "pagerduty":
            raise ValueError("fallback: a page that fails cannot fall back to paging")
        return self
