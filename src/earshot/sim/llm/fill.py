"""A value for any JSON schema, deterministic for a key: for benchmarks, and where nobody has a better answer."""

from typing import Any

from earshot.sim.chance import between, fraction
from earshot.sim.llm.wire import Json, dumps, items, mapping

_WORDS = ("customer", "export", "fails", "after", "update", "login", "invoice", "page", "slowly", "asks", "report")
_DEEPEST = 12


def fill(schema: Json, key: str = "") -> str:
    """JSON text that satisfies the schema."""
    return dumps(value(schema, root=schema, key=key))


def resolve(node: Any, root: Json) -> Json:
    """The schema itself, or what its `$ref` names."""
    schema = mapping(node)
    while "$ref" in schema:
        found: Any = root
        for step in str(schema["$ref"]).lstrip("#/").split("/"):
            found = mapping(found).get(step)
        schema = mapping(found)
    return schema


def value(node: Any, *, root: Json, key: str, depth: int = 0) -> Any:
    """A value that satisfies one schema within `root`."""
    schema = resolve(node, root)
    if "const" in schema:
        return schema["const"]
    options = items(schema.get("enum"))
    if options:
        return options[between(0, len(options) - 1, key, "enum")]
    for word in ("anyOf", "oneOf", "allOf"):
        branches = items(schema.get(word))
        if branches:
            chosen = branches[0 if depth < _DEEPEST else -1]
            return value(chosen, root=root, key=key, depth=depth + 1)
    return _typed(schema, root=root, key=key, depth=depth)


def _typed(schema: Json, *, root: Json, key: str, depth: int) -> Any:
    given: Any = schema.get("type", "object" if "properties" in schema else "null")
    kind = str((items(given) or [given])[0])
    if kind == "object":
        properties = mapping(schema.get("properties"))
        return {
            name: value(inner, root=root, key=f"{key}/{name}", depth=depth + 1)
            for name, inner in properties.items()
        }
    if kind == "array":
        length = max(1, int(schema.get("minItems", 1))) if depth < _DEEPEST else 0
        return [value(schema.get("items"), root=root, key=f"{key}/{i}", depth=depth + 1) for i in range(length)]
    return _plain(kind, schema, key=key)


def _plain(kind: str, schema: Json, *, key: str) -> Any:
    if kind in {"integer", "number"}:
        low, high = schema.get("minimum", 0), schema.get("maximum", 1)
        high = max(low, high)
        return (
            between(int(low), int(high), key) if kind == "integer" else round(low + fraction(key) * (high - low), 2)
        )
    if kind == "boolean":
        return fraction(key) < 0.5
    if kind == "string":
        words = [_WORDS[between(0, len(_WORDS) - 1, key, i)] for i in range(6)]
        text = " ".join(words)[: int(schema.get("maxLength", 10_000))]
        return text.ljust(int(schema.get("minLength", 0)), ".")
    return None
