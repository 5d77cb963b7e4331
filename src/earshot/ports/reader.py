"""The socket of a classifier: a name and `read`."""

from collections.abc import Sequence
from typing import Protocol

from earshot.domain.conversation import Conversation
from earshot.domain.insight import Provenance
from earshot.domain.model import Noun
from earshot.domain.reading import Reading


class Read(Noun):
    """The answer for one conversation: a reading, or the reason why there is none."""

    conversation_id: str
    reading: Reading | None
    provenance: Provenance
    failure: str | None = None


class Reader(Protocol):
    """Reads conversations; the local model, an LLM, or a policy wrapped round one."""

    @property
    def name(self) -> str:
        """The classifier's name, kept with each insight."""
        ...

    async def read(self, conversations: Sequence[Conversation]) -> list[Read]:
        """One answer per conversation, in order; never raises for a single bad conversation."""
        ...
