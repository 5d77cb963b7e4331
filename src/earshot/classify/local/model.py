"""The shipped weights: read without executing anything, applied with numpy alone."""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from earshot.classify.local.features import CODE_VERSION, Features, Floats, Ints, size
from earshot.errors import Misconfigured

HEADS: dict[str, tuple[str, ...]] = {
    "issue_type": (
        "PRODUCT_BUG", "ACCOUNT_ACCESS", "BILLING", "FEATURE_REQUEST", "UX_FRICTION", "USAGE_QUESTION", "OTHER",
    ),
    "priority": ("CRITICAL", "HIGH", "MEDIUM", "LOW"),
    "sentiment": ("VERY_NEGATIVE", "NEGATIVE", "NEUTRAL", "POSITIVE", "VERY_POSITIVE"),
    "churn_risk": ("LOW", "MEDIUM", "HIGH"),
}  # fmt: skip
"""The fields and their values, in the order of the weights."""

EARLY = ("issue_type", "priority", "sentiment")
"""Heads over words, cues and shape."""

LATE = ("priority", "churn_risk")
"""Heads over what the early ones say and the telling cues: they replace the early head of the same name."""


@dataclass(frozen=True, slots=True)
class Head:
    """One field's weights, all numbers of features by classes."""

    names: tuple[str, ...]
    weights: npt.NDArray[np.int8]
    scale: Floats
    bias: Floats
    temperature: float

    def logits(self, indices: Ints, values: Floats) -> Floats:
        """Raw evidence per class."""
        return (values @ self.weights[indices].astype(np.float32)) * self.scale + self.bias

    def probabilities(self, indices: Ints, values: Floats) -> Floats:
        """Calibrated probabilities per class."""
        return softmax(self.logits(indices, values) / self.temperature)


def softmax(logits: Floats) -> Floats:
    """Probabilities from logits."""
    raised = np.exp(logits - logits.max())
    return raised / raised.sum()


@dataclass(frozen=True, slots=True)
class LateHead:
    """One field's weights over early probabilities and telling features."""

    weights: Floats
    bias: Floats

    def probabilities(self, dense: Floats) -> Floats:
        """Probabilities per class."""
        return softmax(dense @ self.weights + self.bias)


@dataclass(frozen=True, slots=True)
class Model:
    """All heads and what is known about their training."""

    version: str
    early: dict[str, Head]
    late: dict[str, LateHead]
    about: dict[str, Any]

    def chances(self, found: Features) -> dict[str, Floats]:
        """Probabilities per field."""
        early = {name: head.probabilities(found.indices, found.values) for name, head in self.early.items()}
        dense = late_input([early[name] for name in EARLY], found.telling)
        return early | {name: head.probabilities(dense) for name, head in self.late.items()}


def late_input(early: Sequence[Floats], telling: Floats) -> Floats:
    """What the late heads see."""
    return np.concatenate([*early, telling]).astype(np.float32)


def parse(content: bytes, about: dict[str, Any]) -> Model:
    """A model from its file and metadata. Misconfigured when they do not belong together."""
    hint = "Reinstall Earshot; a developer runs `python training/train.py`."
    if hashlib.sha256(content).hexdigest() != about["sha256"]:
        raise Misconfigured("the local model's file does not match its metadata", hint=hint)
    if about["code_version"] != CODE_VERSION or about["features"] != size():
        raise Misconfigured("the local model was trained for other features than this code computes", hint=hint)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        early = {
            head: Head(
                names=HEADS[head],
                weights=arrays[f"{head}_weights"],
                scale=arrays[f"{head}_scale"],
                bias=arrays[f"{head}_bias"],
                temperature=float(about["temperature"][head]),
            )
            for head in EARLY
        }
        late = {
            head: LateHead(weights=arrays[f"late_{head}_weights"], bias=arrays[f"late_{head}_bias"])
            for head in LATE
        }
    return Model(version=f"local-{about['version']}-{about['sha256'][:8]}", early=early, late=late, about=about)


@cache
def shipped() -> Model:
    """The model in the package, loaded once."""
    folder = resources.files("earshot.classify.local")
    about = json.loads(folder.joinpath("model.json").read_text(encoding="utf-8"))
    return parse(folder.joinpath("model.npz").read_bytes(), about)
