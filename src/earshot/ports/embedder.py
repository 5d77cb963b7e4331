"""The socket of embeddings: vectors in which texts of like meaning lie close together."""

from collections.abc import Sequence
from typing import Protocol


class Embedder(Protocol):
    """A model that embeds texts; what is near in its space means the same."""

    @property
    def name(self) -> str:
        """Model and version: vectors of different names are never compared."""
        ...

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A unit vector for each text, in order. Raises Unanswered, Rejected, Misconfigured, BudgetSpent."""
        ...
