"""The socket of a classifier: a name and `read`."""

from collections.abc import Sequence
from typing import Protocol

from earshot.domain.conversation import Conversation
from earshot.domain.insight import Provenance, Stage
from earshot.domain.model import Noun
from earshot.domain.reading import PartialLabels, Reading


class Read(Noun):
    """The answer for one conversation: a reading, labels only, or the reason why there is neither.

    `injection` and `dropped_quotes` as in `Insight`. `unanswered` says that nobody could be asked: it is no fault
    of the conversation, which waits for the next run.
    """

    conversation_id: str
    reading: Reading | None = None
    labels: PartialLabels | None = None
    provenance: Provenance
    failure: str | None = None
    unanswered: bool = False
    injection: bool = False
    dropped_quotes: int = 0


class Reader(Protocol):
    """Reads conversations; the local model, an LLM, or a policy wrapped round one."""

    @property
    def name(self) -> str:
        """The classifier's name, kept with each insight."""
        ...

    @property
    def stage(self) -> Stage:
        """What it gives: whole readings, or labels only."""
        ...

    @property
    def batch(self) -> int:
        """How many conversations one `read` should get at most."""
        ...

    @property
    def parallel(self) -> int:
        """How many `read` may be under way at once: 1 for work on this machine, many for calls that wait."""
        ...

    async def read(self, conversations: Sequence[Conversation]) -> list[Read]:
        """One answer per conversation, in order; never raises for a single bad conversation.

        Raises BudgetSpent when nothing more may be asked, Misconfigured when nobody can be asked at all.
        """
        ...
