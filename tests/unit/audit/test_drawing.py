"""How many are drawn from each part."""

from hypothesis import given
from hypothesis import strategies as st

from earshot.audit.drawing import allocate


def test_rare_kinds_are_seen_and_the_rest_is_in_proportion() -> None:
    assert allocate({"a": 700, "b": 280, "c": 15, "d": 1}, 50, least=2) == {"a": 34, "b": 13, "c": 2, "d": 1}
    assert allocate({"a": 10, "b": 5}, 50, least=2) == {"a": 10, "b": 5}
    assert allocate({}, 50, least=2) == {}


@given(
    st.dictionaries(st.text(max_size=3), st.integers(0, 5_000), max_size=15),
    st.integers(20, 200),
    st.integers(1, 10),
)
def test_every_part_has_a_chance_and_the_size_is_kept(held: dict[str, int], size: int, least: int) -> None:
    found = allocate(held, size, least=least)
    assert found.keys() == {name for name, count in held.items() if count}
    assert all(1 <= count <= held[name] for name, count in found.items())
    assert sum(found.values()) == min(size, sum(held.values()))
