"""An ONNX file with its tokenizer beside it: the small way to run a sentence model, without torch."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from earshot.errors import Misconfigured
from earshot.llm.embedding.libraries import installed, library
from earshot.llm.embedding.vectors import Rows

EXTRA = "onnx-embeddings"
_TOKENIZER = "tokenizer.json"
_POOLING = Path("1_Pooling/config.json")
_LONGEST = 512
"""Tokens that are read where the model's own files do not say."""
_BATCH = 32


def check(path: Path) -> None:
    """Raises Misconfigured where the file, its tokenizer or a library is missing."""
    if not path.is_file():
        raise Misconfigured(f"There is no file {path}.", hint="Check [embeddings] path.")
    if _beside(path, _TOKENIZER) is None:
        raise Misconfigured(
            f"There is no {_TOKENIZER} beside {path.name}, nor one folder up.",
            hint="Put the model's own tokenizer.json there.",
        )
    installed("onnxruntime", "tokenizers", extra=EXTRA)


class OnnxModel:
    """The loaded model (local.Engine). Tokens are pooled as its folder says: their mean, or the first one's."""

    def __init__(self, session: Any, tokenizer: Any, *, first: bool) -> None:  # Any: libraries that may be absent
        self._session = session
        self._tokenizer = tokenizer
        self._first = first
        self._inputs = {str(one.name) for one in session.get_inputs()}

    def encode(self, texts: Sequence[str], *, dimensions: int | None) -> Rows:
        """A vector for each text, in order; texts of like length go together, as they are padded alike."""
        order = sorted(range(len(texts)), key=lambda place: (len(texts[place]), place))
        parts = [
            self._pooled([texts[place] for place in order[start : start + _BATCH]])
            for start in range(0, len(order), _BATCH)
        ]
        rows = np.empty_like(whole := np.concatenate(parts))
        rows[order] = whole
        return rows[:, :dimensions] if dimensions else rows

    def _pooled(self, texts: Sequence[str]) -> Rows:
        tokens = self._tokenizer.encode_batch(list(texts))
        fields = {
            "input_ids": np.array([one.ids for one in tokens], dtype=np.int64),
            "attention_mask": np.array([one.attention_mask for one in tokens], dtype=np.int64),
            "token_type_ids": np.array([one.type_ids for one in tokens], dtype=np.int64),
        }
        output = np.asarray(self._session.run(None, {k: v for k, v in fields.items() if k in self._inputs})[0])
        if output.ndim == 2:
            return output.astype(np.float32)
        if self._first:
            return output[:, 0].astype(np.float32)
        mask = fields["attention_mask"][:, :, None].astype(np.float32)
        return ((output * mask).sum(axis=1) / np.maximum(mask.sum(axis=1), 1e-9)).astype(np.float32)


def load(path: Path) -> OnnxModel:
    """The model of a file. Raises Misconfigured where it cannot be loaded."""
    runtime, tokenizers = library("onnxruntime"), library("tokenizers")
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(_beside(path, _TOKENIZER)))
        tokenizer.enable_truncation(max_length=longest(path))
        tokenizer.enable_padding(pad_id=tokenizer.padding["pad_id"] if tokenizer.padding else 0)
        session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return OnnxModel(session, tokenizer, first=takes_first(path))
    except Exception as error:  # noqa: BLE001 (whatever the libraries raise, a person must look at the file)
        first_line = next(iter(str(error).splitlines()), "")[:300]
        raise Misconfigured(
            f"The model {path} cannot be loaded: {type(error).__name__}: {first_line}",
            hint="Is the file whole, and is it a model that makes sentence embeddings?",
        ) from None


def _beside(path: Path, name: str | Path) -> Path | None:
    """A file in the model's folder or the one above: exports put the .onnx file into a folder of its own."""
    places = (path.parent / name, path.parent.parent / name)
    return next((place for place in places if place.is_file()), None)


def _read(path: Path, name: str | Path) -> dict[str, object]:
    file = _beside(path, name)
    value: object = json.loads(file.read_text("utf-8")) if file else {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def longest(path: Path) -> int:
    """How many tokens the model reads, as its folder says."""
    told = _read(path, "sentence_bert_config.json").get("max_seq_length")
    return told if isinstance(told, int) and 8 <= told <= 8192 else _LONGEST


def takes_first(path: Path) -> bool:
    """Whether the first token's state stands for the text, as its folder says; otherwise the mean of all does."""
    pooling = _read(path, _POOLING)
    return pooling.get("pooling_mode_cls_token") is True or pooling.get("pooling_mode") == "cls"
