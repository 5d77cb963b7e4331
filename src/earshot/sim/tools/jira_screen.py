"""The create screen of a simulated Jira: what it names, and what it refuses."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from earshot.sim.tools.adf_check import adf_trouble
from earshot.sim.tools.jira_settings import JiraSite, SimField
from earshot.sim.tools.wire import Json

NOT_ON_SCREEN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."
_CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes:"


def types_json(site: JiraSite) -> list[Json]:
    """The issue types, and one for sub-tasks."""
    named = [*((name, False) for name in site.issue_types), ("Sub-task", True)]
    return [
        {"id": str(10001 + index), "name": name, "subtask": subtask, "hierarchyLevel": -1 if subtask else 0}
        for index, (name, subtask) in enumerate(named)
    ]


def fields_json(site: JiraSite) -> list[Json]:
    """The fields of the create screen, as createmeta names them."""
    system = [
        _system("project", "project", required=True),
        _system("issuetype", "issuetype", required=True),
        _system("summary", "string", required=True),
        _system("description", "string"),
        _system("labels", "array", items="string"),
        _system("priority", "priority", offered=site.priorities),
        _system("components", "array", items="component", offered=site.components),
        _system("reporter", "user", required=True, has_default=True),
    ]
    return [one for one in [*system, *map(_custom, site.fields)] if one["fieldId"] not in site.hidden]


def refusals(site: JiraSite, fields: Mapping[str, Any], *, creating: bool) -> dict[str, str]:
    """Why fields are refused, by field; empty when they are taken."""
    found: dict[str, str] = {}
    known = {str(one["fieldId"]): one for one in fields_json(site)}
    for name, value in fields.items():
        row = known.get(name)
        if row is None or name in site.hidden_from_meta:
            found[name] = NOT_ON_SCREEN.format(name)
        elif trouble := _refusal(site, name, value=value, row=row):
            found[name] = trouble
    if creating:
        for name, row in known.items():
            if row["required"] and not row["hasDefaultValue"] and name not in fields:
                found[name] = f"{row['name']} is required."
    return found


def _refusal(site: JiraSite, name: str, *, value: Any, row: Json) -> str:
    match name:
        case "project":
            return "" if _named(value, "key") == site.project else "valid project is required"
        case "issuetype":
            known = {key: one for one in types_json(site) for key in (one["id"], one["name"])}
            given = _named(value, "id") or _named(value, "name")
            return "" if given in known else "The issue type selected is invalid."
        case "summary":
            return _line(value, "Summary")
        case "description":
            return adf_trouble(value)
        case "labels":
            return _labels(value)
        case _:
            return _offered(value, row) if row.get("allowedValues") else _typed(value, row)


def _line(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        return f"You must specify a {name.lower()} of the issue."
    if "\n" in value or "\r" in value:
        return f"The {name.lower()} is invalid because it contains newline characters."
    return f"{name} can't exceed 255 characters." if len(value) > 255 else ""


def _labels(value: Any) -> str:
    if not isinstance(value, list):
        return "data was not an array"
    for label in cast("list[Any]", value):
        if not isinstance(label, str) or not label or any(char.isspace() for char in label):
            return "The label contains spaces which is invalid."
        if len(label) > 255:
            return "The label is too long (at most 255 characters)."
    return ""


def _offered(value: Any, row: Json) -> str:
    names = {str(one.get("name") or one.get("value")) for one in row["allowedValues"]}
    given = cast("list[Any]", value) if isinstance(value, list) else [value]
    if isinstance(value, list) != (row["schema"]["type"] == "array"):
        return "data was not of the right shape"
    for one in given:
        if (_named(one, "name") or _named(one, "value")) not in names:
            return "Option value is not valid"
    return ""


def _typed(value: Any, row: Json) -> str:
    match row["schema"]["type"]:
        case "number":
            ok = isinstance(value, int | float) and not isinstance(value, bool)
            return "" if ok else "Operation value must be a number"
        case "date":
            return "" if _is_date(value) else "Operation value must be a date (yyyy-MM-dd)"
        case "string":
            if str(row["schema"].get("custom", "")).endswith(":textarea"):
                return adf_trouble(value)
            return "" if isinstance(value, str) and "\n" not in value else "Operation value must be a string"
        case "array":
            return "" if isinstance(value, list) else "data was not an array"
        case _:
            return ""


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _named(value: Any, key: str) -> str:
    return str(cast("Mapping[str, Any]", value).get(key) or "") if isinstance(value, dict) else ""


def _system(
    name: str,
    kind: str,
    *,
    items: str = "",
    offered: tuple[str, ...] = (),
    required: bool = False,
    has_default: bool = False,
) -> Json:
    schema = {"type": kind, "system": name} | ({"items": items} if items else {})
    values = [{"id": str(index + 1), "name": one} for index, one in enumerate(offered)]
    return _row(name, name.capitalize(), schema=schema, values=values, required=required, has_default=has_default)


def _custom(one: SimField) -> Json:
    schema: Json = {"type": one.type, "custom": _CUSTOM + one.custom, "customId": int(one.id.rpartition("_")[2])}
    if one.items:
        schema["items"] = one.items
    values = [{"id": str(index + 1), "value": name} for index, name in enumerate(one.options)]
    return _row(one.id, one.name, schema=schema, values=values, required=one.required)


def _row(
    name: str, shown: str, *, schema: Json, values: list[Json], required: bool, has_default: bool = False
) -> Json:
    row: Json = {
        "fieldId": name,
        "key": name,
        "name": shown,
        "operations": ["set"],
        "required": required,
        "hasDefaultValue": has_default,
        "schema": schema,
    }
    return row | ({"allowedValues": values} if values else {})
