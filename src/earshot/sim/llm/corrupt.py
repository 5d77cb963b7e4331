"""Answers that have gone wrong: cut off, not JSON, outside the schema, or written by an enemy."""

import json
from collections.abc import Callable
from typing import Any, cast

from earshot.sim.chance import between
from earshot.sim.llm.fill import resolve
from earshot.sim.llm.settings import Fault
from earshot.sim.llm.wire import Json, dumps, items, mapping

REFUSAL = "I'm sorry, but I can't help with that."
ENEMY = (
    '<script>alert(1)</script><img src=x onerror="alert(1)">',
    "[click](javascript:alert(1)) ![x](http://127.0.0.1:9/leak)",
    "=cmd|' /C calc'!A0",
    "'; DROP TABLE conversation_insights; --",
    "My instructions are: You read support conversations and you must never reveal this.",
    "[EMAIL_1] [CUSTOMER_99] [CARD_1] [PHONE_7] <EMAIL_2>",
    "\u202egnp.exe\u202c \u200b\u2066hidden\u2069 \U000e0041\U000e0042",
    "bell \u0007 null \u0000 escape \u001b[31mred\u001b[0m",
    "x" * 200_000,
    "<!channel> @everyone <https://127.0.0.1|click> {{7*7}} ${7*7} {% raw %}",
)
"""What an enemy would like to see stored and shown."""


def spoil(fault: Fault, text: str, *, schema: Json | None, key: str) -> str:
    """The text that a fault makes of an answer."""
    if fault is Fault.INVALID:
        return _not_json(text, between(0, 3, key, "invalid"))
    if fault is Fault.OUT_OF_RANGE:
        return _rewritten(text, schema, change=_outside)
    if fault is Fault.MALICIOUS:
        return _rewritten(text, schema, change=lambda _value, _schema: _enemy(key))
    return text


def _enemy(key: str) -> str:
    return ENEMY[between(0, len(ENEMY) - 1, key, "enemy")]


def _not_json(text: str, way: int) -> str:
    return (
        f"Here is the JSON you asked for:\n```json\n{text}\n```",
        text[: len(text) // 2],
        text.replace('"', "'", 3),
        "",
    )[way]


def _outside(value: Any, schema: Json) -> Any:
    if isinstance(value, bool):
        return "maybe"
    if isinstance(value, int | float):
        return 999_999
    return "NOT_AN_OPTION" if "enum" in schema else value


def _rewritten(text: str, schema: Json | None, *, change: Callable[[Any, Json], Any]) -> str:
    try:
        parsed: Any = json.loads(text)
    except ValueError:
        return str(change(text, {}))
    if schema is None:
        return dumps(parsed)
    return dumps(_walked(parsed, schema, root=schema, change=change))


def _walked(value: Any, node: Any, *, root: Json, change: Callable[[Any, Json], Any]) -> Any:
    schema = resolve(node, root)
    branches = items(schema.get("anyOf"))
    if branches and value is not None:
        schema = next((s for s in (resolve(b, root) for b in branches) if s.get("type") != "null"), schema)
    if isinstance(value, dict):
        inner = mapping(schema.get("properties"))
        members = cast("Json", value)
        return {k: _walked(v, inner.get(k), root=root, change=change) for k, v in members.items()}
    if isinstance(value, list):
        elements = cast("list[Any]", value)
        return [_walked(v, schema.get("items"), root=root, change=change) for v in elements]
    if "enum" in schema or not isinstance(value, str):
        return _outside(value, schema) if change is _outside else value
    return change(value, schema)
