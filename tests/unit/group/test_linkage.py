"""Groups join by the mean over all their pairs, the likest first."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from earshot.group.linkage import Group, Linkage

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def joined(
    pairs: Mapping[str, float],
    *,
    closed: str = "",
    forbidden: str = "",
    sizes: Mapping[str, int] | None = None,
) -> set[str]:
    """The groups of cells a, b, c, d after pairs such as "ab" were found alike."""
    groups = {name: name for name in "abcd"}

    def unite(one: str, other: str) -> str | None:
        if {one, other} == set(forbidden):
            return None
        into, gone = sorted((one, other))
        groups[into] += groups.pop(gone)
        return into

    alike: dict[str, dict[str, float]] = {name: {} for name in "abcd"}
    for (one, other), probability in pairs.items():
        alike[one][other] = alike[other][one] = probability
    starts = {
        name: Group([name], (NOW + timedelta(days=n), name, 0), name in closed) for n, name in enumerate("abcd")
    }
    Linkage(starts, sizes or dict.fromkeys("abcd", 1), join=0.5, unite=unite).run(alike)
    return {"".join(sorted(group)) for group in groups.values()}


def test_one_likeness_does_not_make_a_chain() -> None:
    assert joined({"ab": 0.9, "bc": 0.8, "cd": 0.9}) == {"ab", "cd"}


def test_a_group_joins_where_the_mean_of_all_pairs_is_enough() -> None:
    assert joined({"ab": 0.9, "ac": 0.6, "bc": 0.6}) == {"abc", "d"}


def test_large_cells_count_more() -> None:
    pairs = {"ab": 0.9, "ac": 0.8, "bc": 0.1}
    assert joined(pairs) == {"ab", "c", "d"}
    assert joined(pairs, sizes={"a": 3, "b": 1, "c": 1, "d": 1}) == {"abc", "d"}


def test_closed_groups_stay_apart_and_take_in_others() -> None:
    assert joined({"ab": 0.9, "bc": 0.8}, closed="ab") == {"a", "bc", "d"}


def test_what_is_forbidden_stays_apart() -> None:
    assert joined({"ab": 0.9}, forbidden="ab") == {"a", "b", "c", "d"}
