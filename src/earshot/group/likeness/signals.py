"""The signals by which two sketches are compared: plain numbers, symmetric, each for itself of little worth."""

import math
from collections.abc import Mapping

import numpy as np

from earshot.domain.reading import IssueType
from earshot.group.likeness.meanings import MEANING
from earshot.group.likeness.sketch import DIMENSIONS, Sketch

SIGNALS = (
    "terms",
    "concepts",
    "title",
    "pairs",
    "covered_less",
    "covered_more",
    "shared",
    "short",
    "meaning",
    "pieces",
    "learned",
    "replies",
    "reply",
    "kind_differs",
    "kind_same",
    "area_same",
    "profile",
)
"""Their names, in order. `covered`: how much of one's title stands in the other, the lesser and the greater of both
ways; `shared`: how telling what they share is in itself; `short`: how much the shorter one says; `replies`: whether
both were answered; `profile`: how many texts the larger side stands for; `learned`: the cosine of
this workspace's own meanings. Of embeddings `meaning` is the cosine."""

_UNKNOWN = 0.06
"""The meaning's signal where one side has an embedding and the other none: what is usual."""


def signals(one: Sketch, other: Sketch) -> tuple[float, ...]:
    """The signals of a pair, in the order of SIGNALS."""
    terms, concepts = _terms(one.terms, other.terms)
    covered = (_covered(one.title, other.terms), _covered(other.title, one.terms))
    answered = bool(one.reply and other.reply)
    kinds = one.kind is not None and other.kind is not None
    alike = kinds and one.kind == other.kind and one.kind is not IssueType.OTHER
    return (
        terms,
        concepts,
        dot(one.title, other.title),
        dot(one.pairs, other.pairs),
        min(covered),
        max(covered),
        math.log1p(terms * one.mass * other.mass),
        math.log1p(min(len(one.terms), len(other.terms))),
        _meaning(one, other),
        round(float(np.dot(one.pieces, other.pieces)), 5),
        _learned(one, other),
        float(answered),
        dot(one.reply, other.reply) if answered else 0.0,
        float(kinds and not alike),
        float(alike),
        float(one.area is not None and one.area == other.area),
        math.log(max(one.count, other.count)),
    )


def dot(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The inner product of two sparse vectors."""
    shared = one.keys() & other.keys()
    return math.fsum([one[term] * other[term] for term in shared]) if shared else 0.0


def _terms(one: Mapping[str, float], other: Mapping[str, float]) -> tuple[float, float]:
    shared = one.keys() & other.keys()
    if not shared:
        return 0.0, 0.0
    concepts = [one[term] * other[term] for term in shared if term[0] in "#@"]
    return math.fsum([one[term] * other[term] for term in shared]), math.fsum(concepts)


def _covered(title: Mapping[str, float], terms: Mapping[str, float]) -> float:
    shared = title.keys() & terms.keys()
    return math.fsum([title[term] * title[term] for term in shared]) if shared else 0.0


def _meaning(one: Sketch, other: Sketch) -> float:
    if one.embedded != other.embedded:
        return _UNKNOWN
    end = DIMENSIONS if one.embedded else MEANING
    return round(float(np.dot(one.vector[:end], other.vector[:end])), 5)


def _learned(one: Sketch, other: Sketch) -> float:
    if one.learned is None or other.learned is None:
        return 0.0
    return round(float(np.dot(one.learned, other.learned)), 5)
