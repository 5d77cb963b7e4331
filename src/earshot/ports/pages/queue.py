"""The store's side of the product manager's queue: what waits for a person, and what people decided."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from earshot.domain.grouping import Doubt, Proposal
from earshot.domain.model import Noun
from earshot.domain.queue import QueueDecision, QueueKind


class Waiting(Noun):
    """An entry that waits. `subject` names it; `mrr` is what its customers pay, None where nobody's is known.

    `sureness` is how sure Earshot is of its own guess, 0 to 1, None where it makes none.
    """

    kind: QueueKind
    subject: str
    title: str
    mrr: float | None = None
    sureness: float | None = None
    reason: str = ""
    at: datetime | None = None


class QueuePages(Protocol):
    """Entries and decisions."""

    async def waiting(self, kind: QueueKind, *, limit: int) -> list[Waiting]:
        """At most so many entries of a kind, those that the database finds first: the newest or least sure."""
        ...

    async def count(self, kind: QueueKind, *, most: int) -> int:
        """How many entries of a kind wait, counted up to `most`."""
        ...

    async def doubt(self, digest: str) -> Doubt | None:
        """An open doubt about a mention."""
        ...

    async def proposal(self, one_id: str, other_id: str) -> Proposal | None:
        """The open proposal to merge two themes."""
        ...

    async def theme_of(self, conversation_id: str) -> str | None:
        """The theme of a conversation's own (first) matter."""
        ...

    async def note(self, decision: QueueDecision) -> int:
        """Keep a decision; its number."""
        ...

    async def last(self, actor: str, *, since: datetime) -> QueueDecision | None:
        """The newest decision of a person since then, if it stands."""
        ...

    async def undone(self, number: int, *, actor: str, at: datetime) -> QueueDecision | None:
        """Mark a person's decision as taken back; None where it was already, or is another's."""
        ...

    async def stands(self, number: int) -> None:
        """A decision stands after all: it could not be taken back."""
        ...

    async def unsay(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Forget people's verdicts about these pairs."""
        ...

    async def reopen(self, theme_id: str, item_id: str, *, probability: float, reason: str, at: datetime) -> None:
        """A theme beside an existing item is to be decided again."""
        ...

    async def propose_again(self, one_id: str, other_id: str, *, probability: float, reason: str) -> None:
        """A refused proposal to merge two themes stands open again."""
        ...
