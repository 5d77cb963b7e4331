"""Numbers for the model: cue counts by zone, feelings, shape of the conversation, hashed words."""

import zlib
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from earshot.classify.local.phrases import cues
from earshot.classify.local.polarity import Feeling, feel
from earshot.classify.local.words import shouting, tokens
from earshot.classify.local.zones import Zones

BITS = 15
BUCKETS = 1 << BITS
HASHED_ZONES = 3
CUE_ZONES = 5
SHAPE_SIZE = 40
TELLING = ("leave", "frustrated", "urgent", "minor", "security", "lost", "solved", "unresolved")
"""The cues that tell how urgent a matter is and whether a customer may leave, whatever the matter."""

BOTH = frozenset({"lacking", "bug_word", "spam"})
"""Cues that count whoever says them."""

CODE_VERSION = 1
"""Raise it when features change meaning, so that a model trained for other features is refused."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
_MIX_2, _MIX_3 = 0x9E3779B1, 0x85EBCA77
_MASK = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of every zone, made once and used by everything."""

    title: list[str]
    opening: list[str]
    later: list[str]
    others: list[str]
    agent: list[str]
    last: list[str]


def tokenize(zones: Zones) -> Tokens:
    """Tokens of all zones."""
    return Tokens(
        title=tokens(zones.title),
        opening=tokens(zones.opening),
        later=tokens(zones.later),
        others=tokens(zones.others),
        agent=tokens(zones.agent),
        last=tokens(zones.last),
    )


def size() -> int:
    """How many features there are in all."""
    return HASHED_ZONES * BUCKETS + CUE_ZONES * len(cues().names) + SHAPE_SIZE


@lru_cache(maxsize=30_000)
def _word(word: str) -> tuple[int, tuple[int, ...]]:
    """A word's own hash and those of its character 3- to 5-grams."""
    own = zlib.crc32(word.encode("utf-8", "surrogatepass"))
    if len(word) < 4 or len(word) > 24:
        return own, ()
    framed = f"<{word}>".encode("utf-8", "surrogatepass")
    return own, tuple(
        zlib.crc32(framed[start : start + width], 7) % BUCKETS
        for width in (4, 5)
        for start in range(len(framed) - width + 1)
    )


def hashed(words: list[str], *, characters: bool) -> dict[int, float]:
    """Weights of hashed word 1- to 3-grams (and character n-grams), sublinear, of unit length in each kind."""
    if not words:
        return {}
    known = [_word(word) for word in words]
    own = np.array([entry[0] for entry in known], dtype=np.uint64)
    grams = [own % BUCKETS]
    if len(own) > 1:
        pairs = (own[:-1] * np.uint64(_MIX_2) + own[1:]) & np.uint64(_MASK)
        grams.append((pairs ^ (pairs >> np.uint64(15))) % BUCKETS)
        if len(own) > 2:
            triples = (pairs[:-1] * np.uint64(_MIX_3) + own[2:]) & np.uint64(_MASK)
            grams.append((triples ^ (triples >> np.uint64(13))) % BUCKETS)
    weights: dict[int, float] = {}
    _add_unit(weights, np.concatenate(grams).astype(np.int64), scale=1.0)
    if characters:
        pieces = [piece for entry in known for piece in entry[1]]
        if pieces:
            _add_unit(weights, np.array(pieces, dtype=np.int64), scale=0.6)
    return weights


def _add_unit(weights: dict[int, float], buckets: Ints, *, scale: float) -> None:
    unique, counts = np.unique(buckets, return_counts=True)
    values = 1.0 + np.log(counts)
    values *= scale / float(np.sqrt((values * values).sum()))
    for bucket, value in zip(unique.tolist(), values.tolist(), strict=True):
        weights[bucket] = weights.get(bucket, 0.0) + value


@cache
def _heard(*, agent: bool) -> frozenset[int]:
    """The cue groups that count for a zone: agents have their own (`a_…`), customers all the others."""
    names = cues().names
    return frozenset(
        g for g, name in enumerate(names) if (name.startswith("a_") or name in BOTH) is agent or name in BOTH
    )


def _cue_values(found: Tokens) -> dict[int, float]:
    matcher = cues()
    width = len(matcher.names)
    values: dict[int, float] = {}
    opening = [*found.title, ".", *found.opening]
    for zone, words in enumerate((found.title, opening, found.later, found.others, found.agent)):
        heard = _heard(agent=zone == CUE_ZONES - 1)
        for group, count in matcher.counts(words).items():
            if group not in heard:
                continue
            values[zone * width + group] = (1.0, 1.4, 1.7, 1.9, 2.0)[min(count, 5) - 1]
    return values


def _shape(zones: Zones, found: Tokens) -> list[float]:
    opening = [*found.title, ".", *found.opening]
    start, later, last = feel(opening), feel(found.later), feel(found.last)
    others, whole = feel(found.others), feel([*opening, ".", *found.later])
    length = len(found.opening)
    shape = [
        *_feeling_shape(start), *_feeling_shape(later), *_feeling_shape(last), *_feeling_shape(others),
        whole.score, whole.score * abs(whole.score),
        float(bool(found.title)),
        float("?" in found.title),
        float("?" in found.opening),
        min(opening.count("?"), 2) / 2,
        min(opening.count("!") + found.later.count("!"), 6) / 3,
        float(bool(found.opening) and found.opening[-1] == "?"),
        float(length < 12),
        float(opening.count("xcode") > 0),
        float(opening.count("ximage") > 0),
        min(shouting(f"{zones.title} {zones.opening}") * 3, 1.0),
        float(zones.other_messages > 0),
        float(zones.agent_messages == 0),
        float(zones.answered_last),
        float(zones.own_messages > 1),
    ]  # fmt: skip
    return shape + [0.0] * (SHAPE_SIZE - len(shape))


def _feeling_shape(feeling: Feeling) -> tuple[float, float, float, float]:
    return (
        feeling.score,
        min(feeling.best, 4.0) / 2,
        min(feeling.worst, 4.0) / 2,
        min(feeling.negative, 10.0) / 5,
    )


@dataclass(frozen=True, slots=True)
class Features:
    """The non-zero features of a conversation, and its dense part for the late heads."""

    indices: Ints
    values: Floats
    telling: Floats


def features(zones: Zones, found: Tokens) -> Features:
    """All features of a conversation."""
    indices: list[int] = []
    values: list[float] = []
    own = [*found.title, ".", *found.title, ".", *found.opening] if found.title else found.opening
    later = [*found.later, ".", *found.others]
    for block, (words, characters) in enumerate(((own, True), (later, False), (found.agent, False))):
        grams = hashed(words, characters=characters)
        indices.extend(block * BUCKETS + bucket for bucket in grams)
        values.extend(grams.values())
    base = HASHED_ZONES * BUCKETS
    cue_values = _cue_values(found)
    indices.extend(base + place for place in cue_values)
    values.extend(cue_values.values())
    base += CUE_ZONES * len(cues().names)
    shape = _shape(zones, found)
    for place, value in enumerate(shape):
        if value:
            indices.append(base + place)
            values.append(value)
    telling = [cue_values.get(place, 0.0) for place in _telling_places()]
    return Features(
        np.array(indices, dtype=np.int64), np.array(values, dtype=np.float32), np.array(telling, dtype=np.float32)
    )


@cache
def _telling_places() -> tuple[int, ...]:
    """Where the cues that late heads look at lie: by name, in the opening, later and other customers' words."""
    names = cues().names
    return tuple(zone * len(names) + names.index(name) for zone in (1, 2, 3) for name in TELLING)
