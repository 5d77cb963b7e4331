"""The customer behind a conversation; every business fact may be unknown."""

from datetime import datetime
from enum import StrEnum

from earshot.domain.model import Noun


class Segment(StrEnum):
    """The market segment, computed from plan and MRR; never guessed by a model."""

    ENTERPRISE = "enterprise"
    SMB = "smb"
    TRIAL = "trial"
    FREE = "free"


class Customer(Noun):
    """A person and the company they belong to. `mrr` is monthly recurring revenue in the report's currency.

    `since` is when the company became a customer (tenure), `signed_up_at` when the person's account began.
    """

    id: str
    name: str | None = None
    email: str | None = None
    company_id: str | None = None
    company: str | None = None
    plan: str | None = None
    mrr: float | None = None
    segment: Segment | None = None
    since: datetime | None = None
    signed_up_at: datetime | None = None
    previous_conversations: int | None = None

    @property
    def account(self) -> str:
        """What counts as one customer in figures: the company where known, otherwise the person."""
        return self.company_id or self.id

    def tenure_months(self, now: datetime) -> int | None:
        """Whole months since the company became a customer, None when unknown."""
        return None if self.since is None else max(0, (now - self.since).days // 30)

    def account_age_days(self, now: datetime) -> int | None:
        """Whole days since the person signed up, None when unknown."""
        return None if self.signed_up_at is None else max(0, (now - self.signed_up_at).days)
