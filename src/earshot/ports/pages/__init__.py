"""The socket of the web pages: what they read and keep, one part per subject."""

from typing import Protocol

from earshot.ports.pages.accounts import Accounts
from earshot.ports.pages.actions import Actions
from earshot.ports.pages.audits import Audits
from earshot.ports.pages.backlog import BacklogPages
from earshot.ports.pages.conversations import Conversations
from earshot.ports.pages.corrections import Corrections
from earshot.ports.pages.costs import CostRows
from earshot.ports.pages.impact import Impact
from earshot.ports.pages.outcomes import Outcomes
from earshot.ports.pages.overview import OverviewRows
from earshot.ports.pages.people import People
from earshot.ports.pages.queue import QueuePages
from earshot.ports.pages.reports import Reports
from earshot.ports.pages.rules import Rules
from earshot.ports.pages.themes import ThemePages

__all__ = [
    "Accounts",
    "Actions",
    "BacklogPages",
    "Corrections",
    "Impact",
    "Pages",
    "People",
    "QueuePages",
    "Reports",
    "Rules",
]


class Pages(Protocol):
    """What only pages read, besides what the other sockets give."""

    @property
    def people(self) -> People:
        """Acts, saved views and the key that signs sessions."""
        ...

    @property
    def costs(self) -> CostRows:
        """What calls cost, and how models and the database fare."""
        ...

    @property
    def overview(self) -> OverviewRows:
        """What changed, what comes first and what waits."""
        ...

    @property
    def actions(self) -> Actions:
        """Actions and their deliveries as people look through them."""
        ...

    @property
    def rules(self) -> Rules:
        """Figures of rules, from what they decided."""
        ...

    @property
    def reports(self) -> Reports:
        """Which report was sent where, and figures that only reports show."""
        ...

    @property
    def corrections(self) -> Corrections:
        """What people corrected in readings."""
        ...

    @property
    def backlog(self) -> BacklogPages:
        """Backlog items page by page."""
        ...

    @property
    def impact(self) -> Impact:
        """What shipped when, and what people think of items."""
        ...

    @property
    def outcomes(self) -> Outcomes:
        """What came of insights."""
        ...

    @property
    def queue(self) -> QueuePages:
        """What waits for a person, and what people decided."""
        ...

    @property
    def audits(self) -> Audits:
        """Samples that people label, and what they say."""
        ...

    @property
    def themes(self) -> ThemePages:
        """Themes as people look through them."""
        ...

    @property
    def accounts(self) -> Accounts:
        """Accounts and how they stand."""
        ...

    @property
    def conversations(self) -> Conversations:
        """Lists of conversations, and what stands around one."""
        ...
