"""What is wrong with the body of a HubSpot task or search, in the way HubSpot words it."""

import re
from typing import NamedTuple

from earshot.sim.intercom.peek import is_object, mapping, sequence
from earshot.sim.tools.shapes import is_text
from earshot.sim.tools.wire import Json

_DUE = re.compile(r"[0-9]{13}|[0-9]{4}-[0-9]{2}-[0-9]{2}T.+Z")
_CHOICES = {
    "hs_task_status": ("NOT_STARTED", "IN_PROGRESS", "WAITING", "DEFERRED", "COMPLETED"),
    "hs_task_priority": ("LOW", "MEDIUM", "HIGH"),
    "hs_task_type": ("TODO", "CALL", "EMAIL"),
}
_KNOWN = frozenset(
    {"hs_timestamp", "hs_task_subject", "hs_task_body", "hs_task_reminders", "hubspot_owner_id", *_CHOICES}
)
_BODY = 65_536
TO_CONTACT = 204
_OPERATORS = ("EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "CONTAINS_TOKEN")
_SEARCH = frozenset({"filterGroups", "properties", "sorts", "query", "limit", "after"})


class Mistake(NamedTuple):
    """A message and the property that it is about ("" for none)."""

    message: str
    name: str = ""


def wrong_task(body: Json) -> list[Mistake]:
    """Mistakes of a body that is to make a task."""
    found = [
        Mistake(f"{name} is not known")
        for name in body
        if name not in ("properties", "associations", "objectWriteTraceId")
    ]
    associations = sequence(body.get("associations"))
    if associations is None:
        found.append(Mistake("associations is required"))
    found += [wrong for one in associations or () if (wrong := _wrong_association(mapping(one))) is not None]
    properties = mapping(body.get("properties"))
    if "hs_timestamp" not in properties:
        found.append(Mistake("hs_timestamp is required", "hs_timestamp"))
    return found + wrong_properties(properties)


def wrong_change(body: Json) -> list[Mistake]:
    """Mistakes of a body that is to change a task."""
    if body.keys() != {"properties"} or not is_object(body["properties"]):
        return [Mistake("properties is required, and nothing else")]
    return wrong_properties(mapping(body["properties"]))


def wrong_properties(properties: Json) -> list[Mistake]:
    """Mistakes among the properties: every value is text."""
    return [
        Mistake(f"Property {name} was not valid", name)
        for name, value in properties.items()
        if not _is_valid(name, value)
    ]


def wrong_search(body: Json) -> list[Mistake]:
    """Mistakes of a search."""
    groups = sequence(body.get("filterGroups"))
    found = [Mistake(f"{name} is not known") for name in body if name not in _SEARCH]
    if groups is None or len(groups) > 5:
        return [*found, Mistake("filterGroups must be a list of at most 5")]
    filters = [mapping(one) for group in groups for one in sequence(mapping(group).get("filters")) or ()]
    found += [Mistake(f"filter {one.get('propertyName')} was not valid") for one in filters if not _is_filter(one)]
    limit = body.get("limit", 10)
    if not isinstance(limit, int) or not 1 <= limit <= 200:
        found.append(Mistake("limit must be 1 to 200"))
    if len(sequence(body.get("sorts", [])) or ()) > 1:
        found.append(Mistake("only one sort is allowed"))
    return found


def _wrong_association(one: Json) -> Mistake | None:
    to, types = mapping(one.get("to")), sequence(one.get("types"))
    kinds = [mapping(kind) for kind in types or ()]
    right = one.keys() == {"to", "types"} and isinstance(to.get("id"), str) and bool(kinds)
    if right and all(
        kind.get("associationCategory") == "HUBSPOT_DEFINED" and kind.get("associationTypeId") == TO_CONTACT
        for kind in kinds
    ):
        return None
    return Mistake("associations were not valid")


def _is_valid(name: str, value: object) -> bool:
    if name not in _KNOWN or not isinstance(value, str):
        return False
    if name in _CHOICES:
        return value in _CHOICES[name]
    if name == "hs_timestamp":
        return _DUE.fullmatch(value) is not None
    if name == "hubspot_owner_id":
        return value.isdigit()
    return is_text(value, high=_BODY)


def _is_filter(one: Json) -> bool:
    if one.keys() - {"propertyName", "operator", "value", "values", "highValue"}:
        return False
    texts = [one.get("value", ""), one.get("propertyName"), *(sequence(one.get("values", [])) or ())]
    return one.get("operator") in _OPERATORS and all(isinstance(text, str) for text in texts)
