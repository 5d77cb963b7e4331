"""What an issue of Linear is made of: its input, its attachments, its receipt."""

from collections.abc import Mapping
from typing import Any

from earshot.connectors.lenient import Json, string
from earshot.connectors.linear.ids import issue_id
from earshot.connectors.linear.names import Labels
from earshot.connectors.linear.settings import TEAM_KEY, LinearSettings
from earshot.connectors.tickets import counted, is_raised, main_link, numbers
from earshot.domain.delivery import Content, Order, Receipt, Standing, WebLink
from earshot.text.clean import one_line
from earshot.text.escape import clip, safe_url
from earshot.text.render.markdown import to_markdown

_TITLE = 255
_MOST_LABELS = 20
_STANDINGS = {"completed": Standing.DONE, "canceled": Standing.DONE, "duplicate": Standing.DUPLICATE}


def team_of(content: Content, settings: LinearSettings) -> str:
    """The team's key: the action's own, else the settings'; "" where it is none."""
    key = content.parameters.get("team") or settings.team
    return key if TEAM_KEY.fullmatch(key) else ""


def labels_of(content: Content, settings: LinearSettings) -> list[str]:
    """The names of the labels that an issue should carry."""
    own = [settings.label, settings.type_labels.get(content.item_type, "")]
    return list(dict.fromkeys(name for name in (*own, *content.labels) if name.strip()))[:_MOST_LABELS]


def input_of(order: Order, settings: LinearSettings, *, team: str, labels: Labels) -> Json:
    """The input of a new issue, under the id that the order's object always has."""
    content = order.content
    made: Json = {
        "id": issue_id(order.object_key),
        "teamId": team,
        "title": clip(content.title, _TITLE),
        "description": to_markdown(content.body),
        "priority": settings.priorities.get(content.priority, 0),
    }
    return {**made, "labelIds": list(labels.ids)} if labels.ids else made


def raised_to(content: Content, settings: LinearSettings) -> int | None:
    """The priority that an issue is to be given though it is there; None where people's word counts."""
    return settings.priorities.get(content.priority) if is_raised(content) else None


def receipt_of(row: Mapping[str, Any], order: Order) -> Receipt:
    """The receipt for an issue's JSON. The anchor is the attachment that shows the count."""
    extra = {"identifier": string(row.get("identifier")) or ""}
    anchor = anchor_of(order)
    if anchor:
        extra["anchor"] = anchor
    return Receipt(external_id=issue_id(order.object_key), url=string(row.get("url")), extra=extra)


def anchor_of(order: Order) -> str | None:
    """The address of the attachment that shows the count: Earshot's page, else the first linked."""
    kept = order.receipt.extra.get("anchor") if order.receipt else None
    link = main_link(order.content)
    return kept or (link.href if link else None)


def attachments_of(order: Order, settings: LinearSettings) -> list[Json]:
    """The attachments to be set: conversations, and last the one with the count (it proves that all were set).

    Linear keeps one attachment of an issue for each address, so setting them again changes them in place.
    """
    anchor = anchor_of(order)
    if anchor is None:
        return []
    issue = order.receipt.external_id if order.receipt else issue_id(order.object_key)
    links = [link for link in order.content.links if safe_url(link.href)]
    inputs = [_linked(link, issue) for link in links if safe_url(link.href) != anchor][: settings.links]
    words = next((link.text for link in links if safe_url(link.href) == anchor), "")
    shown: Json = {
        "issueId": issue,
        "url": anchor,
        "title": one_line(words, limit=_TITLE) or "Conversation",
        "subtitle": counted(order.content),
        "metadata": {"object": order.object_key, "request": order.request_key, **numbers(order.content)},
    }
    return [*inputs, shown]


def standing_of(row: Mapping[str, Any], kind: str) -> Standing:
    """Where an issue stands; states are told by their type, whose list is open."""
    return Standing.GONE if row.get("trashed") is True else _STANDINGS.get(kind, Standing.OPEN)


def _linked(link: WebLink, issue: str) -> Json:
    title = one_line(link.text, limit=_TITLE) or "Conversation"
    return {"issueId": issue, "url": safe_url(link.href), "title": title}
