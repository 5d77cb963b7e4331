import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from earshot.sim.llm.corrupt import ENEMY, spoil
from earshot.sim.llm.fill import fill
from earshot.sim.llm.settings import Fault

Json = dict[str, Any]


def _check(schema: Json, text: str) -> None:
    validator: Any = Draft202012Validator(schema)
    validator.validate(json.loads(text))


def _object(properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_leaves = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "maxLength": 5},
        {"type": "string", "minLength": 60},
        {"type": "integer", "minimum": 1, "maximum": 5},
        {"type": "number", "minimum": -1, "maximum": 1},
        {"type": "boolean"},
        {"type": "null"},
        {"enum": ["A", 2, None]},
        {"const": "fixed"},
        {"type": ["string", "null"]},
    ]
)
schemas = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=4).map(_object),
        inner.map(lambda one: {"type": "array", "items": one, "minItems": 2}),
        inner.map(lambda one: {"anyOf": [one, {"type": "null"}]}),
    ),
    max_leaves=10,
)


@given(schemas, st.text(max_size=5))
def test_what_is_filled_in_satisfies_the_schema_and_is_always_the_same(schema: Json, key: str) -> None:
    text = fill(schema, key)
    _check(schema, text)
    assert fill(schema, key) == text


def test_references_are_followed_and_recursion_ends() -> None:
    tree: Json = {
        "$defs": {
            "node": _object(
                {"name": {"type": "string"}, "inner": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}
            )
        },
        "$ref": "#/$defs/node",
    }
    _check(tree, fill(tree))


SCHEMA = _object(
    {
        "kind": {"type": "string", "enum": ["A", "B"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "rows": {"type": "array", "items": _object({"text": {"type": "string"}, "sure": {"type": "boolean"}})},
        "score": {"type": "number", "minimum": 0, "maximum": 1},
    }
)


@pytest.mark.parametrize("key", [str(i) for i in range(20)])
def test_an_enemy_writes_every_free_text_and_nothing_else(key: str) -> None:
    honest = json.loads(fill(SCHEMA, key))
    evil = json.loads(spoil(Fault.MALICIOUS, fill(SCHEMA, key), schema=SCHEMA, key=key))
    assert evil["note"] in ENEMY
    assert evil["rows"][0]["text"] in ENEMY
    assert (evil["kind"], evil["score"], evil["rows"][0]["sure"]) == (
        honest["kind"],
        honest["score"],
        honest["rows"][0]["sure"],
    )


def test_values_out_of_range_break_every_closed_field() -> None:
    got = json.loads(spoil(Fault.OUT_OF_RANGE, fill(SCHEMA), schema=SCHEMA, key="k"))
    assert got["kind"] == "NOT_AN_OPTION"
    assert got["score"] == 999_999
    assert got["rows"][0]["sure"] == "maybe"


def test_plain_text_can_be_malicious_too() -> None:
    assert spoil(Fault.MALICIOUS, "not json", schema=None, key="k") in ENEMY
    assert spoil(Fault.MALICIOUS, '{"a": 1}', schema=None, key="k") == '{"a":1}'
