"""Settings of audits: the `[audit]` section."""

from typing import Literal

from pydantic import Field

from earshot.domain.model import Noun


class AuditSettings(Noun):
    """How many conversations people label, how they are drawn, and what is aimed at."""

    weekly_size: int = Field(default=50, ge=20, le=500, description="Conversations of a weekly sample.")
    baseline_size: int = Field(default=150, ge=20, le=500, description="Conversations of a baseline.")
    strata: tuple[Literal["issue_type", "urgency"], ...] = Field(
        default=("issue_type", "urgency"),
        description="What parts the conversations before drawing, so that rare kinds are seen.",
    )
    least_per_stratum: int = Field(
        default=2, ge=1, le=10, description="Drawn from each part at least, as far as it holds so many."
    )
    second: int = Field(
        default=20,
        ge=0,
        le=500,
        description="So many of each sample are labelled by two people, where there are two.",
    )
    target: float = Field(default=0.80, ge=0, le=1, description="Agreement with people that is aimed at.")
    drift_bound: float = Field(
        default=0.05, gt=0, le=1, description="A fall of agreement beyond this is to be acted on."
    )
