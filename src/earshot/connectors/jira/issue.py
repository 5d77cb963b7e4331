"""A ticket's body: what goes into it, what a screen cannot take, and what is missing."""

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import JsonValue

from earshot.connectors.jira.fields import shaped
from earshot.connectors.jira.screens import Screen
from earshot.connectors.jira.settings import PROJECT_KEY, JiraSettings
from earshot.connectors.tickets import is_raised, numbers
from earshot.domain.delivery import Content, Order
from earshot.text.escape import clip, safe_url
from earshot.text.labels import label
from earshot.text.render.adf import to_adf

PROPERTY = "earshot"
"""The key of the property that keeps what Earshot knows of a ticket."""

NEEDED = frozenset({"project", "issuetype", "summary", "labels"})
"""Fields without which no ticket is made; without labels it could not be found again."""

_MOST_LABELS = 30
_SUMMARY = 255


class Draft(NamedTuple):
    """A ticket's fields, and what was left out and why (for the person who set it up)."""

    fields: dict[str, JsonValue]
    left_out: tuple[str, ...] = ()


def marker(order: Order, settings: JiraSettings) -> str:
    """The label by which one ticket is found again."""
    return f"{settings.label_prefix}-{order.object_key[:16]}"


def project_of(content: Content, settings: JiraSettings) -> str:
    """The project's key: the action's own, else the settings'; "" where it is none."""
    key = content.parameters.get("project") or settings.project
    return key if PROJECT_KEY.fullmatch(key) else ""


def type_of(content: Content, settings: JiraSettings) -> str:
    """Jira's issue type for the content."""
    return settings.issue_types.get(content.item_type) or content.item_type or "Task"


def property_of(order: Order) -> dict[str, JsonValue]:
    """What the ticket's property keeps: whose it is, which request was last, and the counts."""
    content = order.content
    facts = dict[str, JsonValue](numbers(content))
    return {"object": order.object_key, "request": order.request_key, "url": safe_url(content.url), "facts": facts}


def draft(order: Order, settings: JiraSettings, *, screen: Screen) -> Draft:
    """The fields of a new ticket, without those that the screen is known not to take."""
    content = order.content
    wanted: dict[str, JsonValue] = {**settings.defaults}
    wanted["project"] = {"key": project_of(content, settings)}
    wanted["issuetype"] = {"id": screen.type_id} if screen.type_id else {"name": screen.type_name}
    wanted["summary"] = clip(content.title, _SUMMARY)
    wanted["labels"] = list[JsonValue](_labels(order, settings))
    wanted["description"] = to_adf(content.body)
    left_out: list[str] = [screen.note] if screen.note else []
    priority = priority_of(content, settings, screen=screen)
    wanted |= priority.fields
    left_out += priority.left_out
    if settings.components:
        _set_components(wanted, left_out, content=content, screen=screen)
    custom = custom_fields(content, settings, screen=screen)
    wanted |= custom.fields
    left_out += custom.left_out
    return _on_screen(wanted, left_out, screen=screen)


def priority_of(content: Content, settings: JiraSettings, *, screen: Screen) -> Draft:
    """The priority, where one is named for the content's and the project has it."""
    name = settings.priorities.get(content.priority)
    if not name:
        return Draft({})
    known = screen.fields.get("priority")
    offered = known.offering(name) if known else name
    if offered is None:
        return Draft({}, (f"the project has no priority {name}: see [jira] priorities",))
    return Draft({"priority": {"name": offered}})


def changed_fields(content: Content, settings: JiraSettings, *, screen: Screen) -> Draft:
    """What an update sets: the mapped custom fields, and the priority only where the ticket is to be raised."""
    custom = custom_fields(content, settings, screen=screen)
    if not is_raised(content):
        return custom
    priority = priority_of(content, settings, screen=screen)
    return Draft({**custom.fields, **priority.fields}, (*custom.left_out, *priority.left_out))


def custom_fields(content: Content, settings: JiraSettings, *, screen: Screen) -> Draft:
    """The mapped custom fields of which the facts are known."""
    found: dict[str, JsonValue] = {}
    left_out: list[str] = []
    for name, field_id in settings.fields.items():
        fact = content.facts.get(name)
        if fact is None:
            continue
        value = shaped(fact, screen.fields.get(field_id))
        if value is None:
            left_out.append(f"{name} does not fit the field {field_id}")
        else:
            found[field_id] = value
    return Draft(found, tuple(left_out))


def missing(fields: Mapping[str, JsonValue], screen: Screen) -> dict[str, str]:
    """Fields that the project requires and nobody fills: id and name."""
    return {
        one.id: one.name
        for one in screen.fields.values()
        if one.required and one.id not in fields and one.id != "reporter"
    }


def _labels(order: Order, settings: JiraSettings) -> list[str]:
    own = [settings.label_prefix, marker(order, settings), *settings.labels]
    given = [label(text) for text in order.content.labels]
    stray = [text for text in given if text.startswith(f"{settings.label_prefix}-")]
    return list(dict.fromkeys([*own, *(text for text in given if text and text not in stray)]))[:_MOST_LABELS]


def _set_components(wanted: dict[str, JsonValue], left_out: list[str], *, content: Content, screen: Screen) -> None:
    known, names = screen.fields.get("components"), content.components
    if known is not None:
        names = tuple(name for text in names if known.offered and (name := known.offering(text)))
    if names:
        wanted["components"] = [{"name": name} for name in dict.fromkeys(names)]
    elif content.components:
        left_out.append("the project has none of the components")


def _on_screen(wanted: dict[str, JsonValue], left_out: list[str], *, screen: Screen) -> Draft:
    if not screen.fields:
        return Draft(wanted, tuple(left_out))
    absent = [name for name in wanted if name not in screen.fields and name not in NEEDED]
    kept = {name: value for name, value in wanted.items() if name not in absent}
    left_out += [f"{name} is not on the create screen" for name in absent]
    return Draft(kept, tuple(left_out))
