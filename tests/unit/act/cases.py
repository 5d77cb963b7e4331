"""Actions with everything known about them, in the guide's terms, and a world that keeps what is planned."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from earshot.act.planning import plan
from earshot.act.routing import Route, Routes
from earshot.act.settings import ActSettings
from earshot.act.wording import Words, load_words
from earshot.domain.action import SUBJECTS, Action, ActionKind
from earshot.domain.conversation import Author, Conversation, Message
from earshot.domain.customer import Customer, Segment
from earshot.domain.delivery import (
    Case,
    Delivery,
    DeliveryState,
    Dossier,
    Link,
    Op,
    Planned,
    Receipt,
    Silence,
    Standing,
    Thing,
    WebLink,
)
from earshot.domain.insight import Insight, Provenance
from earshot.domain.reading import ChurnRisk, Finding, IssueType, Priority, Reading, RecommendedAction, Sentiment
from earshot.domain.theme import Quote, Theme

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
K = ActionKind
ALL = frozenset(Op)
MAKES = frozenset({Op.CREATE})
IN_PLACE = frozenset({Op.CREATE, Op.UPDATE})
SETTINGS = ActSettings()
WORDS: Words = load_words(SETTINGS)

PAGER = Route(destination="pagerduty", thing=Thing.PAGE, ops=frozenset({Op.CREATE, Op.UPDATE, Op.RESOLVE}))
JIRA = Route(destination="jira", thing=Thing.TICKET, ops=frozenset({Op.CREATE, Op.UPDATE, Op.REOPEN}))
SLACK = Route(destination="slack", thing=Thing.MESSAGE, ops=IN_PLACE)
HOOK = Route(destination="slack", thing=Thing.MESSAGE, ops=MAKES)
MAIL = Route(destination="email", thing=Thing.MAIL, ops=ALL)
BOARD = Route(destination="productboard", thing=Thing.FEEDBACK, ops=IN_PLACE)
TAG = Route(destination="intercom", thing=Thing.TAG, ops=MAKES)
TASK = Route(destination="hubspot", thing=Thing.TASK, ops=IN_PLACE)

ROUTES: Routes = {
    K.PAGE_ONCALL_ENGINEER: (PAGER,),
    K.CREATE_JIRA_P0: (JIRA,),
    K.CREATE_TICKET: (JIRA,),
    K.ALERT_CS_MANAGER: (SLACK, TASK),
    K.CREATE_PRODUCTBOARD_NOTE: (BOARD,),
    K.TAG: (TAG,),
}


def action(kind: ActionKind = K.CREATE_TICKET, *, about: str = "t1", at: datetime = NOW, **more: object) -> Action:
    """A live action."""
    return Action.model_validate(
        {
            "key": f"{kind}|{about}",
            "kind": kind,
            "subject": SUBJECTS[kind],
            "subject_id": about,
            "conversation_id": "conv_12345",
            "rule": "A_RULE",
            "reason": "A_RULE: it matched",
            "dry_run": False,
            "created_at": at,
            **more,
        }
    )


def insight(**more: object) -> Insight:
    """The guide's sample reading."""
    summary = str(more.pop("summary", "User unable to sync contacts with Salesforce CRM integration"))
    reading = {
        "issue_type": IssueType.PRODUCT_BUG,
        "priority": Priority.HIGH,
        "sentiment": Sentiment.NEGATIVE,
        "sentiment_score": -0.65,
        "churn_risk": ChurnRisk.MEDIUM,
        "confidence": 0.9,
        "summary": summary,
        "affected_feature": "integrations",
        "recommended_action": RecommendedAction.CREATE_TICKET,
        "findings": (Finding(issue_type=IssueType(more.get("issue_type", "PRODUCT_BUG")), summary=summary),),
        **more,
    }
    return Insight(
        conversation_id="conv_12345",
        reading=Reading.model_validate(reading),
        provenance=Provenance(classifier="test", model="test"),
        customer_segment=Segment.ENTERPRISE,
        content_hash="h",
        classified_at=NOW,
        conversation_at=NOW,
    )


def conversation(
    *, company: str | None = "Acme", url: str | None = "https://app.intercom.com/a/inbox/conv_12345"
) -> Conversation:
    """The guide's sample conversation."""
    return Conversation(
        source="intercom",
        external_id="conv_12345",
        created_at=NOW,
        updated_at=NOW,
        messages=(Message(id="m1", author=Author.CUSTOMER, text="It fails every time.", created_at=NOW),),
        customer=Customer(
            id="p1",
            name="Ana",
            email="ana@acme.test",
            company_id="acme",
            company=company,
            plan="Enterprise",
            mrr=4200.0,
        ),
        url=url,
    )


def dossier(of: Action, **more: object) -> Dossier:
    """What is known of an action after one conversation."""
    return Dossier.model_validate(
        {
            "action": of,
            "insight": insight(),
            "conversation": conversation(),
            "conversations": 1,
            "customers": 1,
            "mrr": 4200.0,
            "companies": ("Acme",),
            "first_seen": NOW,
            "last_seen": NOW,
            **more,
        }
    )


def theme(
    conversations: int = 12, *, title: str = "Salesforce sync fails for contacts with custom fields"
) -> Theme:
    """The guide's sample theme."""
    return Theme(
        id="t1",
        issue_type=IssueType.PRODUCT_BUG,
        area="integrations",
        title=title,
        first_seen=NOW - timedelta(days=7),
        last_seen=NOW,
        conversations=conversations,
        customers=8,
        mrr=45_000.0,
        avg_sentiment=-0.68,
    )


def quote(text: str = "Every time it fails with a vague error.") -> Quote:
    """A customer's words."""
    return Quote(text=text, conversation_id="conv_12345", url="https://app.intercom.com/a/inbox/conv_12345")


def web(number: int) -> WebLink:
    """A conversation's address."""
    return WebLink(text=f"conv_{number}", href=f"https://app.intercom.com/a/inbox/conv_{number}")


@dataclass
class World:
    """Keeps links and deliveries as the store does; deliveries end when told to."""

    routes: Routes = field(default_factory=lambda: ROUTES)
    settings: ActSettings = SETTINGS
    silences: tuple[Silence, ...] = ()
    incidents: tuple[str, ...] = ()
    links: dict[str, Link] = field(default_factory=dict[str, Link])
    rows: dict[str, Delivery] = field(default_factory=dict[str, Delivery])

    def case(self, known: Dossier, *, now: datetime) -> Case:
        subject = known.action.subject_id
        open_states = {DeliveryState.HELD, DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN}
        recent: dict[str, int] = {}
        for row in self.rows.values():
            fresh = row.op is Op.CREATE and now - row.created_at < timedelta(hours=1)
            if fresh and row.state not in (DeliveryState.SUPPRESSED, DeliveryState.DRY):
                recent[row.destination] = recent.get(row.destination, 0) + 1
        return Case(
            dossier=known,
            links=tuple(link for link in self.links.values() if link.subject_id == subject),
            waiting=tuple(r for r in self.rows.values() if r.state in open_states and r.subject_id == subject),
            recent_objects=recent,
            incidents=self.incidents,
            silences=self.silences,
        )

    def plan(self, known: Dossier, *, now: datetime, settled: bool = False) -> Planned:
        planned = plan(
            self.case(known, now=now),
            routes=self.routes,
            words=WORDS,
            settings=self.settings,
            now=now,
            settled=settled,
        )
        self.keep(planned)
        return planned

    def keep(self, planned: Planned) -> None:
        self.links |= {link.object_key: link for link in planned.links}
        for row in planned.deliveries:
            self.rows.setdefault(row.id, row)
        for row in planned.changed:
            if self.rows[row.id].state is DeliveryState.HELD:
                self.rows[row.id] = row

    def end(self, row: Delivery, state: DeliveryState, *, now: datetime) -> None:
        """A delivery ends; its link follows as the store makes it."""
        self.rows[row.id] = row.model_copy(update={"state": state, "ended_at": now})
        link = self.links.get(row.object_key)
        if link is None or state is not DeliveryState.DONE:
            return
        standing = Standing.DONE if row.op is Op.RESOLVE else Standing.OPEN
        closed = now if row.op is Op.RESOLVE else None
        receipt = link.receipt or Receipt(external_id=f"X-{row.object_key[:6]}", url="https://jira.test/X")
        update = {"standing": standing, "closed_at": closed, "receipt": receipt}
        self.links[row.object_key] = link.model_copy(update=update)

    def deliver(self, *, now: datetime) -> list[Delivery]:
        """Everything that may go is done."""
        due = [row for row in self.rows.values() if row.state is DeliveryState.PENDING]
        for row in due:
            self.end(row, DeliveryState.DONE, now=now)
        return due

    def close(self, destination: str, *, now: datetime, standing: Standing = Standing.DONE) -> None:
        """People close everything that stands at a destination."""
        for key, link in self.links.items():
            if link.destination == destination and link.standing is Standing.OPEN:
                self.links[key] = link.model_copy(update={"standing": standing, "closed_at": now})
