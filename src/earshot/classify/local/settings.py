"""Settings of the local model."""

from pydantic import Field

from earshot.domain.model import Noun


class LocalSettings(Noun):
    """How the local model names product areas and when it reports a second matter."""

    areas: dict[str, tuple[str, ...]] = Field(
        default={}, description="Product areas by name, each with the words or phrases that mean it."
    )
    second_finding: float = Field(
        default=0.85, ge=0.5, le=1.0, description="How sure a sentence must be of another matter to count as one."
    )
    most_findings: int = Field(default=3, ge=1, le=10, description="At most so many findings per conversation.")
