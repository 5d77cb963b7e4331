"""Trains the local model on the project's own text: `python training/train.py` (deterministic, about a minute)."""

import argparse
import hashlib
import io
import json
import random
import time
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from compose import TEXT, Sample, compose
from earshot.classify.local.features import (
    BUCKETS,
    CODE_VERSION,
    HASHED_ZONES,
    Tokens,
    features,
    size,
    tokenize,
)  # fmt: skip
from earshot.classify.local.model import EARLY, HEADS, LATE

VERSION = 1
STRANGE_DROPOUT = 0.65
CAUTION = 2.0
"""Real support text is stranger than our own with words dropped; a model should rather be too modest."""

LOCAL = Path(__file__).parent.parent / "src" / "earshot" / "classify" / "local"
COMPOSER = Path(__file__).parent / "compose.py"
Weights = dict[str, tuple[np.ndarray, np.ndarray]]


def text_hash() -> str:
    """The hash of all that the model is made of: training text, composer, cue and polarity files."""
    digest = hashlib.sha256()
    for path in [*sorted(TEXT.glob("*.txt")), COMPOSER, LOCAL / "cues.txt", LOCAL / "polarity.txt"]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@dataclass
class Data:
    """Feature rows, dense telling rows and targets by head."""

    rows: sp.csr_matrix
    telling: np.ndarray
    targets: dict[str, np.ndarray]


def _drop(rng: random.Random, words: list[str], rate: float) -> list[str]:
    return [word for word in words if rng.random() >= rate]


def featurise(samples: Sequence[Sample], *, dropout: float, seed: int, steady: bool = False) -> Data:
    """Feature rows; word dropout spreads weight over many words, so that unseen wording still counts."""
    rng = random.Random(seed)
    indices, values, starts, telling = [], [], [0], []
    for sample in samples:
        found = tokenize(sample.zones)
        if dropout:
            rate = dropout if steady else rng.random() * dropout
            found = Tokens(*(_drop(rng, getattr(found, zone), rate) for zone in Tokens.__slots__))
        made = features(sample.zones, found)
        indices.append(made.indices)
        values.append(made.values)
        telling.append(made.telling)
        starts.append(starts[-1] + len(made.indices))
    flat = (np.concatenate(values), np.concatenate(indices), np.array(starts))
    rows = sp.csr_matrix(flat, shape=(len(samples), size()))
    targets = {
        head: np.array([names.index(getattr(sample, head)) for sample in samples]) for head, names in HEADS.items()
    }
    return Data(rows, np.array(telling), targets)


def scaling(cue_scale: float, gram_scale: float) -> np.ndarray:
    """Per-feature scale: how cheap weight is for cues against hashed words."""
    scale = np.full(size(), cue_scale, dtype=np.float32)
    scale[: HASHED_ZONES * BUCKETS] = gram_scale
    return scale


def fit(data: Data, scale: np.ndarray, c: float) -> Weights:
    """Logistic regression per early head; weights are features by classes."""
    scaled = sp.csr_matrix(data.rows.multiply(scale[None, :]))
    fitted: Weights = {}
    for head in EARLY:
        model = LogisticRegression(C=c, max_iter=45)
        model.fit(scaled, data.targets[head])
        fitted[head] = (
            np.asarray((model.coef_ * scale[None, :]).T, dtype=np.float32),
            np.asarray(model.intercept_, dtype=np.float32),
        )
    return fitted


def predict(weights: Weights, data: Data) -> dict[str, np.ndarray]:
    """Logits per early head."""
    return {head: np.asarray(data.rows @ w + b) for head, (w, b) in weights.items()}


def rows_softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def cool(logits: np.ndarray, target: np.ndarray) -> float:
    """The temperature under which the probabilities are most likely right (on wording not trained on)."""
    grid = np.linspace(0.6, 4.0, 69)
    losses = [-np.log(rows_softmax(logits / t)[np.arange(len(target)), target] + 1e-9).mean() for t in grid]
    return float(grid[int(np.argmin(losses))])


@dataclass
class Crossed:
    """What two halves of the wording teach about each other: logits, telling rows, targets, one half's weights."""

    logits: dict[str, np.ndarray]
    telling: np.ndarray
    targets: dict[str, np.ndarray]
    weights: Weights


def crossed(options: argparse.Namespace, scale: np.ndarray) -> Crossed:
    """Predictions for conversations whose wording the predicting half never saw."""
    halves = [
        featurise(compose(options.count // 2, options.seed + 1 + part, part), dropout=options.dropout, seed=part)
        for part in (0, 1)
    ]
    fitted = [fit(half, scale, options.c) for half in halves]
    logits = [predict(fitted[1], halves[0]), predict(fitted[0], halves[1])]
    return Crossed(
        logits={head: np.concatenate([side[head] for side in logits]) for head in EARLY},
        telling=np.concatenate([half.telling for half in halves]),
        targets={head: np.concatenate([half.targets[head] for half in halves]) for head in HEADS},
        weights=fitted[0],
    )


def unlike(options: argparse.Namespace, weights: Weights) -> dict[str, float]:
    """Temperatures for words mostly unseen: one half's model on the other half's wording, most words dropped.

    Real customers write unlike our text; without this the model would be far surer than it is right.
    """
    strange = featurise(compose(3000, options.seed + 3, 1), dropout=STRANGE_DROPOUT, seed=3, steady=True)
    logits = predict(weights, strange)
    measured = {head: cool(logits[head], strange.targets[head]) for head in EARLY}
    return {head: round(t * (CAUTION if head == "issue_type" else 1.0), 2) for head, t in measured.items()}


def fit_late(chances: dict[str, np.ndarray], telling: np.ndarray, targets: dict[str, np.ndarray]) -> Weights:
    """The late heads, over early probabilities for unseen wording."""
    dense = np.concatenate([*(chances[head] for head in EARLY), telling], axis=1)
    fitted: Weights = {}
    for head in LATE:
        model = LogisticRegression(C=0.5, max_iter=400)
        model.fit(dense, targets[head])
        print(f"late {head}: accuracy {model.score(dense, targets[head]):.3f}")
        fitted[head] = (np.asarray(model.coef_.T, dtype=np.float32), np.asarray(model.intercept_, dtype=np.float32))
    return fitted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=36000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cue-scale", type=float, default=1.0)
    parser.add_argument("--gram-scale", type=float, default=2.0)
    parser.add_argument("--dropout", type=float, default=0.4)
    parser.add_argument("--c", type=float, default=1.0)
    parser.add_argument("--out", type=Path, default=LOCAL)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    began = time.monotonic()
    scale = scaling(options.cue_scale, options.gram_scale)
    cross = crossed(options, scale)
    temperature = unlike(options, cross.weights)
    for head in EARLY:
        right = (cross.logits[head].argmax(axis=1) == cross.targets[head]).mean()
        print(f"{head}: accuracy on own text of other wording {right:.3f}, temperature {temperature[head]}")
    chances = {head: rows_softmax(cross.logits[head] / temperature[head]) for head in EARLY}
    late = fit_late(chances, cross.telling, cross.targets)
    print(f"{time.monotonic() - began:.0f} s")
    whole = featurise(compose(options.count, options.seed), dropout=options.dropout, seed=options.seed)
    early = fit(whole, scale, options.c)
    arrays: dict[str, np.ndarray] = {}
    for head, (weights, bias) in early.items():
        arrays[f"{head}_weights"], arrays[f"{head}_scale"], arrays[f"{head}_bias"] = *pack(weights), bias
    for head, (weights, bias) in late.items():
        arrays[f"late_{head}_weights"], arrays[f"late_{head}_bias"] = weights, bias
    save(arrays, options, temperature)
    print(f"done in {time.monotonic() - began:.0f} s")


def pack(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eight-bit weights and the value that 1 stands for, per class."""
    unit = (np.abs(weights).max(axis=0) / 127).astype(np.float32)
    return np.round(weights / unit[None, :]).astype(np.int8), unit


def save(arrays: dict[str, np.ndarray], options: argparse.Namespace, temperature: dict[str, float]) -> None:
    """Write the model and its metadata; the zip entries carry a fixed date, so that equal weights are equal files."""
    content = archive(arrays)
    (options.out / "model.npz").write_bytes(content)
    about = {
        "version": VERSION, "code_version": CODE_VERSION, "features": size(), "training_text": text_hash(),
        "samples": options.count, "seed": options.seed, "temperature": temperature,
        "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip
    (options.out / "model.json").write_text(json.dumps(about, indent=2) + "\n", "utf-8")
    print(f"model {len(content) / 1e6:.2f} MB")


def archive(arrays: dict[str, np.ndarray]) -> bytes:
    """An npz file of the arrays."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in sorted(arrays):
            one = io.BytesIO()
            np.lib.format.write_array(one, arrays[name], allow_pickle=False)
            bundle.writestr(
                zipfile.ZipInfo(f"{name}.npy", (2026, 1, 1, 0, 0, 0)), one.getvalue(), zipfile.ZIP_DEFLATED
            )
    return whole.getvalue()


if __name__ == "__main__":
    main()
