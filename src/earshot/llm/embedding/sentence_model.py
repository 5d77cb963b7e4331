"""A sentence-transformers model in a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from earshot.errors import Misconfigured
from earshot.llm.embedding.libraries import installed, library
from earshot.llm.embedding.vectors import Rows

EXTRA = "local-embeddings"
_WEIGHTS = ("*.safetensors", "*.bin", "*.pt", "openvino/*.xml", "onnx/*.onnx")


def check(path: Path) -> None:
    """Raises Misconfigured where the folder is not there or holds no such model, or the library is missing."""
    if not path.is_dir():
        raise Misconfigured(
            f"There is no folder {path}.",
            hint="[embeddings] path names the folder of a sentence-transformers model (with modules.json or "
            "config.json in it), or an .onnx file.",
        )
    if not any((path / name).is_file() for name in ("modules.json", "config.json")):
        raise Misconfigured(
            f"{path} holds no model: modules.json and config.json are missing.", hint="Check [embeddings] path."
        )
    if not any(True for pattern in _WEIGHTS for _ in path.rglob(pattern)):
        raise Misconfigured(
            f"{path} holds no weights: there is no .safetensors file.",
            hint="Download the whole model; where Git LFS left pointers, fetch the files behind them.",
        )
    installed("sentence_transformers", extra=EXTRA)


class SentenceModel:
    """The loaded model (local.Engine)."""

    def __init__(self, model: Any) -> None:  # Any: the library may be absent where types are checked
        self._model = model

    def encode(self, texts: Sequence[str], *, dimensions: int | None) -> Rows:
        """A vector for each text, in order."""
        rows: Rows = self._model.encode(
            list(texts), batch_size=32, show_progress_bar=False, convert_to_numpy=True, truncate_dim=dimensions
        )
        return rows


def load(path: Path) -> SentenceModel:
    """The model of a folder. Raises Misconfigured where it cannot be loaded from there alone."""
    made = library("sentence_transformers").SentenceTransformer
    try:
        model = made(str(path), local_files_only=True, trust_remote_code=False)
    except Exception as error:  # noqa: BLE001 (whatever the library raises, a person must look at the folder)
        raise Misconfigured(
            f"The model in {path} cannot be loaded: {type(error).__name__}: {_first_line(error)}",
            hint="Is the folder complete? It must hold everything, because nothing is downloaded.",
        ) from None
    return SentenceModel(model)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")[:300]
