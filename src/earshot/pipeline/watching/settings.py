"""Settings of watching: the `[watch]` section."""

from pydantic import Field

from earshot.domain.model import Noun


class WatchSettings(Noun):
    """Bounds of the flow. Leaving one tells `[act] fallback` (mail or Slack), once until it is kept again."""

    enabled: bool = Field(default=True, description="Whether the bounds are watched.")
    reading_p95_seconds: float = Field(default=5.0, gt=0, description="Reading in real time, 95th percentile.")
    decision_p95_seconds: float = Field(
        default=10.0, gt=0, description="From webhook to decision, 95th percentile."
    )
    error_share: float = Field(default=0.1, gt=0, le=1, description="Failed calls of models among the last hour's.")
    queue_age_seconds: float = Field(default=300.0, gt=0, description="Age of the oldest job that is due.")
    silence_minutes: float = Field(
        default=0.0, ge=0, description="Tell when no webhook came for so long (0: never)."
    )
    held_jobs: int = Field(default=0, ge=0, description="Jobs that gave up; with more of them people are told.")
    refused_actions: int = Field(
        default=0, ge=0, description="Actions refused for good within a day; with more of them people are told."
    )
    drift: bool = Field(
        default=True,
        description="Tell when agreement with people fell by more than `[audit] drift_bound`, beyond chance.",
    )
    approval_minutes: float = Field(
        default=15.0,
        ge=0,
        description="Tell when an action has waited for a person's approval for so long, and again every day.",
    )
