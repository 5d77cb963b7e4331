"""The figures of a report: every number comes from rows of the store."""

from datetime import UTC, date, datetime
from typing import Literal

from earshot.domain.action import Action
from earshot.domain.model import Noun
from earshot.domain.run import Completeness
from earshot.domain.theme import Theme

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""A window that starts here holds everything."""


class Window(Noun):
    """A span of conversation time, start included, end not; `timezone` says where a day begins."""

    start: datetime
    end: datetime
    timezone: str = "UTC"

    @property
    def everything(self) -> bool:
        """Whether the window has no beginning; then conversations without known times are in it too."""
        return self.start <= BEGINNING


class DayCount(Noun):
    """Conversations of one issue type on one local day."""

    day: date
    issue_type: str
    conversations: int


class DaySentiment(Noun):
    """Mean sentiment score of one local day, and over how many conversations."""

    day: date
    average: float
    conversations: int


class Totals(Noun):
    """Counts over a window. `customers` is distinct accounts; `avg_sentiment` None when nothing was read.

    `sentiment_sd` is the sample standard deviation of the scores, None when unknown.
    """

    conversations: int = 0
    customers: int = 0
    critical: int = 0
    high_churn: int = 0
    avg_sentiment: float | None = None
    sentiment_sd: float | None = None
    by_issue_type: dict[str, int] = {}
    by_priority: dict[str, int] = {}
    by_sentiment: dict[str, int] = {}
    by_churn_risk: dict[str, int] = {}
    low_confidence: int = 0


class Highlight(Noun):
    """One conversation in a list of the report, with its words and its link."""

    conversation_id: str
    url: str | None
    said_at: datetime
    issue_type: str
    priority: str
    sentiment_score: float
    churn_risk: str
    confidence: float
    summary: str
    quote: str | None
    customer: str | None
    company: str | None
    plan: str | None
    mrr: float | None


class Cost(Noun):
    """What reading cost. `usd` is None when any price is unknown; `by_model` counts insights."""

    usd: float | None = None
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    by_model: dict[str, int] = {}


class Mover(Noun):
    """A theme whose conversations rose or fell against the window before, one of so many that were looked at."""

    theme_id: str
    title: str
    issue_type: str
    conversations: int
    previous_conversations: int
    looked: int = 0


class AuditState(Noun):
    """How far readings of the issue type agree with people, by the newest sample that was labelled.

    `standing` against the `target`: met, missed, or unsure where the interval holds it.
    """

    labels: int
    agreement: float
    low: float
    high: float
    target: float
    standing: Literal["met", "missed", "unsure", "unknown"]


class AccountRisk(Noun):
    """A customer with conversations of high churn risk in the window. `mrr` None: not known."""

    id: str
    name: str | None
    plan: str | None
    mrr: float | None
    conversations: int
    last_at: datetime


class Shipped(Noun):
    """A backlog item that was marked as shipped in the window, and when."""

    id: str
    title: str
    at: datetime


class Shown(Noun):
    """What a report of a series showed: themes with their counts, conversations by id, and the key figures."""

    themes: dict[str, int] = {}
    conversations: tuple[str, ...] = ()
    figures: dict[str, float | None] = {}


class Edition(Noun):
    """How a report is shown to its readers: where its figures lead, its sections, and what they saw before.

    `app_url` is where the pages are ("": links lead to the source), `address` this report's own page there.
    `sections` are names of sections, empty for all. `before` is what the last report of the series showed,
    whose period ended at `before_end`; None: its readers have seen none.
    """

    app_url: str = ""
    address: str = ""
    sections: tuple[str, ...] = ()
    before: Shown | None = None
    before_end: datetime | None = None


class Report(Noun):
    """Everything a report shows, before rendering. `previous` covers the window of equal length before.

    `held_since` is the moment from which the store holds everything; a window that begins earlier cannot be
    compared. None: unknown. `movers` are the themes that changed most, `accounts` customers who may leave, most
    revenue first, `delivered` what was done at other tools in the window, by tool.
    """

    window: Window
    generated_at: datetime
    workspace: str | None
    currency: str
    totals: Totals
    previous: Totals
    issue_days: tuple[DayCount, ...]
    sentiment_days: tuple[DaySentiment, ...]
    themes: tuple[Theme, ...]
    criticals: tuple[Highlight, ...]
    high_churn: tuple[Highlight, ...]
    actions: tuple[Action, ...]
    action_counts: dict[str, int]
    cost: Cost
    completeness: Completeness | None
    completeness_at: datetime | None = None
    undated: int = 0
    unread: int = 0
    filtered_out: int = 0
    held_since: datetime | None = None
    movers: tuple[Mover, ...] = ()
    accounts: tuple[AccountRisk, ...] = ()
    delivered: dict[str, int] = {}
    shipped: tuple[Shipped, ...] = ()
    audit: AuditState | None = None
    edition: Edition = Edition()
