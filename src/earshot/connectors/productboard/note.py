"""An order as the body of a Productboard note (API v2)."""

from datetime import UTC, datetime

from earshot.connectors.addresses import is_email
from earshot.connectors.lenient import Json
from earshot.connectors.productboard.settings import ProductboardSettings
from earshot.domain.delivery import Content, Order
from earshot.domain.document import Block, Document, Quotation
from earshot.text.escape import clip, safe_url
from earshot.text.render.html import to_html

SYSTEM = "earshot"
"""The source system by which our notes are found, and ignored on import."""
MOST_CHARACTERS = 524_288
_NAME = 255


def new_note(order: Order, *, settings: ProductboardSettings, now: datetime) -> Json:
    """The body that makes the note: its source names the thing, so that it is found again."""
    content = order.content
    fields = note_fields(order, settings=settings, now=now)
    tags = _tags(content, settings)
    if tags:
        fields["tags"] = tags
    if settings.owner:
        fields["owner"] = {"email": settings.owner}
    data: Json = {
        "type": settings.note_type,
        "fields": fields,
        "metadata": {"source": _source(order)},
    }
    if settings.link_customer and is_email(content.email):
        target = {"type": "user", "email": content.email}
        data["relationships"] = [{"type": "customer", "target": target}]
    return {"data": data}


def note_fields(order: Order, *, settings: ProductboardSettings, now: datetime) -> Json:
    """Name and text, which updates replace; tags and owner belong to people once the note is made."""
    content = order.content
    text = _parts(order, now) if settings.note_type == "conversationNote" else to_html(content.body)
    return {"name": clip(content.title, _NAME), "content": text}


def changed_note(order: Order, *, settings: ProductboardSettings, now: datetime) -> Json:
    """The body that brings a note up to date."""
    return {"data": {"fields": note_fields(order, settings=settings, now=now)}}


def _source(order: Order) -> Json:
    found: Json = {"system": SYSTEM, "recordId": order.object_key}
    url = safe_url(order.content.url)
    return {**found, "url": url} if url is not None else found


def _tags(content: Content, settings: ProductboardSettings) -> list[Json]:
    names = (clip(name, _NAME) for name in (*settings.tags, *content.labels))
    return [{"name": name} for name in dict.fromkeys(names) if name]


def _parts(order: Order, now: datetime) -> list[Json]:
    """Customers' words as parts of their own, what we say about them as an agent's."""
    said_at = (order.content.said_at or now).astimezone(UTC).isoformat()
    found: list[Json] = []
    for blocks in _runs(order.content.body.blocks):
        customers = isinstance(blocks[0], Quotation)
        found.append(
            {
                "externalId": f"{order.object_key[:16]}-{len(found) + 1}",
                "authorType": "customer" if customers else "agent",
                "content": to_html(Document(blocks=blocks)),
                "timestamp": said_at,
            }
        )
    return found


def _runs(blocks: tuple[Block, ...]) -> list[tuple[Block, ...]]:
    """Each quotation alone, everything between two of them together."""
    runs: list[tuple[Block, ...]] = []
    for block in blocks:
        joins = runs and not isinstance(block, Quotation) and not isinstance(runs[-1][0], Quotation)
        runs[-1:] = [(*runs[-1], block)] if joins else [*runs[-1:], (block,)]
    return runs
