"""RICE: reach, impact, confidence, effort, each with who said so and why, and the score that code computes."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from earshot.domain.model import Noun

IMPACTS = (0.25, 0.5, 1.0, 2.0, 3.0)
"""Minimal, low, medium, high, massive (the guide's template 4)."""
CONFIDENCES = (0.5, 0.8, 1.0)
"""Limited data, good data, strong data."""


class Factor(StrEnum):
    """The four factors."""

    REACH = "reach"
    IMPACT = "impact"
    CONFIDENCE = "confidence"
    EFFORT = "effort"


class Source(StrEnum):
    """Who gave a factor its value."""

    DATA = "data"
    FORMULA = "formula"
    MODEL = "model"
    PERSON = "person"


class Estimate(Noun):
    """One factor's value, who gave it, and why. Effort is person-weeks, reach accounts per quarter."""

    factor: Factor
    value: float
    source: Source
    reason: str = ""


class RiceScore(Noun):
    """The guide's model: (reach × impact × confidence) / effort, by code, from the estimates."""

    reach: int = Field(ge=0, description="Accounts affected per quarter, weighed.")
    impact: float = Field(description="One of 0.25, 0.5, 1, 2, 3.")
    confidence: float = Field(description="One of 0.5, 0.8, 1.")
    effort_weeks: float = Field(gt=0)
    rice_score: float = Field(description="(reach × impact × confidence) / effort, two decimals.")
    reasoning: str = Field(max_length=500)

    @model_validator(mode="after")
    def _on_the_scales(self) -> Self:
        if self.impact not in IMPACTS or self.confidence not in CONFIDENCES:
            raise ValueError(f"impact must be one of {IMPACTS}, confidence one of {CONFIDENCES}")
        return self


class Rice(Noun):
    """A score with its grounds: the estimate of each factor, and every step of the reckoning, a line each."""

    score: RiceScore
    estimates: tuple[Estimate, ...]
    lines: tuple[str, ...] = ()
