"""What the vendors refuse in a schema for structured output: the strict rules, as their documentation has them."""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from earshot.sim.llm.wire import Json, items, mapping

_NEVER = (
    "patternProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "contains",
    "minContains",
    "maxContains",
    "uniqueItems",
    "not",
    "if",
    "dependentSchemas",
)
_OPENAI_NEVER = (*_NEVER, "oneOf", "allOf", "default")
_ANTHROPIC_NEVER = (
    *_NEVER,
    "oneOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "pattern",
)
_OPENAI_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
_ANTHROPIC_FORMATS = _OPENAI_FORMATS | {"uri"}
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def openai_fault(schema: Json) -> str | None:
    """What OpenAI's strict mode refuses in a schema; None when it is accepted."""
    return _cached(json.dumps(schema), "openai")


def anthropic_fault(schema: Json) -> str | None:
    """What Anthropic refuses in an output schema; None when it is accepted."""
    return _cached(json.dumps(schema), "anthropic")


@lru_cache(maxsize=256)
def _cached(text: str, vendor: str) -> str | None:
    schema: Json = json.loads(text)
    return next(_openai(schema) if vendor == "openai" else _anthropic(schema), None)


def walk(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[Json, tuple[str, ...]]]:
    """Every schema inside a schema, with its place; `$ref`s are not followed."""
    node = mapping(schema)
    yield node, path
    for key in ("properties", "$defs", "definitions"):
        for name, inner in mapping(node.get(key)).items():
            yield from walk(inner, (*path, key, name))
    if isinstance(node.get("items"), dict):
        yield from walk(node["items"], (*path, "items"))
    for key in ("anyOf", "oneOf", "allOf"):
        for number, inner in enumerate(items(node.get(key))):
            yield from walk(inner, (*path, key, str(number)))


def _openai(schema: Json) -> Iterator[str]:
    if schema.get("type") != "object":
        yield "schema must be a JSON Schema of 'type: \"object\"'"
    if "anyOf" in schema:
        yield "schema must not have 'anyOf' at the top level"
    properties = enums = names = 0
    for node, path in walk(schema):
        yield from _openai_node(node, f"In context=({', '.join(map(repr, path))}), ")
        properties += len(mapping(node.get("properties")))
        enums += len(items(node.get("enum")))
        names += sum(map(len, mapping(node.get("properties")))) + sum(len(str(v)) for v in items(node.get("enum")))
        if sum(step in {"properties", "items"} for step in path) > 10:
            yield "schema exceeds the limit of 10 levels of nesting"
    if properties > 5000 or enums > 1000 or names > 120_000:
        yield "schema exceeds the limits of 5000 properties, 1000 enum values or 120000 characters"


def _openai_node(node: Json, where: str) -> Iterator[str]:
    yield from (f"{where}'{word}' is not permitted." for word in _OPENAI_NEVER if word in node)
    if "$ref" in node and len(node) > 1:
        yield f"{where}$ref cannot have keywords beside it."
    yield from _closed(node, where)
    if mapping(node.get("properties")).keys() - set(map(str, items(node.get("required")))):
        yield f"{where}'required' is required to be supplied and to be an array including every key in properties."
    if node.get("type") == "array" and not mapping(node.get("items")):
        yield f"{where}array schema missing items."
    if node.get("format", "date") not in _OPENAI_FORMATS:
        yield f"{where}'{node['format']}' is not a valid format."
    if "(?" in str(node.get("pattern", "")):
        yield f"{where}look-around is not supported in 'pattern'."
    values = items(node.get("enum"))
    if len(values) > 250 and sum(len(str(value)) for value in values) > 15_000:
        yield f"{where}enum is too long."


def _closed(node: Json, where: str) -> Iterator[str]:
    if node.get("type") == "object" and node.get("additionalProperties") is not False:
        yield f"{where}'additionalProperties' is required to be supplied and to be false."


def _anthropic(schema: Json) -> Iterator[str]:
    optional = unions = 0
    for node, path in walk(schema):
        where = f"output_config.format.schema: {'.'.join(path) or 'root'}: "
        yield from (f"{where}property '{word}' is not supported" for word in _ANTHROPIC_NEVER if word in node)
        yield from _closed(node, where)
        if node.get("minItems", 0) not in (0, 1):
            yield f"{where}'minItems' values other than 0 or 1 are not supported"
        if node.get("format", "date") not in _ANTHROPIC_FORMATS:
            yield f"{where}'{node['format']}' is not a supported format"
        if path and path[0] in {"$defs", "definitions"}:
            continue
        properties = mapping(node.get("properties"))
        optional += len(properties.keys() - set(map(str, items(node.get("required")))))
        unions += sum(
            "anyOf" in mapping(p) or isinstance(mapping(p).get("type"), list) for p in properties.values()
        )
    if optional > 24 or unions > 16 or _recursive(schema):
        yield "Schema is too complex: at most 24 optional and 16 union-typed parameters, and no recursion."


def _recursive(schema: Json) -> bool:
    definitions = {**mapping(schema.get("definitions")), **mapping(schema.get("$defs"))}
    graph = {name: _references(inner) for name, inner in definitions.items()}
    graph[""] = _references({key: value for key, value in schema.items() if key not in {"$defs", "definitions"}})

    def reaches(name: str, seen: frozenset[str]) -> bool:
        return name in seen or any(reaches(other, seen | {name}) for other in graph.get(name, ()))

    return reaches("", frozenset())


def _references(node: Any) -> set[str]:
    return {str(inner["$ref"]).rsplit("/", 1)[-1] for inner, _ in walk(node) if "$ref" in inner}
