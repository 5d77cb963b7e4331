"""The score: the probability that two sketches tell of the same matter, and the reasons in words."""

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from earshot.group.likeness.signals import SIGNALS, signals
from earshot.group.likeness.sketch import Sketch

SAME = 0.8
"""From this probability on two texts are taken for the same matter without asking anybody: nine of ten such pairs
and more were it, in data the weights had not seen (`training/likeness.py` prints it for each kind of text)."""

DIFFERENT = 0.25
"""Up to this probability they are taken for different matters without asking: about one in ten such pairs among
those that search finds was the same after all. Between the two lies the uncertain band, where an adjudicator or a
person is asked."""

_DIGITS = 4
_EQUAL, _SURE = 0.999, 3.0
"""From this likeness of terms and title on texts are equal in words; what log odds that has at least."""
_TERMS, _TITLE = SIGNALS.index("terms"), SIGNALS.index("title")


def same_matter(one: Sketch, other: Sketch) -> float:
    """The probability (0 to 1) that both tell of the same matter; symmetric, rounded to be equal everywhere.

    A logistic model fitted by `training/likeness.py`: what customers say on both sides (a kind is known) has other
    weights than a comparison with a written item, and embeddings have weights of their own. Without an answer on
    both sides the lower of the two counts: the former lean on answers. Equal words are always the same matter.
    """
    found = signals(one, other)
    logit = min(_logit(name, found) for name in _sorts(one, other))
    if found[_TERMS] > _EQUAL and found[_TITLE] > _EQUAL:
        logit = max(logit, _SURE)
    return round(1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit)))), _DIGITS)


def reasons(one: Sketch, other: Sketch) -> tuple[str, ...]:
    """Why they are alike or not, in a few words that a product manager understands; most telling first."""
    shared = _telling(one.terms, other.terms)
    said = [f"both say {', '.join(shared)}"] if shared else ["no telling words in common"]
    if answered := _telling(one.reply, other.reply):
        said.append(f"both were answered with {', '.join(answered[:3])}")
    if one.area and one.area == other.area:
        said.append(f"same area: {one.area}")
    if one.kind and other.kind and one.kind != other.kind:
        said.append("different issue types")
    return tuple(said)


def _sorts(one: Sketch, other: Sketch) -> tuple[str, ...]:
    spoken = one.kind is not None and other.kind is not None and not one.written and not other.written
    names = ("written",) if not spoken else ("spoken",) if one.reply and other.reply else ("spoken", "written")
    if one.embedded and other.embedded:
        return tuple(f"{name}_embedded" for name in names)
    learned = one.learned is not None and other.learned is not None
    return tuple(f"{name}_learned" for name in names) if learned else names


def _logit(name: str, found: tuple[float, ...]) -> float:
    constant, factors = _weights()[name]
    return constant + math.fsum(map(float.__mul__, factors, found))


@lru_cache(maxsize=1)
def _weights() -> dict[str, tuple[float, tuple[float, ...]]]:
    held = json.loads(files("earshot.group.likeness").joinpath("weights.json").read_text("utf-8"))
    return {
        name: (float(one["constant"]), tuple(float(one["signals"].get(signal, 0.0)) for signal in SIGNALS))
        for name, one in held.items()
    }


def _telling(one: Mapping[str, float], other: Mapping[str, float]) -> list[str]:
    shared = {term: weight * other[term] for term, weight in one.items() if term in other}
    ranked = sorted(shared, key=lambda term: (-round(shared[term], 7), term))
    return list(dict.fromkeys(term.lstrip("#@!") for term in ranked))[:5]
