"""Settings of grouping: the `[group]` section."""

from typing import Self

from pydantic import Field, model_validator

from earshot.domain.model import Noun
from earshot.group.vocabulary import empty_groups, unknown_concepts


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
        'synonyms = { dispatch = ["dispatch board", "planning wall"] }. '
        "The name of a built-in concept adds to it.",
    )
    matters: dict[str, list[str]] = Field(
        default={},
        description="What is often the matter with your product, by any name you like: for each a list of patterns "
        "of concepts (built-in ones or names among your synonyms) that come together in one text, in any order. "
        'A plus means and, a vertical bar or; what stands after " - " must not be there: '
        '"dispatch + uptime - slow". The name of a built-in matter adds to it.',
    )

    @model_validator(mode="after")
    def _patterns_make_sense(self) -> Self:
        if unknown := unknown_concepts(self.synonyms, self.matters):
            raise ValueError(f"matters name concepts that do not exist: {', '.join(unknown)}; add them to synonyms")
        if empty := empty_groups(self.matters):
            raise ValueError(f"matters with a pattern that lacks a concept beside a +: {', '.join(empty)}")
        return self
