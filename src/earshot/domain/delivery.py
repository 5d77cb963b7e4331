"""A delivery: one thing to be done at one destination, kept in the outbox until its end is known."""

from datetime import datetime
from enum import StrEnum

from earshot.domain.action import Action
from earshot.domain.backlog import BacklogItem
from earshot.domain.conversation import Conversation
from earshot.domain.document import Document
from earshot.domain.insight import Insight
from earshot.domain.model import Noun
from earshot.domain.theme import Quote, Theme


class Thing(StrEnum):
    """What stands at the destination. Two actions that want the same thing for one subject get it once."""

    PAGE = "page"
    MESSAGE = "message"
    MAIL = "mail"
    TASK = "task"
    TICKET = "ticket"
    FEEDBACK = "feedback"
    NOTE = "note"
    TAG = "tag"
    ASSIGNMENT = "assignment"
    ATTRIBUTE = "attribute"
    EVENT = "event"


class Op(StrEnum):
    """What is done to the thing."""

    CREATE = "create"
    UPDATE = "update"
    RESOLVE = "resolve"
    REOPEN = "reopen"


class DeliveryState(StrEnum):
    """Where a delivery stands. HELD waits for approval; DRY was rendered and checked, never sent.

    UNKNOWN may have been done and is looked up before anything else; SUPPRESSED names its cause; DEAD was refused.
    """

    HELD = "held"
    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    DONE = "done"
    DRY = "dry"
    DEAD = "dead"
    SUPPRESSED = "suppressed"
    DISCARDED = "discarded"


class Severity(StrEnum):
    """How grave, in PagerDuty's words."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class WebLink(Noun):
    """A link with its words."""

    text: str
    href: str


class Content(Noun):
    """What is said, neutral of its destination; kept as the snapshot that is approved and sent.

    `facts` are named values (rice_score, customer_evidence_count, …) for custom fields and events; None: unknown.
    `parameters` are those of the action (tag, team, channel). `conversation` and `contact` are ids at the source,
    `email` and `company` the customer's.
    """

    title: str
    body: Document = Document()
    severity: Severity = Severity.INFO
    priority: str = ""
    item_type: str = ""
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    facts: dict[str, str | int | float | bool | list[str] | None] = {}
    links: tuple[WebLink, ...] = ()
    url: str | None = None
    area: str = ""
    conversation: str = ""
    contact: str = ""
    email: str = ""
    company: str = ""
    due_at: datetime | None = None
    said_at: datetime | None = None
    parameters: dict[str, str] = {}


WITHDRAWN = Content(title="(removed: the words of a conversation that is gone)")
"""What stands where content had to go. A CREATE that says this is not sent any more."""


RAISED = "raised"
"""The fact that says that a ticket is to become as urgent as the content says, whatever it is now."""


class Receipt(Noun):
    """Where the thing stands at the destination. `extra` is what the connector needs to change it (Slack's ts)."""

    external_id: str
    url: str | None = None
    extra: dict[str, str] = {}


class Order(Noun):
    """What a tool is asked to do. `object_key` is the same for one thing for ever, `request_key` for one request.

    Both are 32 hexadecimal digits; what marks the thing at the destination (label, dedup key, client id) derives
    from `object_key`. `again` says that an earlier try may have arrived. `receipt` is there for all but CREATE.
    `since` is when it was planned: what it makes cannot be older, so no look-up need go further back.
    """

    object_key: str
    request_key: str
    thing: Thing
    op: Op
    content: Content
    receipt: Receipt | None = None
    again: bool = False
    since: datetime | None = None


class Result(StrEnum):
    """How a try ended. RETRY surely did nothing; UNKNOWN may have done it; PAUSED waits for a person at the other
    side (a workflow switched off); GONE will never come back.
    """

    DELIVERED = "delivered"
    REJECTED = "rejected"
    RETRY = "retry"
    UNKNOWN = "unknown"
    AUTH_FAILED = "auth_failed"
    PAUSED = "paused"
    GONE = "gone"


class Outcome(Noun):
    """What a tool answers. `reason` holds no secret and no customer text; `fields` names refused fields.

    `note` is for the person who set it up (dropped optional fields). `retry_after` is in seconds.
    """

    result: Result
    receipt: Receipt | None = None
    status: int | None = None
    reason: str = ""
    fields: tuple[str, ...] = ()
    note: str = ""
    retry_after: float | None = None


class Standing(StrEnum):
    """Where a thing stands at its destination, as read back."""

    PLANNED = "planned"
    OPEN = "open"
    DONE = "done"
    DUPLICATE = "duplicate"
    GONE = "gone"


class Remote(Noun):
    """What a ticket tool says of one thing. `title` is its present one; `at` when it came to stand so."""

    external_id: str
    standing: Standing
    status: str = ""
    title: str = ""
    at: datetime | None = None


class Link(Noun):
    """One thing at one destination for one subject and episode: the first check against duplicates.

    `variant` parts things of one kind and subject (a tag's name). `told` is how many conversations the last request
    named, `sequence` how many requests were planned, `suppressed` how many conversations there were when making it
    was last suppressed (0: never). Times: planned, last told, closed at the destination.
    """

    object_key: str
    destination: str
    thing: Thing
    subject_id: str
    variant: str = ""
    episode: int = 0
    action_key: str
    standing: Standing = Standing.PLANNED
    receipt: Receipt | None = None
    told: int = 0
    sequence: int = 0
    suppressed: int = 0
    planned_at: datetime
    told_at: datetime | None = None
    closed_at: datetime | None = None
    checked_at: datetime | None = None


class Delivery(Noun):
    """A row of the outbox. `id` is its request key; it is unique for link, op and sequence.

    `cause` says why it is held, suppressed or dead. `worker` and `lease_until` are there while it is being sent.
    `first_tried_at` is the first try since it was planned, approved or taken up again by a person.
    """

    id: str
    object_key: str
    action_key: str
    destination: str
    thing: Thing
    op: Op
    subject_id: str
    content: Content
    state: DeliveryState = DeliveryState.PENDING
    told: int = 0
    urgent: bool = False
    attempts: int = 0
    not_before: datetime
    created_at: datetime
    worker: str = ""
    lease_until: datetime | None = None
    first_tried_at: datetime | None = None
    maybe_arrived: bool = False
    receipt: Receipt | None = None
    last_status: int | None = None
    cause: str = ""
    note: str = ""
    approved_by: str = ""
    ended_at: datetime | None = None


class Silence(Noun):
    """Until `until`, actions that match are suppressed. Empty matchers match everything.

    `fact` and `value` match a subject id, a product area, a rule, a kind or a destination.
    """

    id: str
    matchers: dict[str, str] = {}
    until: datetime
    reason: str
    author: str
    at: datetime


class Dossier(Noun):
    """Everything that is known about an action's subject, for its words. Only trusted members are counted.

    `insight` and `conversation` are those of the newest trusted member (of the newest one where none is).
    """

    action: Action
    insight: Insight
    conversation: Conversation
    conversations: int
    suspects: int = 0
    customers: int
    mrr: float | None = None
    companies: tuple[str, ...] = ()
    first_seen: datetime
    last_seen: datetime
    theme: Theme | None = None
    item: BacklogItem | None = None
    quotes: tuple[Quote, ...] = ()
    links: tuple[WebLink, ...] = ()


class Case(Noun):
    """An action that is due to be planned: what is known, and what has been done about it so far."""

    dossier: Dossier
    links: tuple[Link, ...] = ()
    waiting: tuple[Delivery, ...] = ()
    recent_objects: dict[str, int] = {}
    incidents: tuple[str, ...] = ()
    silences: tuple[Silence, ...] = ()


class Planned(Noun):
    """What to do now about a case. `look_at`: when to look again though nothing new came (None: only then).

    `links` are new ones, and known ones as they are now; `changed` known deliveries, once held, that stand anew.
    """

    action_key: str
    links: tuple[Link, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    changed: tuple[Delivery, ...] = ()
    look_at: datetime | None = None


class Breaker(StrEnum):
    """Whether a destination may be used."""

    CLOSED = "closed"
    OPEN = "open"
    PAUSED = "paused"
    DISABLED = "disabled"


class Health(Noun):
    """How a destination fares. `failures` are in a row; `recent` the last tries, newest last, True for good ones.

    `probe_at` is when one row may try an open breaker; `next_at` when pacing lets the next request go.
    """

    destination: str
    breaker: Breaker = Breaker.CLOSED
    failures: int = 0
    recent: tuple[tuple[datetime, bool], ...] = ()
    opened: int = 0
    probe_at: datetime | None = None
    last_success: datetime | None = None
    failing_since: datetime | None = None
    p95_ms: float | None = None
    waiting: int = 0
    oldest: datetime | None = None
    dead: int = 0
    reason: str = ""
