"""GraphQL documents read into selections."""

import pytest

from earshot.errors import BadInput
from earshot.sim.tools.graphql_text import Selection, Variable, filled, read_operation


def test_a_document_is_read() -> None:
    text = """
    # what is asked
    mutation Two($a: In!, $ids: [ID!]!, $n: Int) {
      first: make(input: $a, list: [1, -2.5, "x\\"y"], kind: LOW, deep: { on: true, of: null }) { ok node { id } }
      second
    }
    """
    found = read_operation(text)
    assert (found.kind, found.variables) == ("mutation", {"a": True, "ids": True, "n": False})
    first, second = found.selections
    assert (first.key, first.name) == ("first", "make")
    assert first.arguments == {
        "input": Variable("a"),
        "list": [1, -2.5, 'x"y'],
        "kind": "LOW",
        "deep": {"on": True, "of": None},
    }
    assert first.parts == (Selection("ok", "ok"), Selection("node", "node", {}, (Selection("id", "id"),)))
    assert second == Selection("second", "second")


def test_variables_are_put_in_at_any_depth() -> None:
    value = {"id": {"in": [Variable("a"), 2]}, "b": Variable("b")}
    assert filled(value, {"a": 1}) == {"id": {"in": [1, 2]}, "b": None}


@pytest.mark.parametrize(
    "text", ["", "query {", "query { }", "query { a } x", "fragment F on T { a }", "{ a(b: ) }", "{ ä }"]
)
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="Syntax Error"):
        read_operation(text)
