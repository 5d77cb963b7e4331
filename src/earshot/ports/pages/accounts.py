"""The store's side of the pages of accounts: how each stands, and what is behind it."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from earshot.domain.model import Noun
from earshot.ports.browse import Place

DAYS = 90
"""Local days of an account's standing, today included; it is compared with as many before."""


class Standing(Noun):
    """What is counted of an account: its read conversations of the last `DAYS` days, and what is open at any age.

    `before`, `score_before` and `squares_before` are of as many days before. `score` and `squares` are sums of the
    sentiment scores and of their squares. `rated` conversations have `ratings` (a sum, 1 to 5 each); `rated_low`
    are those of 1 or 2. In `ai_handled` ones the AI agent took part, `ai_resolved` ended with it.
    """

    conversations: int = 0
    before: int = 0
    score: float = 0.0
    squares: float = 0.0
    score_before: float = 0.0
    squares_before: float = 0.0
    churn_high: int = 0
    churn_medium: int = 0
    critical: int = 0
    open_conversations: int = 0
    open_matters: int = 0
    rated: int = 0
    ratings: int = 0
    rated_low: int = 0
    ai_handled: int = 0
    ai_resolved: int = 0


class AccountState(Noun):
    """An account with how it stands. `mrr` is in the report's currency; `company` False: a person without one.

    `value` is the number it is ranked by in the list that it comes from.
    """

    id: str
    name: str | None = None
    plan: str | None = None
    mrr: float | None = None
    segment: str | None = None
    company: bool = False
    standing: Standing = Standing()
    risk: int = 0
    last_at: datetime | None = None
    value: int = 0


class AccountOrder(StrEnum):
    """By what accounts are ranked, the most first; SENTIMENT is the lowest mean first, STAKE is risk times MRR."""

    RISK = "risk"
    STAKE = "stake"
    MRR = "mrr"
    CONVERSATIONS = "conversations"
    SENTIMENT = "sentiment"
    CHURN = "churn"
    OPEN = "open"
    LATEST = "latest"


class AccountQuery(Noun):
    """Which accounts; empty means any. `companies` None: companies and people. `words` all occur in the name."""

    order: AccountOrder = AccountOrder.RISK
    companies: bool | None = None
    segment: str = ""
    plan: str = ""
    words: tuple[str, ...] = ()
    least_risk: int = 0


class Reckoning(Noun):
    """Until when and how standings are counted: local days end at midnight of `timezone`.

    `formula` names the way of reckoning risks: what was reckoned by another one is reckoned anew.
    """

    now: datetime
    timezone: str
    formula: str


class AccountTheme(Noun):
    """A theme that an account raises; `open` conversations of it are not closed."""

    id: str
    title: str
    issue_type: str
    conversations: int
    open: int
    last_at: datetime


class AccountConversation(Noun):
    """A read conversation of an account."""

    id: str
    said_at: datetime
    summary: str
    issue_type: str
    priority: str
    sentiment_score: float
    churn_risk: str
    state: str
    rating: int | None = None
    ai_outcome: str | None = None
    url: str | None = None


class AccountPerson(Noun):
    """A person of an account who wrote."""

    id: str
    name: str | None = None
    email: str | None = None
    conversations: int
    last_at: datetime


class AccountAction(Noun):
    """An action that a conversation of the account led to."""

    key: str
    kind: str
    status: str
    dry_run: bool
    conversation_id: str
    created_at: datetime


class WeekMood(Noun):
    """The sentiment of the conversations in the local week from Monday `start` on: sum and number of scores."""

    start: date
    conversations: int
    score: float


class Accounts(Protocol):
    """Accounts as people look at them."""

    async def reckon(
        self, reckoning: Reckoning, risk: Callable[[Standing], int], *, most: int | None = None
    ) -> int:
        """Count anew what changed or is due, all of it or about `most` accounts; how many were.

        With `most` it waits for nobody: where another process is at it, nothing is done.
        """
        ...

    async def waiting(self, reckoning: Reckoning, *, most: int) -> int:
        """How many accounts are to be counted anew, counted up to `most`."""
        ...

    async def ranked(self, query: AccountQuery, *, after: Place | None, limit: int) -> list[AccountState]:
        """Accounts that were heard, in the order asked for."""
        ...

    async def get(self, account_id: str) -> AccountState | None:
        """One account."""
        ...

    async def plans(self) -> list[str]:
        """The plans that accounts have."""
        ...

    async def themes(self, account_id: str, *, limit: int) -> list[AccountTheme]:
        """What an account raises: open matters first, then by conversations."""
        ...

    async def conversations(self, account_id: str, *, after: Place | None, limit: int) -> list[AccountConversation]:
        """Its read conversations, newest first."""
        ...

    async def people(self, account_id: str, *, limit: int) -> list[AccountPerson]:
        """Who wrote, the most conversations first."""
        ...

    async def actions(self, account_id: str, *, limit: int) -> list[AccountAction]:
        """What its conversations led to, newest first."""
        ...

    async def moods(self, account_id: str, *, since: datetime, timezone: str) -> Sequence[WeekMood]:
        """Its sentiment by local week since then, oldest first; weeks without conversations are left out."""
        ...
