"""Settings of grouping: the `[group]` section."""

from pydantic import Field

from earshot.domain.model import Noun


class GroupSettings(Noun):
    """How alike two findings must be to share a theme, and how much is kept of each theme."""

    same_matter: float = Field(
        default=0.22,
        ge=0.05,
        le=0.99,
        description="Similarity (0 to 1) from which two findings, or a finding and a theme, are the same matter. "
        "Higher gives more and purer themes, lower gives fewer and broader ones.",
    )
    neighbours: int = Field(
        default=24, ge=4, le=200, description="How many of the most similar findings are compared with each one."
    )
    centre_terms: int = Field(
        default=64, ge=16, le=512, description="How many of its weightiest terms a theme keeps between runs."
    )
    lexicon_terms: int = Field(
        default=50_000,
        ge=1_000,
        description="How many terms the term counts may hold; the rarest are forgotten first.",
    )
    synonyms: dict[str, list[str]] = Field(
        default={},
        description="Your own words for the same thing, by any name you like: "
        'synonyms = { dispatch = ["dispatch board", "planning wall"] }.',
    )
