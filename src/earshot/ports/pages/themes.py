"""The store's side of the pages of themes: ranked lists, what is in one theme, and what people changed."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from earshot.domain.backlog import ItemStatus, Standing
from earshot.domain.grouping import Decider, Doubt, Edit, Proposal
from earshot.domain.model import Noun
from earshot.domain.reading import IssueType
from earshot.domain.report import Window
from earshot.ports.browse import Place
from earshot.ports.theme_store import Member


class ThemeOrder(StrEnum):
    """By what themes are ranked, the most first; NEWEST is the one that was seen first latest."""

    CONVERSATIONS = "conversations"
    CUSTOMERS = "customers"
    MRR = "mrr"
    RISING = "rising"
    NEWEST = "newest"


class ThemeQuery(Noun):
    """Which themes with conversations in the window; empty means any. `words` all occur in the title."""

    window: Window
    order: ThemeOrder = ThemeOrder.CONVERSATIONS
    issue_types: tuple[IssueType, ...] = ()
    areas: tuple[str, ...] = ()
    segment: str = ""
    words: tuple[str, ...] = ()


class ItemState(Noun):
    """The backlog item drafted from a theme: where it stands and its RICE score."""

    id: str
    theme_id: str
    title: str
    status: ItemStatus
    score: float | None = None


class ThemeTwin(Noun):
    """An item of a backlog elsewhere that is, or may be, what a theme is about."""

    item_id: str
    title: str
    standing: Standing
    probability: float
    decided_by: Decider
    status: str | None = None
    url: str | None = None


class ThemeAccount(Noun):
    """An account that raises a theme: in how many conversations, and when last."""

    id: str
    name: str | None = None
    company: bool = False
    segment: str | None = None
    mrr: float | None = None
    conversations: int
    last_seen: datetime


class Odds(Noun):
    """Probabilities with which the newest `members` joined; None where nobody joined by probability."""

    members: int
    mean: float | None = None
    least: float | None = None
    decided_by: dict[Decider, int] = {}


class Moods(Noun):
    """The sentiment of a theme's conversations in a window: mean, sample standard deviation, number of scores."""

    conversations: int = 0
    mean: float | None = None
    deviation: float | None = None
    churn_high: int = 0


class Known(Noun):
    """What is known beside themes: mentions without a theme (counted up to a limit), and from when all is held."""

    unplaced: int
    held_since: datetime | None = None


class ThemePages(Protocol):
    """What only the pages of themes read."""

    async def ranked(self, query: ThemeQuery, *, after: Place | None, limit: int) -> list[Place]:
        """Places of themes in the order asked for; `count` is the number they are ranked by."""
        ...

    async def known(self, *, most: int) -> Known:
        """How many mentions have no theme yet, counted up to `most`; from when the store holds everything."""
        ...

    async def moods(self, theme_id: str, window: Window) -> Moods:
        """The sentiment of a theme's conversations in a window."""
        ...

    async def search(self, words: Sequence[str], *, limit: int) -> list[Place]:
        """Themes whose titles hold all these words, by conversations over all time, which are the `count`."""
        ...

    async def areas(self) -> list[str]:
        """The product areas that themes have."""
        ...

    async def items(self, theme_ids: Sequence[str]) -> dict[str, ItemState]:
        """The backlog item of each of these themes that has one."""
        ...

    async def twins(self, theme_id: str) -> list[ThemeTwin]:
        """Items elsewhere that are or may be this theme, the likeliest first; those refused are left out."""
        ...

    async def accounts(self, theme_id: str, *, limit: int) -> list[ThemeAccount]:
        """The accounts that raise a theme, the highest MRR first."""
        ...

    async def members(self, theme_id: str, *, after: Place | None, limit: int) -> list[Member]:
        """What is in a theme, newest first; the place of a member: time, conversation, position as count."""
        ...

    async def titles(self, theme_ids: Sequence[str]) -> dict[str, str]:
        """The titles of those that live."""
        ...

    async def cells(self, cell_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """The theme of each of these cells, with its title."""
        ...

    async def odds(self, theme_id: str, *, most: int) -> Odds:
        """How sure the newest members of a theme were placed."""
        ...

    async def edits(self, theme_id: str = "", *, after: Place | None = None, limit: int) -> list[Edit]:
        """People's changes, also those taken back, newest first; of one theme where given."""
        ...

    async def proposals(self, theme_id: str) -> list[Proposal]:
        """Open proposals to merge a theme, the likeliest first."""
        ...

    async def doubts(self, theme_id: str, *, limit: int) -> list[Doubt]:
        """Open doubts about mentions that lie in a theme, the likeliest matches first."""
        ...

    async def heir(self, theme_id: str) -> str | None:
        """The living theme that a gone one became part of, over any number of steps."""
        ...

    async def mark(self, theme_ids: Sequence[str]) -> str:
        """A mark over what people see and change of these themes: equal mark, nothing was changed since."""
        ...
