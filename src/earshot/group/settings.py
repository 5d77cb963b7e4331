"""Settings of grouping: the `[group]` section."""

from typing import Literal, Self

from pydantic import Field, model_validator

from earshot.domain.model import Noun
from earshot.group.vocabulary import empty_groups, unknown_concepts


class GroupSettings(Noun):
    """How sure grouping must be, whom it asks, and your product's own words."""

    same_matter: float = Field(
        default=0.7,
        ge=0.05,
        le=0.99,
        description="Probability (0 to 1) from which a mention is taken for the matter of a theme. "
        "Higher gives more and purer themes, lower gives fewer and broader ones.",
    )
    same_theme: float = Field(
        default=0.55,
        ge=0.05,
        le=1.0,
        description="Mean probability (0 to 1) from which themes that grew apart are one matter and are joined. "
        "1 never joins them without a person or a model saying so.",
    )
    doubt_from: float = Field(
        default=0.02,
        ge=0.0,
        le=1.0,
        description="From this probability on a pairing is doubtful enough to be asked about.",
    )
    doubt_to: float = Field(
        default=0.99,
        ge=0.0,
        le=1.0,
        description="From this probability on a pairing is sure enough not to be asked about.",
    )
    core: int = Field(
        default=8,
        ge=1,
        le=32,
        description="How many of the earliest mentions make up a centre, with which later ones are compared.",
    )
    adjudicator: Literal["off", "llm"] = Field(
        default="off",
        description='"llm": doubtful pairings are put to your language model ("same matter?"), within its budget. '
        "Doubts wait for a person or for `earshot themes adjudicate` otherwise.",
    )
    ask_small: int | None = Field(
        default=None,
        ge=0,
        le=20,
        description="Themes of at most so many conversations are asked about even beside themes that they do not "
        "resemble: a message may tell its matter in words that nobody else uses. Left out: 3 where a model "
        "adjudicates, otherwise 0, which is never.",
    )
    names: Literal["auto", "extractive", "llm"] = Field(
        default="auto",
        description='Who names themes: "extractive" takes the best summary of a mention, "llm" your language '
        'model, "auto" the model where one is switched on.',
    )
    tier: Literal["labels", "cheap", "medium", "strong"] = Field(
        default="cheap", description="Which of `[llm.models]` adjudicates and names."
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

    @property
    def small(self) -> int:
        """Up to how many conversations a theme is small enough to be asked about beside any other."""
        if self.ask_small is not None:
            return self.ask_small
        return 0 if self.adjudicator == "off" else 3

    @model_validator(mode="after")
    def _patterns_make_sense(self) -> Self:
        if unknown := unknown_concepts(self.synonyms, self.matters):
            raise ValueError(f"matters name concepts that do not exist: {', '.join(unknown)}; add them to synonyms")
        if empty := empty_groups(self.matters):
            raise ValueError(f"matters with a pattern that lacks a concept beside a +: {', '.join(empty)}")
        if self.doubt_from > self.doubt_to:
            raise ValueError("doubt_from is above doubt_to")
        return self
