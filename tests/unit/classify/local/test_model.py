"""The shipped weights belong to this code, this text and this metadata."""

import hashlib
import json
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from earshot.classify.local.features import CODE_VERSION, features, size, tokenize
from earshot.classify.local.model import HEADS, parse, shipped
from earshot.classify.local.zones import split
from earshot.errors import Misconfigured
from tests.unit.classify.local.talk import talk

FOLDER = resources.files("earshot.classify.local")
TEXT = Path(__file__).parents[4] / "training" / "text"


def test_the_model_was_trained_on_the_text_that_is_committed() -> None:
    if not TEXT.is_dir():
        pytest.skip("no training text beside these tests")
    digest = hashlib.sha256()
    shipped_files = [Path(str(FOLDER)) / name for name in ("cues.txt", "polarity.txt")]
    files = [*sorted(TEXT.glob("*.txt")), TEXT.parent / "compose.py", *shipped_files]
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    assert shipped().about["training_text"] == digest.hexdigest(), "run python training/train.py"


def test_the_model_fits_this_code_and_is_small() -> None:
    assert shipped().about["code_version"] == CODE_VERSION
    assert shipped().about["features"] == size()
    assert len(FOLDER.joinpath("model.npz").read_bytes()) <= 8_000_000


def test_a_changed_file_is_refused() -> None:
    content = FOLDER.joinpath("model.npz").read_bytes()
    about = json.loads(FOLDER.joinpath("model.json").read_text("utf-8"))
    with pytest.raises(Misconfigured, match="does not match"):
        parse(content + b"x", about)
    with pytest.raises(Misconfigured, match="other features"):
        parse(content, about | {"code_version": CODE_VERSION + 1})


def test_chances_are_probabilities() -> None:
    zones = split(talk("The export is empty since the update", title="Export"))
    for name, chances in shipped().chances(features(zones, tokenize(zones))).items():
        assert len(chances) == len(HEADS[name])
        assert np.isclose(chances.sum(), 1.0, atol=1e-4)
        assert (chances >= 0).all()
