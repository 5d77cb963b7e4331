"""Named parameters as the driver wants them."""

import pytest

from earshot.store.sql import numbered


@pytest.mark.parametrize(
    ("statement", "query", "names"),
    [
        ("select 1", "select 1", ()),
        ("select :a, :b, :a", "select $1, $2, $1", ("a", "b")),
        ("select cast(:a as text[]), :b::int", "select cast($1 as text[]), :b::int", ("a",)),
        ("select x::text, '12\\:30' where y = :y", "select x::text, '12:30' where y = $1", ("y",)),
        ("where (:one, t.two) = (1, 2)", "where ($1, t.two) = (1, 2)", ("one",)),
    ],
)
def test_parameters_are_numbered_by_their_first_place(statement: str, query: str, names: tuple[str, ...]) -> None:
    assert numbered(statement) == (query, names)
