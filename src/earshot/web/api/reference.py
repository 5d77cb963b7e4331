"""The API's description as a page for people: plain HTML, readable offline and without scripts."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from earshot.web.api.problems import TITLES

_TEMPLATES: Final = Environment(
    loader=PackageLoader("earshot.web.api", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
Schema = Mapping[str, Any]


def reference(description: Schema) -> str:
    """The page."""
    return _TEMPLATES.get_template("reference.html.j2").render(
        info=description["info"],
        base=description["servers"][0]["url"],
        groups=_groups(description),
        schemas=_schemas(description),
        problems=TITLES,
        words=words,
    )


def words(schema: Schema) -> str:
    """A schema in a few words: `text`, `Priority or null`, `list of Finding`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(words(one) for one in schema["anyOf"]))
    if "const" in schema:
        return repr(schema["const"])
    if "enum" in schema:
        return ", ".join(str(one) for one in schema["enum"])
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {words(schema.get('items', {}))}"
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(kind, kind)


def _groups(description: Schema) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            shown = {"path": path, "method": method.upper(), **operation, "answers": list(_answers(operation))}
            groups.setdefault(operation["tags"][0], []).append(shown)
    return groups


def _answers(operation: Schema) -> Iterator[tuple[str, str, str]]:
    """Good answers: status, what it says, its form."""
    for status, response in operation["responses"].items():
        if status < "400":
            content = response.get("content", {}).get("application/json", {})
            yield status, response["description"], words(content.get("schema", {}))


def _schemas(description: Schema) -> dict[str, Any]:
    schemas = description["components"]["schemas"]
    return {name: schemas[name] for name in sorted(schemas) if "HTTPValidation" not in name and name != "Error"}
