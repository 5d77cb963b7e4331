"""A model on this machine: what is said when something is missing, how it is called, how its vectors are made."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from earshot.errors import Misconfigured
from earshot.llm.embedding import libraries, onnx_model
from earshot.llm.embedding.local import LocalEmbedder, fingerprint
from earshot.llm.embedding.onnx_model import OnnxModel
from earshot.llm.embedding.settings import EmbeddingSettings
from earshot.ports.model import Unanswered

STAND_IN = """
import os
import numpy as np

class SentenceTransformer:
    def __init__(self, path, *, local_files_only, trust_remote_code):
        assert local_files_only and not trust_remote_code and os.environ["HF_HUB_OFFLINE"] == "1"
        if "broken" in path:
            raise OSError("no file named model.safetensors\\nand more")
        self.zero = "zero" in path

    def encode(self, texts, *, batch_size, show_progress_bar, convert_to_numpy, truncate_dim):
        rows = [[len(t), t.count("a"), t.count("?"), 1.0][:truncate_dim] for t in texts]
        return np.array(rows, dtype=np.float32) * (0.0 if self.zero else 2.0)
"""


def absent(name: str) -> bool:
    return importlib.util.find_spec(name) is None


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in libraries.TOLD:
        monkeypatch.setenv(name, os.environ.get(name, ""))


def folder(where: Path, name: str = "model") -> Path:
    made = where / name
    made.mkdir()
    (made / "modules.json").write_text("[]")
    (made / "model.safetensors").write_bytes(b"weights")
    return made


def local(path: Path, **more: Any) -> LocalEmbedder:
    return LocalEmbedder(EmbeddingSettings(provider="local", path=path, **more))


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for models, with a library that stands in for sentence-transformers."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "sentence_transformers.py").write_text(STAND_IN)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "lib"), *sys.path])
    importlib.invalidate_caches()
    monkeypatch.delitem(sys.modules, "sentence_transformers", raising=False)
    return tmp_path


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no folder"):
        local(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(Misconfigured, match=r"modules\.json and config\.json are missing"):
        local(tmp_path / "empty")
    (tmp_path / "empty" / "config.json").write_text("{}")
    with pytest.raises(Misconfigured, match="no weights"):
        local(tmp_path / "empty")
    with pytest.raises(Misconfigured, match="no file"):
        local(tmp_path / "model.onnx")
    (tmp_path / "model.onnx").write_bytes(b"x")
    with pytest.raises(Misconfigured, match=r"no tokenizer\.json beside model\.onnx"):
        local(tmp_path / "model.onnx")


@pytest.mark.skipif(not absent("sentence_transformers"), reason="sentence-transformers is installed here")
def test_a_missing_library_is_named_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="sentence_transformers") as caught:
        local(folder(tmp_path))
    assert caught.value.hint == "pip install 'earshot-insights[local-embeddings]'"


@pytest.mark.skipif(not absent("onnxruntime"), reason="onnxruntime is installed here")
def test_the_same_for_onnx(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"x")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(Misconfigured, match="onnxruntime") as caught:
        local(tmp_path / "model.onnx")
    assert caught.value.hint == "pip install 'earshot-insights[onnx-embeddings]'"


async def test_vectors_are_at_unit_length_and_texts_are_cut_and_prefixed(stand_in: Path) -> None:
    one = local(folder(stand_in), most_characters=100, prefix="aa")
    (row,) = await one.embed(["?" * 5000])
    whole = np.array([102.0, 2.0, 100.0, 1.0])
    assert row == pytest.approx((whole / np.linalg.norm(whole)).tolist(), abs=1e-6)
    assert await one.embed([]) == []


async def test_half_characters_harm_nobody(stand_in: Path) -> None:
    (row,) = await local(folder(stand_in), dimensions=None).embed(["\ud83d"])
    assert row[2] > 0, "it became a question mark"


async def test_a_model_that_cannot_be_loaded_or_used_is_named(stand_in: Path) -> None:
    with pytest.raises(Misconfigured, match=r"cannot be loaded: OSError: no file named model\.safetensors$"):
        await local(folder(stand_in, "broken")).embed(["x"])
    with pytest.raises(Unanswered, match="cannot be used"):
        await local(folder(stand_in, "zero")).embed(["x"])


def test_the_name_is_the_version(stand_in: Path) -> None:
    made = folder(stand_in)
    first = local(made).name
    assert first.startswith("local:model#")
    (made / "README.md").write_text("words")
    assert local(made).name == first
    assert len({first, local(made, dimensions=64).name, local(made, prefix="query: ").name}) == 3
    (made / "model.safetensors").write_bytes(b"Weights")
    assert local(made).name != first


def test_the_end_of_a_large_file_counts_too(tmp_path: Path) -> None:
    made = folder(tmp_path)
    weights = bytearray(3 << 20)
    (made / "model.safetensors").write_bytes(weights)
    first = fingerprint(made)
    weights[-1] = 1
    (made / "model.safetensors").write_bytes(weights)
    assert fingerprint(made) != first


class Tokenizer:
    """Letters are tokens; padded to the longest."""

    def encode_batch(self, texts: Sequence[str]) -> list[SimpleNamespace]:
        most = max(map(len, texts))
        return [
            SimpleNamespace(
                ids=[ord(c) for c in t] + [0] * (most - len(t)),
                attention_mask=[1] * len(t) + [0] * (most - len(t)),
                type_ids=[0] * most,
            )
            for t in texts
        ]


class Session:
    """A token's state is its number and a one; what is padding shouts."""

    def __init__(self, *names: str, pooled: bool = False) -> None:
        self.names = names
        self.pooled = pooled

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name=name) for name in self.names]

    def run(self, _: None, fields: dict[str, Any]) -> list[Any]:
        assert set(fields) == set(self.names)
        ids = np.where(fields["input_ids"] == 0, 1_000_000, fields["input_ids"]).astype(np.float32)
        states = np.stack([ids, np.ones_like(ids)], axis=2)
        return [states.min(axis=1) if self.pooled else states]


def onnx(*names: str, first: bool = False, pooled: bool = False) -> OnnxModel:
    return OnnxModel(Session(*names, pooled=pooled), Tokenizer(), first=first)


ASKED = ("input_ids", "attention_mask")


def test_tokens_are_pooled_without_their_padding_and_in_order() -> None:
    texts = ["ab" * 40, "a", "abc"] * 20
    rows = onnx(*ASKED).encode(texts, dimensions=None)
    assert rows[:3, 0].tolist() == [97.5, 97.0, 98.0]
    assert np.array_equal(rows, np.tile(rows[:3], (20, 1)))


def test_the_first_token_or_the_models_own_pooling_is_taken_where_so_made() -> None:
    assert onnx(*ASKED, first=True).encode(["ba", "abc"], dimensions=1).tolist() == [[98.0], [97.0]]
    assert onnx(*ASKED, "token_type_ids", pooled=True).encode(["ba"], dimensions=None).tolist() == [[97.0, 1.0]]


def test_how_it_is_pooled_is_read_beside_the_file_or_one_folder_up(tmp_path: Path) -> None:
    (tmp_path / "onnx").mkdir()
    (tmp_path / "1_Pooling").mkdir()
    path = tmp_path / "onnx" / "model.onnx"
    assert not onnx_model.takes_first(path)
    assert onnx_model.longest(path) == 512
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 256}')
    assert onnx_model.takes_first(path)
    assert onnx_model.longest(path) == 256
