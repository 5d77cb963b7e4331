"""An embedding model on this machine, named by its path. Its library is imported only when it is used."""

import asyncio
import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from earshot.domain.call import Outcome
from earshot.errors import Misconfigured
from earshot.llm.embedding import onnx_model, sentence_model
from earshot.llm.embedding.known import mark
from earshot.llm.embedding.settings import EmbeddingSettings
from earshot.llm.embedding.vectors import Rows, Unusable, unit_vectors
from earshot.ports.model import Unanswered

_TELLING = frozenset({".json", ".safetensors", ".bin", ".txt", ".model", ".onnx", ".onnx_data", ".data"})
"""Files by which two models differ."""
_END = 1 << 20
"""Bytes at either end of a file that are looked at: a model trained on differs everywhere."""


class Engine(Protocol):
    """A loaded model."""

    def encode(self, texts: Sequence[str], *, dimensions: int | None) -> Rows:
        """A vector for each text, in order, of any length."""
        ...


class LocalEmbedder:
    """Implements `ports.embedder.Embedder` with a model at a path. Nothing leaves the machine or comes to it.

    It is loaded at first use and kept. Making it raises Misconfigured where nothing fit is at the path, or its
    library is missing.
    """

    def __init__(self, settings: EmbeddingSettings) -> None:
        path = (settings.path or Path()).expanduser()
        self._onnx = path.suffix == ".onnx"
        (onnx_model if self._onnx else sentence_model).check(path)
        self._path = path
        self._settings = settings
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        length = f"@{settings.dimensions}" if settings.dimensions else ""
        self.name = f"local:{path.name}#{fingerprint(path)}{length}{mark(settings.prefix)}"

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A unit vector for each text, in order. Raises Misconfigured where the model cannot be loaded."""
        return await asyncio.to_thread(self._embed, texts)

    def _embed(self, texts: Sequence[str]) -> list[list[float]]:
        if not texts:
            return []
        settings = self._settings
        given = [_clean(settings.prefix + text[: settings.most_characters]) for text in texts]
        with self._lock:
            self._engine = self._engine or self._load()
            rows = self._engine.encode(given, dimensions=settings.dimensions)
        vectors = unit_vectors(rows, count=len(given))
        if isinstance(vectors, Unusable):
            raise Unanswered(f"The model {self._path.name} cannot be used: {vectors.why}.", outcome=Outcome.INVALID)
        return vectors

    def _load(self) -> Engine:
        return onnx_model.load(self._path) if self._onnx else sentence_model.load(self._path)


def fingerprint(path: Path) -> str:
    """12 hex digits that stand for a model's version: its files' names, sizes, and how each begins and ends."""
    folder = path if path.is_dir() else path.parent
    own = path.rglob("*") if path.is_dir() else path.parent.glob(f"{path.stem}*")
    files = sorted({one for one in (*own, *folder.glob("*.json")) if one.suffix in _TELLING and one.is_file()})
    digest = hashlib.sha256()
    try:
        for file in files:
            digest.update(file.relative_to(folder).as_posix().encode("utf-8", "surrogateescape"))
            digest.update(_ends(file))
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read: {error.strerror}.", hint="Check [embeddings] path.") from None
    return digest.hexdigest()[:12]


def _ends(file: Path) -> bytes:
    size = file.stat().st_size
    with file.open("rb") as opened:
        first = opened.read(_END)
        opened.seek(max(len(first), size - _END))
        return f"\x1f{size}\x1e".encode() + first + opened.read(_END)


def _clean(text: str) -> str:
    """Half characters, which tokenizers refuse, become a `?`."""
    return text.encode("utf-8", "replace").decode()
