"""The store's side of reports that are sent: which was sent where, and figures that only reports show."""

from datetime import datetime
from typing import Protocol

from earshot.domain.model import Noun
from earshot.domain.report import AccountRisk, Mover, Shipped, Window
from earshot.domain.sent_report import SentReport
from earshot.ports.browse import Place


class Extras(Noun):
    """Figures of a window besides those of `ports.store.Figures`."""

    movers: tuple[Mover, ...] = ()
    accounts: tuple[AccountRisk, ...] = ()
    delivered: dict[str, int] = {}
    shipped: tuple[Shipped, ...] = ()


class Reports(Protocol):
    """The ledger of sent reports, and their extra figures."""

    async def claim(self, wanted: SentReport, *, again: bool) -> SentReport | None:
        """Take the sending of a report to a destination upon oneself; commit before anything is sent.

        None where it was sent, may have been sent or is being sent by somebody. What failed or was dry is taken up
        again; with `again` so is everything that is not being sent just now.
        """
        ...

    async def expire(self, *, now: datetime) -> int:
        """What was being sent under a lease that is over becomes UNKNOWN; how many."""
        ...

    async def record(self, sent: SentReport) -> bool:
        """Write how a claimed report stands now; False when somebody else claimed it meanwhile."""
        ...

    async def last_shown(self, series: str, *, destination: str, before: datetime) -> SentReport | None:
        """The newest report of an earlier period that reached, or may have reached, a destination."""
        ...

    async def of_period(self, series: str, *, end: datetime) -> list[SentReport]:
        """How the report of a period stands at its destinations."""
        ...

    async def periods(self, *, after: Place | None, limit: int) -> list[SentReport]:
        """Reports by period, newest first: the rows of so many periods after a place (its time and series)."""
        ...

    async def extras(self, window: Window, *, limit: int) -> Extras:
        """Themes that moved, customers who may leave, what was done and shipped in a window."""
        ...
