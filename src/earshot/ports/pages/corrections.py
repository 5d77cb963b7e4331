"""The store's side of corrections: what people changed in readings."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from earshot.domain.correction import Correction
from earshot.domain.insight import FirstLabels, Insight


class Corrections(Protocol):
    """Corrections, and the readings they lie over."""

    async def of(self, ids: Sequence[str]) -> dict[str, list[Correction]]:
        """What is corrected now, by conversation; `was` is what the model itself says."""
        ...

    async def history(self, conversation_id: str) -> list[Correction]:
        """Every correction of a conversation, also those taken back, newest first."""
        ...

    async def get(self, correction_id: str) -> Correction | None:
        """One correction."""
        ...

    async def held(self, conversation_id: str, *, lock: bool = False) -> tuple[Insight | None, FirstLabels | None]:
        """What is stored of a conversation, whichever of its texts it is of; with `lock` nobody else changes it."""
        ...

    async def change(
        self,
        conversation_id: str,
        *,
        new: Correction | None = None,
        undone: Sequence[str] = (),
        actor: str,
        now: datetime,
    ) -> None:
        """Take corrections back (`undone`: their ids), add one, and lay what is then in force over the reading.

        Figures and themes are counted anew, and the rules judge again.
        """
        ...
