"""Settings of real time: the `[realtime]` section."""

from typing import Literal

from pydantic import Field

from earshot.domain.model import Noun


class RealtimeSettings(Noun):
    """How webhooks are heard."""

    debounce_seconds: float = Field(
        default=3.0,
        ge=0,
        le=600,
        description="The first message of a conversation is heard at once; more of them within so many seconds are "
        "heard together.",
    )
    reader: Literal["auto", "labels", "local", "full"] = Field(
        default="auto",
        description="Who judges first. auto: the model of the labels tier where [llm] names one, otherwise the "
        "local model. full: the whole reading at once, slower.",
    )
    full_reading: bool = Field(
        default=True, description="The whole reading (summary, quotes, features) follows the labels at once."
    )
    label_seconds: float = Field(
        default=3.0, gt=0, le=60, description="After so many seconds without an answer the local model judges."
    )
    only_states: tuple[str, ...] = Field(
        default=(), description='Hear only conversations in these states, for example ["open"].'
    )
    only_plans: tuple[str, ...] = Field(
        default=(), description='Hear only customers on these plans, for example ["pro", "enterprise"].'
    )
    skip_tags: tuple[str, ...] = Field(
        default=(), description='Do not hear conversations with one of these tags, for example ["processed"].'
    )
    attempts: int = Field(
        default=8, ge=1, le=50, description="Tries before a conversation is left to the next sync."
    )
    lease_seconds: float = Field(
        default=60.0, ge=15, le=600, description="A worker that says nothing for so long loses its conversation."
    )
    keep_days: int = Field(default=30, ge=1, le=3650, description="Settled notifications are dropped after this.")
