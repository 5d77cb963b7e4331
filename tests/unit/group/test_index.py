"""The index finds all that reach its bounds and nothing else, however it grew and shrank."""

from random import Random

import pytest

from earshot.domain.theme import Lexicon
from earshot.group.index import Index
from earshot.group.likeness.sketch import Sketch, Sketcher, Told
from earshot.group.vocabulary import vocabulary

WORDS = ["export", "invoice", "login", "mail", "report", "card", "phone", "route", "price", "photo", "quote"]
SKETCHER = Sketcher(Lexicon(documents=100, frequencies={"mail": 30, "slow": 40}), vocabulary({}, {}))
BOUND = 0.2


def sketch(random: Random) -> Sketch:
    reply = " ".join(random.sample(WORDS, 3)) if random.random() < 0.5 else ""
    return SKETCHER.sketch(Told(title=" ".join(random.sample(WORDS, 4)), reply=reply))


def dot(one: Sketch, other: Sketch, *, reply: bool) -> float:
    left, right = (one.reply, other.reply) if reply else (one.terms, other.terms)
    return sum(weight * right.get(term, 0.0) for term, weight in left.items())


@pytest.mark.parametrize("seed", range(20))
def test_what_is_found_is_what_reaches_a_bound(seed: int) -> None:
    random = Random(seed)
    index = Index(lexical=BOUND, reply=BOUND, dense=2.0, common=frozenset())
    held: dict[int, Sketch] = {}
    for key in range(80):
        held[key] = sketch(random)
        index.add(key, held[key])
        if random.random() < 0.3:
            gone = random.choice(sorted(held))
            del held[gone]
            index.remove(gone)
    asked = sketch(random)
    likenesses = {key: max(dot(asked, one, reply=False), dot(asked, one, reply=True)) for key, one in held.items()}
    found = set(index.near(asked).keys())
    assert {key for key, value in likenesses.items() if value > BOUND + 1e-5} <= found
    assert found <= {key for key, value in likenesses.items() if value > BOUND - 1e-5}
    assert found <= set(index.near(asked, wide=True).keys())
    assert all(key in index for key in held)


COMMON = SKETCHER.sketch(Told(title="report")).terms.keys()


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("report", "report", True),
        ("report", "report of the wombat in the kitchen sink", True),
        ("report of a giraffe under the bridge", "report of the wombat in the kitchen sink", False),
        ("report of a giraffe under the bridge", "the giraffe sleeps under another bridge", True),
    ],
    ids=["both say nothing else", "one says nothing else", "both say something else", "they share more"],
)
def test_common_terms_count_only_for_who_says_hardly_anything_else(one: str, other: str, near: bool) -> None:
    sketches = [SKETCHER.sketch(Told(title=text)) for text in (one, other)]
    for asked, there in (sketches, sketches[::-1]):
        index = Index(lexical=BOUND, reply=BOUND, dense=2.0, common=set(COMMON))
        index.add(1, there)
        assert index.near(asked).keys() == ([1] if near else []), "the same from both sides"


def test_embeddings_find_what_shares_no_word() -> None:
    index = Index(lexical=BOUND, reply=BOUND, dense=0.9, common=frozenset())
    axis, other = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
    index.add(1, SKETCHER.sketch(Told(title="export"), embedding=axis))
    index.add(2, SKETCHER.sketch(Told(title="invoice"), embedding=other))
    index.add(3, SKETCHER.sketch(Told(title="calendar")))
    assert index.near(SKETCHER.sketch(Told(title="phone"), embedding=axis)).keys() == [1]


def test_adding_twice_and_removing_what_is_not_there_change_nothing() -> None:
    index = Index(lexical=BOUND, reply=BOUND, dense=2.0, common=frozenset())
    one = SKETCHER.sketch(Told(title="export invoice"))
    index.add(1, one)
    index.add(1, one)
    index.remove(2)
    assert index.near(one).keys() == [1]
    index.remove(1)
    assert index.near(one).keys() == []


def test_the_best_are_those_with_the_highest_likeness_and_ties_with_the_last() -> None:
    index = Index(lexical=0.01, reply=2.0, dense=2.0, common=frozenset())
    for key, title in enumerate(["export invoice", "export invoice", "export login", "export mail", "photo quote"]):
        index.add(key, SKETCHER.sketch(Told(title=title)))
    asked = SKETCHER.sketch(Told(title="export invoice"))
    assert [key for key, _ in index.near(asked).best(2)] == [0, 1]
    assert [key for key, _ in index.near(asked).best(1)] == [0, 1]
    assert {key for key, _ in index.near(asked).best(10)} >= {0, 1, 2}


def test_what_came_later_is_left_out_and_what_came_just_then_can_be() -> None:
    index = Index(lexical=0.01, reply=2.0, dense=2.0, common=frozenset())
    one = SKETCHER.sketch(Told(title="export invoice"))
    for key, moment in enumerate([5, 7, 7, 9]):
        index.add(key, one, moment=moment)
    assert index.near(one, until=7).keys() == [0, 1, 2]
    assert index.at(7) == [1, 2]
    assert index.near(one, until=7, unless=[2]).keys() == [0, 1]
