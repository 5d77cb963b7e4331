"""The store's side of people: what they did, the views they keep, and the key that signs their sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from earshot.domain.visitor import Act, SavedView
from earshot.ports.browse import Place


class People(Protocol):
    """People at the pages."""

    async def key(self, made: bytes, *, now: datetime) -> bytes:
        """The installation's secret key; `made` becomes it where there is none yet."""
        ...

    async def note(self, act: Act) -> None:
        """Keep what a person did."""
        ...

    async def acts(
        self, *, actor: str = "", subject: str = "", after: Place | None, limit: int
    ) -> list[tuple[int, Act]]:
        """Acts with their numbers, newest first; of one actor or about one subject where given."""
        ...

    async def views(self, owner: str, *, page: str = "") -> list[SavedView]:
        """The views of a person and everybody's, by page and name."""
        ...

    async def keep_view(self, view: SavedView) -> None:
        """Keep a view; one of that owner, page and name is replaced."""
        ...

    async def drop_view(self, view_id: str, *, owners: Sequence[str]) -> bool:
        """Drop a view of one of these owners; whether there was one."""
        ...

    async def older(self, before: datetime, *, most: int) -> int:
        """How many conversations were last updated before a moment, counted up to `most`."""
        ...
