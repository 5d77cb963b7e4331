"""Settings of reading with a language model, and the taxonomy it is given. Light: imports no provider."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from earshot.domain.call import Tier
from earshot.domain.model import Noun
from earshot.domain.reading import ChurnRisk, IssueType, Priority, Sentiment


class CategorySettings(Noun):
    """An extra category of your own beside the seven issue types; it counts as one of them."""

    name: str = Field(pattern=r"^[A-Z][A-Z0-9_]{1,48}$", description="Name in capitals: SECURITY_REVIEW.")
    definition: str = Field(min_length=1, max_length=300, description="What belongs to it.")
    counts_as: IssueType = Field(description="The issue type it is counted under.")


class TaxonomySettings(Noun):
    """What the words mean in your company: definitions, extra categories, product areas."""

    definitions: dict[IssueType, str] = Field(
        default={}, description="Definitions that replace the built-in ones, by issue type."
    )
    categories: tuple[CategorySettings, ...] = Field(default=(), description="Extra categories.")
    areas: dict[str, str] = Field(
        default={}, description="Your product areas by name, each with what belongs to it."
    )
    product: str = Field(default="", max_length=500, description="What your product does, in a sentence or two.")


class ExampleSettings(Noun):
    """One labelled example that the prompt shows (few-shot)."""

    text: str = Field(min_length=1, max_length=2000, description="What the customer wrote.")
    issue_type: IssueType = Field(description="The right issue type.")
    priority: Priority = Field(description="The right priority.")
    sentiment: Sentiment = Field(description="The right sentiment.")
    churn_risk: ChurnRisk = Field(description="The right churn risk.")


class ClassifySettings(Noun):
    """How conversations are read by a language model."""

    template: Literal[1, 2, 3] = Field(
        default=3, description="What is asked: 1 the category only, 2 the guide's lines, 3 JSON with evidence."
    )
    tier: Tier = Field(default=Tier.CHEAP, description="Which tier reads.")
    triage: bool = Field(
        default=False, description="Choose the tier by length: short to cheap, middling to medium, long to strong."
    )
    triage_short_messages: int = Field(default=2, ge=0, description="Short: at most so many messages …")
    triage_short_characters: int = Field(default=200, ge=0, description="… of fewer characters on average.")
    triage_medium_messages: int = Field(default=5, ge=0, description="Middling: at most so many messages.")
    escalate_below: float = Field(
        default=0.0, ge=0, le=1, description="Ask the next tier when the confidence is lower; 0 is never."
    )
    reasoning: bool = Field(default=False, description="Let the model reason briefly before it answers.")
    mask_personal_data: bool = Field(
        default=True, description="Replace personal data by placeholders before text leaves this machine."
    )
    most_messages: int = Field(default=80, ge=1, description="Longer threads keep their beginning and their end.")
    most_tokens: int = Field(default=2000, ge=200, description="About so many tokens of a conversation are read.")
    summarise: bool = Field(
        default=True, description="Read a summary of a longer thread where that costs less than the thread."
    )
    high_mrr: float = Field(
        default=1000.0, ge=0, description="From this MRR on a customer weighs more in priority."
    )
    examples: tuple[ExampleSettings, ...] = Field(default=(), description="Labelled examples shown in the prompt.")
    examples_file: Path | None = Field(
        default=None, description="Labelled conversations (JSON lines) to take examples from."
    )
    examples_per_type: int = Field(
        default=0, ge=0, le=5, description="So many examples per issue type from the file."
    )
