"""The store's side of themes and the backlog: mentions, placements, edits, verdicts, items, matches."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from earshot.domain.backlog import BacklogItem, Evidence, ExistingItem, ItemEdit, Match
from earshot.domain.grouping import (
    Doubt,
    Edit,
    Lineage,
    Mention,
    Partition,
    Placement,
    Proposal,
    Regrouping,
    Verdict,
)
from earshot.domain.model import Noun
from earshot.domain.report import Window
from earshot.domain.theme import Lexicon, Quote, Theme


class Member(Noun):
    """A mention in its theme, as people look at it."""

    mention: Mention
    placement: Placement
    url: str | None = None
    customer: str | None = None


class Themes(Protocol):
    """Themes, what is in them, and what people did to them."""

    async def mentions(self, limit: int, *, placed: bool | None = None, core: bool = False) -> list[Mention]:
        """Mentions in their canonical order: all, only placed or unplaced ones, only those of cells' cores."""
        ...

    async def lock(self) -> None:
        """Hold grouping until the transaction ends: two at once would found the same theme twice."""
        ...

    async def unplaced(self, limit: int) -> list[str]:
        """The conversations that mention what has no theme yet, in canonical order."""
        ...

    async def count_unplaced(self) -> int:
        """How many mentions have no theme yet."""
        ...

    async def partition(self, *, core: bool = False) -> Partition:
        """The stored partition; with `core`, only the placements of core mentions. Vectors are left out."""
        ...

    async def mentions_of(self, conversation_ids: Sequence[str], *, placed: bool | None = None) -> list[Mention]:
        """What these conversations mention, in canonical order: all, or only what is placed or unplaced."""
        ...

    async def around(self, cells: Collection[str]) -> tuple[Partition, list[Mention]]:
        """The part of the partition round these cells, with all cells of their themes, and its core mentions."""
        ...

    async def lexicon(self) -> Lexicon:
        """The stored term counts; the same object while they last."""
        ...

    async def holes(self) -> list[str]:
        """Cells that lost mentions of their core since the last saved grouping, which has to repair them."""
        ...

    async def near(self, mention: Mention, vector: bytes, *, most: int) -> list[tuple[Mention, Placement]]:
        """Core mentions that may tell the same matter, by words and by vector (hybrid, approximate index)."""
        ...

    async def save(self, regrouping: Regrouping, *, now: datetime, repaired: Sequence[str] = ()) -> None:
        """Store what is new or changed; counts, roll-ups and the guide's tables follow at the next reading.

        `repaired` are the holes that this grouping knew of; later ones wait for the next.
        """
        ...

    async def top(self, window: Window, *, limit: int) -> list[Theme]:
        """Themes by distinct conversations in the window, with customers, MRR, quotes and the window before."""
        ...

    async def get(self, theme_ids: Sequence[str], *, window: Window | None = None) -> list[Theme]:
        """These themes with all their counts, in that order, those that exist; over all time without a window."""
        ...

    async def conversations(self, theme_ids: Sequence[str]) -> dict[str, list[str]]:
        """The conversations that raise each of these themes, newest first."""
        ...

    async def find(self, prefix: str) -> list[str]:
        """Ids of living themes that begin so."""
        ...

    async def members(self, theme_id: str, *, limit: int) -> list[Member]:
        """What is in a theme, newest first."""
        ...

    async def weeks(self, theme_ids: Sequence[str], *, window: Window) -> dict[str, list[int]]:
        """Distinct conversations by week of the window, oldest first, for each theme."""
        ...

    async def lineage(self, theme_id: str | None, *, limit: int) -> list[Lineage]:
        """What happened to a theme (or to all), newest first."""
        ...

    async def edit(self, edit: Edit) -> None:
        """Keep a person's change (or, with `undone_at`, that it is undone); it works from the next grouping on."""
        ...

    async def edits(self, *, undone: bool = False) -> list[Edit]:
        """People's changes in force, oldest first; with `undone`, also those taken back."""
        ...

    async def verdicts(self, ones: Sequence[str] | None = None) -> list[Verdict]:
        """Remembered verdicts, all or those about these digests."""
        ...

    async def judge(self, verdicts: Sequence[Verdict]) -> None:
        """Remember verdicts; a person's is never replaced by a model's."""
        ...

    async def doubts(self, limit: int) -> list[Doubt]:
        """Open doubts, the likeliest matches first; those already judged are not among them."""
        ...

    async def ask(self, doubts: Sequence[Doubt]) -> None:
        """Keep doubts until they are judged; an older one about the same text is replaced."""
        ...

    async def settle(self, digests: Sequence[str]) -> None:
        """Close doubts about these texts."""
        ...

    async def propose(self, proposals: Sequence[Proposal]) -> None:
        """Replace the open proposals to merge."""
        ...

    async def proposals(self) -> list[Proposal]:
        """Open proposals, the likeliest first; those that a person refused never come back."""
        ...

    async def refuse(self, one_id: str, other_id: str, *, actor: str, at: datetime) -> None:
        """A person says that two themes are two matters."""
        ...

    async def embeddings(self, model: str, digests: Sequence[str]) -> dict[str, Sequence[float]]:
        """Kept embeddings of texts by digest."""
        ...

    async def keep_embeddings(self, model: str, vectors: Mapping[str, Sequence[float]]) -> None:
        """Keep embeddings, so that no text is embedded twice."""
        ...


class Backlog(Protocol):
    """Drafted items, existing items elsewhere, and which theme is which item."""

    async def evidence(self, theme_ids: Sequence[str], *, window: Window | None = None) -> dict[str, Evidence]:
        """What stands behind these themes, counted from rows; quotes are left out (`quotes` has them all)."""
        ...

    async def quotes(self, theme_id: str, *, limit: int) -> list[tuple[Quote, str]]:
        """A theme's verbatim quotes with the account that said each, newest first: to choose from."""
        ...

    async def save(self, items: Sequence[BacklogItem]) -> None:
        """Insert or replace items."""
        ...

    async def items(self) -> list[BacklogItem]:
        """All items with people's edits laid over them, by score, then id."""
        ...

    async def get(self, item_id: str) -> BacklogItem | None:
        """One item by its id (or the beginning of it, when only one begins so)."""
        ...

    async def some(self, ids: Sequence[str]) -> list[BacklogItem]:
        """These items, those that exist, by score, then id."""
        ...

    async def of_theme(self, theme_id: str) -> list[BacklogItem]:
        """The items of a theme, by score, then id."""
        ...

    async def edit(self, edits: Sequence[ItemEdit]) -> None:
        """Keep what a person set; None as value gives the field back."""
        ...

    async def edits(self, item_id: str) -> list[ItemEdit]:
        """What people set on an item, newest first."""
        ...

    async def import_items(self, items: Sequence[ExistingItem]) -> int:
        """Insert or replace existing items; how many were new."""
        ...

    def existing(self) -> AsyncIterator[Sequence[ExistingItem]]:
        """All existing items in batches, by id."""
        ...

    async def match(self, matches: Sequence[Match]) -> None:
        """Keep matches; what a person decided is never replaced by a score or a model."""
        ...

    async def matches(self, theme_id: str | None = None) -> list[Match]:
        """Kept matches, of one theme or all, the likeliest first."""
        ...
