"""What is learnt from which words occur together."""

import numpy as np

from earshot.group.likeness.learned import LENGTH, Learned, learnt
from earshot.group.likeness.meanings import Vector


def texts(count: int) -> list[dict[str, float]]:
    """Texts of 64 circles: each has a word of its own, beside which one of two others stands."""
    made: list[dict[str, float]] = []
    for number in range(count):
        circle = number % LENGTH
        made.append(dict.fromkeys([f"circle{circle}", f"c{circle}w{number // LENGTH % 2}"], 2**-0.5))
    return made


def cosine(one: Vector, other: Vector) -> float:
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))


def test_words_that_keep_the_same_company_are_near() -> None:
    known = Learned(learnt(texts(800)))
    near = cosine(known.of({"c3w0": 1.0}), known.of({"c3w1": 1.0}))
    far = cosine(known.of({"c3w0": 1.0}), known.of({"c9w1": 1.0}))
    assert near > 0.5
    assert far < 0.2


def test_nothing_is_learnt_from_few_texts() -> None:
    assert learnt(texts(200)) == {}
    assert not Learned({})


def test_only_words_of_several_texts_are_learnt_and_the_same_every_time() -> None:
    said = [*texts(800), {"canary": 1.0}, {"canary": 1.0}]
    made = learnt(said)
    assert "canary" not in made
    assert made == learnt(said)
    assert {len(numbers) for numbers in made.values()} == {2 * LENGTH}


def test_unknown_words_mean_nothing() -> None:
    assert not Learned(learnt(texts(800))).of({"unheard": 1.0}).any()
