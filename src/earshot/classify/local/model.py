"""The shipped weights: read without executing anything, applied with numpy alone."""

import hashlib
import io
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from earshot.classify.local.features import CODE_VERSION, Floats, Ints, size
from earshot.errors import Misconfigured

HEADS: dict[str, tuple[str, ...]] = {
    "issue_type": (
        "PRODUCT_BUG", "ACCOUNT_ACCESS", "BILLING", "FEATURE_REQUEST", "UX_FRICTION", "USAGE_QUESTION", "OTHER",
    ),
    "priority": ("CRITICAL", "HIGH", "MEDIUM", "LOW"),
    "sentiment": ("VERY_NEGATIVE", "NEGATIVE", "NEUTRAL", "POSITIVE", "VERY_POSITIVE"),
    "churn_risk": ("LOW", "MEDIUM", "HIGH"),
}  # fmt: skip


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
class Model:
    """All heads and what is known about their training."""

    version: str
    heads: dict[str, Head]
    about: dict[str, Any]


def parse(content: bytes, about: dict[str, Any]) -> Model:
    """A model from its file and metadata. Misconfigured when they do not belong together."""
    hint = "Reinstall Earshot; a developer runs `python training/train.py`."
    if hashlib.sha256(content).hexdigest() != about["sha256"]:
        raise Misconfigured("the local model's file does not match its metadata", hint=hint)
    if about["code_version"] != CODE_VERSION or about["features"] != size():
        raise Misconfigured("the local model was trained for other features than this code computes", hint=hint)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        heads = {
            head: Head(
                names=names,
                weights=arrays[f"{head}_weights"],
                scale=arrays[f"{head}_scale"],
                bias=arrays[f"{head}_bias"],
                temperature=float(about["temperature"][head]),
            )
            for head, names in HEADS.items()
        }
    return Model(version=f"local-{about['version']}-{about['sha256'][:8]}", heads=heads, about=about)


@cache
def shipped() -> Model:
    """The model in the package, loaded once."""
    folder = resources.files("earshot.classify.local")
    about = json.loads(folder.joinpath("model.json").read_text(encoding="utf-8"))
    return parse(folder.joinpath("model.npz").read_bytes(), about)
