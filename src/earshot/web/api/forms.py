"""What the API takes: a conversation in the plain form, and what is to be approved."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from earshot.domain.backlog_rows import BacklogRow
from earshot.domain.model import Noun
from earshot.pipeline.backlog.twins import Twin

_MOST_MESSAGES = 2_000


class PlainMessage(BaseModel):
    """One message. `created_at` is ISO 8601 or Unix seconds; without any the time of handing in counts, flagged."""

    model_config = ConfigDict(extra="ignore")

    author: Literal["customer", "agent", "bot"]
    text: str
    created_at: str | int | float | None = None
    id: str | int | None = None
    author_name: str | None = None


class PlainCustomer(BaseModel):
    """Who wrote; everything may be unknown."""

    model_config = ConfigDict(extra="ignore")

    id: str | int | None = None
    name: str | None = None
    email: str | None = None
    plan: str | None = None
    mrr: float | None = Field(default=None, allow_inf_nan=False)
    segment: str | None = None
    company: str | None = None
    company_id: str | int | None = None
    since: str | int | float | None = None
    signed_up_at: str | int | float | None = None
    previous_conversations: int | None = None


class PlainConversation(BaseModel):
    """A conversation as `earshot import` takes it: any help desk's export can be brought into this form."""

    model_config = ConfigDict(extra="ignore")

    id: str | int = Field(description="Yours; the public id becomes `file:` and this.")
    title: str | None = None
    state: str | None = Field(default=None, description="open, closed or snoozed.")
    created_at: str | int | float | None = None
    updated_at: str | int | float | None = None
    messages: list[PlainMessage] = Field(min_length=1, max_length=_MOST_MESSAGES)
    customer: PlainCustomer | None = None
    tags: list[str] = []
    url: str | None = None

    def plain(self) -> dict[str, Any]:
        """The form that the reader of files knows."""
        return self.model_dump(mode="json", exclude_none=True)


class Approval(Noun):
    """Which deliveries of an action may go. Null: all that wait, as they stand at this moment."""

    deliveries: list[str] | None = Field(default=None, max_length=1_000, description="Ids of deliveries.")


class BacklogEntry(BacklogRow):
    """A backlog item in the export form, with its place in the ranking (null: given up) and why it stands there.

    `duplicates` are items elsewhere that are, or may be, the same.
    """

    rank: int | None
    why: str
    duplicates: list[Twin]
