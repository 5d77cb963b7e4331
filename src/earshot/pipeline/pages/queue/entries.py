"""What an entry of the queue shows, and what can be answered; every kind of entry gives these."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from earshot.domain.grouping import Decider
from earshot.domain.model import Noun
from earshot.domain.queue import QueueDecision
from earshot.domain.theme import Quote, Theme
from earshot.errors import Rejected
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit
from earshot.text.wording import money

UNKNOWN = "–"
"""What stands for a value that is not known."""
QUOTES = 4
"""Quotes shown on a side."""


class Fact(Noun):
    """A named value of a side, with the rows behind it."""

    name: str
    value: str
    href: str = ""


class Side(Noun):
    """One of the things to be compared: its words, figures and quotes, with where to look at it."""

    label: str
    title: str
    href: str = ""
    url: str | None = None
    text: str = ""
    facts: tuple[Fact, ...] = ()
    quotes: tuple[Quote, ...] = ()


class Choice(Noun):
    """An answer: the key that gives it, its words, and what it does."""

    key: str
    answer: str
    text: str
    does: str = ""
    main: bool = False


class Field(Noun):
    """A label that can be corrected beside the answer: its values, and the one that the reader gave."""

    name: str
    title: str
    value: str
    options: tuple[str, ...]


class Entry(Noun):
    """An entry as it is decided. `question` is asked; `fields` are labels that may be corrected instead."""

    question: str
    sides: tuple[Side, ...]
    choices: tuple[Choice, ...]
    fields: tuple[Field, ...] = ()
    version: str = ""


class Answered(Noun):
    """What an answer did, in words, and the ids with which it is taken back (empty: it cannot be)."""

    said: str
    before: dict[str, str] = {}


@dataclass(frozen=True)
class Given:
    """An answer that a person gave: which entry, what, why, and further fields of the form."""

    subject: str
    answer: str
    reason: str = ""
    version: str | None = None
    values: tuple[tuple[str, str], ...] = ()


class Kind(Protocol):
    """A kind of entry."""

    async def entry(self, parts: Parts, subject: str) -> Entry | None:
        """The entry as it stands now, None where it is decided or gone."""
        ...

    async def answer(self, parts: Parts, given: Given) -> Answered:
        """Carry out an answer. Rejected where somebody decided meanwhile."""
        ...

    async def take_back(self, parts: Parts, decision: QueueDecision) -> None:
        """Undo what an answer did."""
        ...


def meanwhile() -> Rejected:
    """The refusal of an answer to what is decided already."""
    return Rejected("Somebody decided that meanwhile; nothing of yours was done.", hint="Go on with the next one.")


def anew() -> Rejected:
    """The refusal to take back what somebody decided again since."""
    return Rejected("Somebody decided that anew since; nothing was taken back.")


async def unchanged(unit: Unit, decision: QueueDecision, *, pairs: Sequence[tuple[str, str]]) -> None:
    """Rejected where a person said something about one of these pairs after a decision: that is not taken back."""
    wanted = {frozenset(pair) for pair in pairs}
    for verdict in await unit.themes.verdicts(sorted({one for pair in pairs for one in pair})):
        about = frozenset((verdict.one, verdict.other)) in wanted
        if about and verdict.decided_by is Decider.PERSON and verdict.decided_at > decision.at:
            raise anew()


def theme_side(label: str, theme: Theme, *, currency: str) -> Side:
    """A theme as a side."""
    home = f"/themes/{theme.id}"
    conversations = f"/conversations?theme={theme.id}"
    return Side(
        label=label,
        title=theme.title,
        href=home,
        text=theme.description,
        facts=(
            Fact(name="Kind", value=theme.issue_type.value.replace("_", " ").capitalize()),
            Fact(name="Area", value=theme.area or UNKNOWN),
            Fact(name="Conversations", value=f"{theme.conversations:,}", href=conversations),
            Fact(name="Customers", value=f"{theme.customers:,}", href=home),
            Fact(name="MRR", value=paid(theme.mrr, currency), href=home),
            Fact(name="Seen", value=f"{theme.first_seen:%Y-%m-%d} to {theme.last_seen:%Y-%m-%d}"),
        ),
        quotes=theme.quotes[:QUOTES],
    )


def paid(mrr: float | None, currency: str) -> str:
    """Monthly revenue in words, a dash where it is not known."""
    return UNKNOWN if mrr is None else money(mrr, currency)
