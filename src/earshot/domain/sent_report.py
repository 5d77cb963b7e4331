"""A report of a series for one period, as it was sent to one destination."""

from datetime import datetime

from earshot.domain.delivery import Receipt
from earshot.domain.letter import SentState
from earshot.domain.model import Noun
from earshot.domain.report import Shown


class SentReport(Noun):
    """A row of `report_sent`. `at` is when it came to stand so; `worker` and `lease_until` while it is sent.

    `reason` says why it failed, `note` what a person should know; neither holds customers' words.
    """

    series: str
    period_start: datetime
    period_end: datetime
    destination: str
    state: SentState = SentState.SENDING
    at: datetime
    worker: str = ""
    lease_until: datetime | None = None
    tries: int = 1
    actor: str = ""
    reason: str = ""
    note: str = ""
    receipt: Receipt | None = None
    shown: Shown = Shown()
