"""What a source tells by webhook: that something changed. Ids only; the source is asked for the rest."""

from datetime import datetime
from enum import StrEnum

from earshot.domain.model import Noun


class Effect(StrEnum):
    """What a notification asks of us. CHANGED: fetch it. DELETED: it is gone at the source. NOTHING: a ping."""

    CHANGED = "changed"
    DELETED = "deleted"
    NOTHING = "nothing"


class Concern(StrEnum):
    """What a notification is about."""

    CONVERSATION = "conversation"
    CONTACT = "contact"
    COMPANY = "company"
    WORKSPACE = "workspace"


class Notification(Noun):
    """One delivery of a webhook. `id` is the source's and makes deliveries alike.

    `external_id` is the source's id of what it concerns. `occurred_at` and `received_at` are UTC; `trace` is a W3C
    traceparent, so that one trace covers what follows.
    """

    id: str
    source: str = "intercom"
    topic: str
    effect: Effect
    concern: Concern
    external_id: str
    occurred_at: datetime
    received_at: datetime
    trace: str = ""


class Turn(Noun):
    """The right to deal with one thing that changed, held by one worker until `until`.

    `version` counts the notifications about it; finishing a turn settles all up to that version. `asked_at` is when
    the oldest unsettled one was received; `attempts` how often a turn was begun since something was last settled.
    """

    source: str
    concern: Concern
    external_id: str
    effect: Effect
    version: int
    token: str
    until: datetime
    asked_at: datetime
    attempts: int = 1
    trace: str = ""


class InboxFigures(Noun):
    """How receiving stands. `oldest` is when the oldest unsettled notification was received; `failed` gave up."""

    received_24h: int = 0
    duplicates_24h: int = 0
    waiting: int = 0
    failed: int = 0
    oldest: datetime | None = None
    latest: datetime | None = None
    topics_24h: dict[str, int] = {}
