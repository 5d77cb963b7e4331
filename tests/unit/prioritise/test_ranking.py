from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from earshot.domain.backlog import BacklogItem
from earshot.prioritise.ranking import ranked

from .grounds import NOW, evidence, item, scored


def rated(item_id: str, score: float, **changes: float) -> BacklogItem:
    one = item(item_id)
    return one.model_copy(update={"rice": scored(one.rice, rice_score=score, **changes)})


def test_the_order_and_why() -> None:
    items = (
        rated("a", 6.0, reach=12, effort_weeks=2.0, impact=1.0),
        rated("b", 31.0, reach=31, effort_weeks=1.0, impact=0.5),
        item("c", rice=None),
    )
    found = ranked(items)
    assert [(entry.rank, entry.item.id) for entry in found] == [(1, "b"), (2, "a"), (3, "c")]
    assert [entry.why for entry in found] == [
        (
            "31.00 against 6.00: higher reach: 31 against 12 and less effort: 1 week against 2 weeks, "
            "though lower impact: 0.5 against 1"
        ),
        "6.00 against no score",
        "",
    ]


def test_ties_are_told() -> None:
    more = rated("z", 6.0).model_copy(update={"evidence": evidence(customers=20)})
    found = ranked([rated("b", 6.0), rated("a", 6.0), more])
    assert [entry.item.id for entry in found] == ["z", "a", "b"]
    assert found[0].why == "equal score 6.00; more customers: 20 against 14"
    assert found[1].why == "equal score 6.00; equal in everything, so by id"


def test_ties_without_scores_and_by_size_and_age() -> None:
    older = {"evidence": evidence(conversations=20, first_seen=NOW - timedelta(days=84)), "rice": None}
    more = {"evidence": evidence(conversations=20), "rice": None}
    found = ranked([item("a", rice=None), item("b", **more), item("c", **older)])
    assert [entry.item.id for entry in found] == ["c", "b", "a"]
    assert found[0].why == ("neither has a score; first raised earlier: 2026-01-06 12:00 against 2026-01-07 12:00")
    assert found[1].why == "neither has a score; more conversations: 20 against 17"


@given(st.permutations([rated(name, score) for name, score in zip("abcdef", (3, 1, 3, 0, 9, 3), strict=True)]))
def test_any_order_ranks_alike(items: list[BacklogItem]) -> None:
    assert [entry.item.id for entry in ranked(items)] == list("eacfbd")
