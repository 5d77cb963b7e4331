"""The search: finds the true match, forgets what was removed, does not depend on the order of putting in."""

from hypothesis import given
from hypothesis import strategies as st

from earshot.group.likeness.score import same_matter
from earshot.group.likeness.search import Near
from tests.unit.group.likeness.texts import sketch

TEXTS = [
    "the csv export never finishes",
    "export to csv hangs",
    "charged twice for the same invoice",
    "a dark mode would be kind to my eyes",
    "photos vanish after syncing offline",
    "password reset mail does not arrive",
]


def filled(order: list[int]) -> Near[int]:
    near: Near[int] = Near()
    for number in order:
        near.add(number, sketch(TEXTS[number]))
    return near


def test_the_likeliest_comes_first_with_its_probability() -> None:
    wanted = sketch("csv export hangs forever")
    found = filled([0, 1, 2, 3, 4, 5]).of(wanted, most=3)
    assert {key for key, _ in found[:2]} == {0, 1}
    assert found == [(key, same_matter(wanted, sketch(TEXTS[key]))) for key, _ in found]
    assert [sure for _, sure in found] == sorted((sure for _, sure in found), reverse=True)


@given(st.permutations(range(len(TEXTS))))
def test_the_order_of_putting_in_does_not_matter(order: list[int]) -> None:
    wanted = sketch("the export is stuck")
    assert filled(order).of(wanted, most=4) == filled([0, 1, 2, 3, 4, 5]).of(wanted, most=4)


def test_what_was_removed_is_not_found_and_can_come_back() -> None:
    near = filled([0, 1, 2])
    near.remove(0)
    near.remove(99)
    assert 0 not in near
    assert len(near) == 2
    assert 0 not in dict(near.of(sketch(TEXTS[0]), most=9))
    near.add(0, sketch(TEXTS[0]))
    assert near.of(sketch(TEXTS[0]), most=1)[0][0] == 0


def test_putting_in_again_replaces() -> None:
    near = filled([0, 1])
    near.add(0, sketch(TEXTS[2]))
    assert len(near) == 2
    assert near.of(sketch(TEXTS[2]), most=1)[0][0] == 0


def test_too_unlike_is_not_found_and_nothing_in_nothing() -> None:
    assert filled([3, 4]).of(sketch(TEXTS[2]), most=5, least=0.9) == []
    empty: Near[str] = Near()
    assert empty.of(sketch("anything"), most=5) == []


def test_many_are_held() -> None:
    near: Near[int] = Near()
    for number in range(200):
        near.add(number, sketch(f"matter number{number} of a kind{number}"))
    assert near.of(sketch("matter number137 of a kind137"), most=1)[0][0] == 137
