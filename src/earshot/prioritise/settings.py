"""Settings of prioritising: the `[prioritise]` section."""

from collections.abc import Mapping
from typing import Literal, Self, TypeVar

from pydantic import Field, model_validator

from earshot.domain.backlog import ItemType
from earshot.domain.call import Tier
from earshot.domain.model import Noun

_Said = TypeVar("_Said", str, float)

EFFORT_WEEKS: dict[ItemType, float] = {
    ItemType.BUG: 2.0,
    ItemType.FEATURE: 4.0,
    ItemType.IMPROVEMENT: 3.0,
    ItemType.TASK: 2.0,
}
"""Person-weeks where the settings name none: small in the guide's words, and guesses until somebody knows."""


class PrioritiseSettings(Noun):
    """How reach, impact, confidence and effort are reckoned, and how backlog items are drafted."""

    total_active_users: int | None = Field(
        default=None,
        ge=1,
        description="How many accounts use the product; reach never exceeds it. Unset: unknown, no limit.",
    )
    enterprise_weight: float = Field(
        default=10.0,
        ge=1,
        le=1000,
        description="An enterprise account counts as so many in reach; 1 counts all alike. Every item says what "
        "its reach and score would be without.",
    )
    window_days: int = Field(
        default=90,
        ge=7,
        le=3660,
        description="Reach counts the customers of the last so many days. A matter not raised since has reach 0.",
    )
    quarter_days: int = Field(default=91, ge=28, le=366, description="Reach is per quarter; a quarter's days.")
    least_days: int = Field(
        default=30,
        ge=1,
        le=366,
        description="A matter first raised fewer days ago is scaled as if it were so many, because a few days say "
        "little about a quarter: with 30, at most threefold.",
    )
    good_conversations: int = Field(
        default=3, ge=1, description="Conversations from which confidence can be 0.8, good data."
    )
    good_customers: int = Field(default=2, ge=1, description="Customers from which confidence can be 0.8.")
    strong_conversations: int = Field(
        default=10, ge=1, description="Conversations from which confidence can be 1, strong data."
    )
    strong_customers: int = Field(default=5, ge=1, description="Customers from which confidence can be 1.")
    effort_weeks: dict[ItemType, float] = Field(
        default=EFFORT_WEEKS,
        description="Person-weeks by kind of item (Bug, Feature, Improvement, Task) until a model or a person says "
        "better. What you leave out keeps its default.",
    )
    effort_factors: dict[str, float] = Field(
        default={},
        description='By product area: how much more (2.0) or less (0.5) work is there: { "integrations" = 1.5 }.',
    )
    points_per_week: float = Field(
        default=2.0, gt=0, le=21, description="Story points of a person-week; rounded to 1, 2, 3, 5, 8, 13 or 21."
    )
    mrr_at_stake: float | None = Field(
        default=10_000.0,
        gt=0,
        description="From this much monthly revenue of the customers behind it, a priority rises by a step, "
        "to P1 at most. In the report's currency.",
    )
    components: dict[str, str] = Field(
        default={},
        description='Your tracker\'s component for a product area: { "login" = "Identity" }. Otherwise the area.',
    )
    draft: Literal["auto", "template", "llm"] = Field(
        default="auto",
        description="Who words backlog items and estimates impact and effort: auto (a language model where one is "
        "switched on, otherwise template and formula), template (never a model), llm (a model, or it is an error).",
    )
    tier: Tier = Field(default=Tier.MEDIUM, description="Which model is asked: labels, cheap, medium or strong.")
    least_conversations: int = Field(
        default=3,
        ge=1,
        description="A theme with fewer conversations gets no item unless you name it.",
    )
    most_links: int = Field(
        default=20, ge=1, le=200, description="Links to conversations an item shows, the newest first."
    )
    redraft_growth: float = Field(
        default=2.0,
        gt=1,
        description="A model words an item anew when it has so many times the conversations it was drafted from.",
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        for weeks in (*self.effort_weeks.values(), *self.effort_factors.values()):
            if not 0 < weeks <= 104:
                raise ValueError("effort_weeks and effort_factors must be above 0 and at most 104")
        if self.strong_conversations < self.good_conversations or self.strong_customers < self.good_customers:
            raise ValueError("strong_conversations and strong_customers must not be below the good_ ones")
        return self

    def weeks(self, item_type: ItemType) -> float:
        """Person-weeks of a kind of item."""
        return self.effort_weeks.get(item_type, EFFORT_WEEKS[item_type])

    def effort_factor(self, area: str | None) -> float:
        """How much more work an area is; 1 where nothing is said."""
        return _by_area(self.effort_factors, area) or 1.0

    def component(self, area: str | None) -> str | None:
        """The tracker's name of a product area."""
        return _by_area(self.components, area) or (f"{area[:1].upper()}{area[1:]}" if area else None)


def _by_area(table: Mapping[str, _Said], area: str | None) -> _Said | None:
    wanted = (area or "").strip().casefold()
    return next((value for name, value in sorted(table.items()) if name.strip().casefold() == wanted), None)
