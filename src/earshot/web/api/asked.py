"""The parameters of lists. One that is not known is refused: a mistyped filter must not look like an answer."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from earshot.domain.action import ActionKind, ActionStatus
from earshot.domain.backlog import ItemStatus
from earshot.domain.model import Noun
from earshot.domain.reading import ChurnRisk, IssueType, Priority, Sentiment
from earshot.ports.browse import ActionQuery, InsightQuery, Place
from earshot.web.api.pages import KEY, When, cursor_of, moment, place_of

_MANY = "May be given more than once."


class Asked(Noun):
    """What every list takes."""

    limit: int = Field(default=50, ge=1, le=200, description="At most so many items.")
    cursor: str | None = Field(
        default=None, max_length=1000, description="`next` of the page before, with the same other parameters."
    )

    @property
    def after(self) -> Place | None:
        """Where the page begins. Raises Refused."""
        return place_of(self.cursor, self._question)

    def next(self, last: Place | None) -> str | None:
        """The cursor of the page after one that ends there."""
        return cursor_of(last, self._question)

    @property
    def _question(self) -> dict[str, object]:
        return {"of": type(self).__name__, **self.model_dump(mode="json", exclude={"limit", "cursor"})}


class InsightsAsked(Asked):
    """Which insights."""

    since: When = None
    until: When = None
    issue_type: list[IssueType] = Field(default=[], description=_MANY)
    priority: list[Priority] = Field(default=[], description=_MANY)
    sentiment: list[Sentiment] = Field(default=[], description=_MANY)
    churn_risk: list[ChurnRisk] = Field(default=[], description=_MANY)
    theme: str = Field(default="", pattern=KEY, description="A theme's id.")
    text: str = Field(
        default="",
        max_length=200,
        pattern=r"^[^\x00]*$",
        description='Words of the messages or the summary, in any form: "a phrase", or, -not.',
    )

    def query(self, now: datetime) -> InsightQuery:
        """The question to the store. Raises Refused."""
        return InsightQuery(
            since=moment(self.since, now=now),
            until=moment(self.until, now=now),
            issue_types=tuple(self.issue_type),
            priorities=tuple(self.priority),
            sentiments=tuple(self.sentiment),
            churn_risks=tuple(self.churn_risk),
            theme=self.theme,
            text=self.text,
        )


class ThemesAsked(Asked):
    """Which themes: over all time page by page, or the top of a window, which has one page."""

    issue_type: list[IssueType] = Field(default=[], description=_MANY)
    order: Literal["frequency", "id"] = Field(
        default="frequency",
        description="frequency: most conversations first. id: for a whole copy, undisturbed by growth.",
    )
    since: When = None
    until: When = None


class BacklogAsked(Asked):
    """Which backlog items; given up ones only when asked for."""

    status: list[ItemStatus] = Field(default=[], description=_MANY)


class ActionsAsked(Asked):
    """Which actions."""

    status: ActionStatus | None = None
    kind: ActionKind | None = None
    conversation: str = Field(default="", pattern=KEY, description="Those it led to or joined.")

    @property
    def query(self) -> ActionQuery:
        """The question to the store."""
        return ActionQuery(status=self.status, kind=self.kind, conversation=self.conversation)
