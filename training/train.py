"""Trains the local model on the project's own text: `python training/train.py` (deterministic, about a minute)."""

import argparse
import hashlib
import json
import random
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from compose import CLASSES, TEXT, Sample, compose
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from earshot.classify.local.features import (
    BUCKETS, CODE_VERSION, HASHED_ZONES, Tokens, size, tokenize, vector,
)  # fmt: skip

LOCAL = Path(__file__).parent.parent / "src" / "earshot" / "classify" / "local"
HEADS: dict[str, Sequence[str]] = {
    "issue_type": CLASSES,
    "priority": ("CRITICAL", "HIGH", "MEDIUM", "LOW"),
    "sentiment": ("VERY_NEGATIVE", "NEGATIVE", "NEUTRAL", "POSITIVE", "VERY_POSITIVE"),
    "churn_risk": ("LOW", "MEDIUM", "HIGH"),
}


def text_hash() -> str:
    """The hash of all training text and of the cue and polarity files, which the model depends on."""
    digest = hashlib.sha256()
    for path in [*sorted(TEXT.glob("*.txt")), LOCAL / "cues.txt", LOCAL / "polarity.txt"]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _drop(rng: random.Random, words: list[str], rate: float) -> list[str]:
    return [word for word in words if rng.random() >= rate]


def matrix(samples: Sequence[Sample], *, dropout: float, seed: int) -> sp.csr_matrix:
    """Feature rows; word dropout spreads weight over many words, so that unseen wording still counts."""
    rng = random.Random(seed)
    indices, values, starts = [], [], [0]
    for sample in samples:
        found = tokenize(sample.zones)
        if dropout:
            rate = rng.random() * dropout
            found = Tokens(*(_drop(rng, getattr(found, zone), rate) for zone in Tokens.__slots__))
        row, weights = vector(sample.zones, found)
        indices.append(row)
        values.append(weights)
        starts.append(starts[-1] + len(row))
    return sp.csr_matrix(
        (np.concatenate(values), np.concatenate(indices), np.array(starts)), shape=(len(samples), size())
    )


def scaling(cue_scale: float, gram_scale: float) -> np.ndarray:
    """Per-feature scale: how cheap weight is for cues against hashed words."""
    scale = np.full(size(), cue_scale, dtype=np.float32)
    scale[: HASHED_ZONES * BUCKETS] = gram_scale
    return scale


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=16000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cue-scale", type=float, default=1.0)
    parser.add_argument("--gram-scale", type=float, default=2.0)
    parser.add_argument("--dropout", type=float, default=0.4)
    parser.add_argument("--c", type=float, default=0.3)
    parser.add_argument("--out", type=Path, default=LOCAL)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    began = time.monotonic()
    samples = compose(options.count, options.seed)
    x = matrix(samples, dropout=options.dropout, seed=options.seed)
    print(f"composed and featurised {len(samples)} in {time.monotonic() - began:.0f} s")
    scale = scaling(options.cue_scale, options.gram_scale)
    scaled = sp.csr_matrix(x.multiply(scale[None, :]))
    arrays: dict[str, np.ndarray] = {}
    for head, names in HEADS.items():
        target = np.array([names.index(getattr(sample, head)) for sample in samples])
        model = LogisticRegression(C=options.c, max_iter=60)
        model.fit(scaled, target)
        weights = (model.coef_ * scale[None, :]).astype(np.float32)
        arrays[f"{head}_weights"], arrays[f"{head}_bias"] = pack(weights), model.intercept_.astype(np.float32)
        arrays[f"{head}_scale"] = peak(weights)
        print(head, f"training accuracy {model.score(scaled, target):.3f}", f"{time.monotonic() - began:.0f} s")
    save(arrays, options)
    print(f"done in {time.monotonic() - began:.0f} s")


def peak(weights: np.ndarray) -> np.ndarray:
    """The value that 127 stands for, per class."""
    return (np.abs(weights).max(axis=1) / 127).astype(np.float32)


def pack(weights: np.ndarray) -> np.ndarray:
    """Eight-bit weights, features by classes."""
    return np.round(weights / peak(weights)[:, None]).astype(np.int8).T.copy()


def save(arrays: dict[str, np.ndarray], options: argparse.Namespace) -> None:
    """Write the model and its metadata."""
    np.savez_compressed(options.out / "model.npz", **arrays)
    content = (options.out / "model.npz").read_bytes()
    about = {
        "version": 1, "code_version": CODE_VERSION, "features": size(), "training_text": text_hash(),
        "samples": options.count, "seed": options.seed, "temperature": {head: 1.0 for head in HEADS},
        "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip
    (options.out / "model.json").write_text(json.dumps(about, indent=2) + "\n", "utf-8")
    print(f"model {len(content) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
