"""What Intercom sends by webhook: whether it is Intercom's, and what it says that changed.

Bodies are hostile until the signature holds and odd even then (forms differ by topic and version): only the
envelope's `id`, `topic` and `app_id` are needed. What changed is looked up in several places; where no id is found
there is nothing to do, and polling brings it.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from earshot.domain.notification import Concern, Effect, Notification
from earshot.errors import BadInput

TOPICS: tuple[str, ...] = (
    "conversation.user.created",
    "conversation.user.replied",
    "conversation.admin.replied",
    "conversation.operator.replied",
    "conversation.admin.single.created",
    "conversation.admin.assigned",
    "conversation.admin.open.assigned",
    "conversation.admin.noted",
    "conversation.admin.closed",
    "conversation.admin.opened",
    "conversation.admin.snoozed",
    "conversation.admin.unsnoozed",
    "conversation.rating.added",
    "conversation.priority.updated",
    "conversation.contact.attached",
    "conversation.contact.detached",
    "conversation.company.updated",
    "conversation.deleted",
    "conversation_part.redacted",
    "conversation_part.tag.created",
    "contact.deleted",
    "contact.archived",
    "contact.merged",
    "contact.email.updated",
    "contact.user.updated",
    "contact.lead.updated",
    "company.updated",
    "company.deleted",
)
"""Topics worth ticking in Intercom's Developer Hub."""

NEEDED: tuple[str, ...] = (
    "conversation.user.created",
    "conversation.user.replied",
    "conversation.admin.replied",
    "conversation.operator.replied",
    "conversation.admin.closed",
    "conversation.rating.added",
    "conversation.deleted",
    "conversation_part.redacted",
    "contact.deleted",
    "contact.merged",
)
"""The least to tick: without them messages, deletions or redactions wait for the next sync."""

PING = "ping"
KNOWN_TOPICS = frozenset((*TOPICS, PING))

_WORD = re.compile(r"[A-Za-z0-9_.:@=+-]{1,200}", re.ASCII)
_CONCERNS = {
    "conversation": Concern.CONVERSATION,
    "conversation_part": Concern.CONVERSATION,
    "contact": Concern.CONTACT,
    "company": Concern.COMPANY,
}
_DELETED = frozenset({"conversation.deleted", "contact.deleted", "company.deleted"})
_MERGED = "contact.merged"
"""Its item is the contact that remains; what must be looked at anew are the conversations of the other one."""
_TYPES = {
    Concern.CONVERSATION: frozenset({"conversation"}),
    Concern.CONTACT: frozenset({"contact", "user", "lead"}),
    Concern.COMPANY: frozenset({"company"}),
}
_REFERENCES = {Concern.CONVERSATION: "conversation_id", Concern.CONTACT: "contact_id"}
"""A company's `company_id` is the customer's own key, not Intercom's id, and is no reference."""
_EARLIEST = datetime(2011, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Delivery:
    """A notification and the workspace (`app_id`) that it comes from."""

    app_id: str
    notification: Notification


def verify(body: bytes, header: bytes, *, secret: str) -> bool:
    """Whether `X-Hub-Signature` is that of these bytes: HMAC-SHA1 with the app's client secret; constant time."""
    scheme, _, given = header.partition(b"=")
    wanted = hmac.digest(secret.encode(), body, hashlib.sha1).hex().encode()
    return hmac.compare_digest(given.strip().lower(), wanted) and scheme.strip().lower() == b"sha1"


def parse(body: bytes, *, received_at: datetime, trace: str = "") -> Delivery:
    """What a webhook says. Raises BadInput, which quotes nothing of the body."""
    envelope = _object(_json(body))
    app_id, topic = _word(envelope, "app_id"), _word(envelope, "topic")
    concern, effect, external_id = _told(topic, _object(envelope.get("data")).get("item"))
    notification = Notification(
        id=_word(envelope, "id"),
        topic=topic,
        effect=effect,
        concern=concern,
        external_id=external_id or app_id,
        occurred_at=_moment(envelope.get("created_at"), otherwise=received_at),
        received_at=received_at,
        trace=trace,
    )
    return Delivery(app_id, notification)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadInput("the body is not JSON") from None


def _object(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _word(envelope: Mapping[str, Any], key: str) -> str:
    found = _plain(envelope.get(key))
    if found is None:
        raise BadInput(f"the notification has no usable `{key}`")
    return found


def _plain(value: Any) -> str | None:
    """An id or a topic: short, printable, without a slash; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**30:
        return str(value)
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None


def _told(topic: str, item: Any) -> tuple[Concern, Effect, str | None]:
    concern, what = _CONCERNS.get(topic.partition(".")[0]), _object(item)
    if topic == _MERGED and _object(what.get("merged_from")):
        what = _object(what["merged_from"])
    found = None if concern is None else _id(what, concern)
    if concern is None or found is None:
        return Concern.WORKSPACE, Effect.NOTHING, None
    return concern, Effect.DELETED if topic in _DELETED else Effect.CHANGED, found


def _id(item: Mapping[str, Any], concern: Concern) -> str | None:
    """The id of what changed: the item itself, a reference in it, an object in it; a nameless item comes last."""
    kind = item.get("type")
    if kind in _TYPES[concern]:
        return _plain(item.get("id"))
    reference = _plain(item.get(_REFERENCES.get(concern, "")))
    inner = item.get(str(concern))
    nested = _plain(_object(inner).get("id")) or _plain(inner)
    own = _plain(item.get("id")) if kind is None else None
    return reference or nested or own


def _moment(value: Any, *, otherwise: datetime) -> datetime:
    """Unix seconds or milliseconds, or an ISO time; what cannot be a time of Intercom's counts as `otherwise`."""
    found = _from_number(value) if isinstance(value, (int, float)) else _from_text(value)
    if found is None or not _EARLIEST <= found <= otherwise + timedelta(days=1):
        return otherwise
    return found


def _from_number(value: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(value / 1000 if value > 10**11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _from_text(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None
