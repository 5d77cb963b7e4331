"""A local embedding model as Earshot uses it: does it load without network, are its vectors sound, how fast is it.

    PYTHONPATH=src /path/to/venv/bin/python bench/local_embeddings.py --path FOLDER_OR_ONNX [--like OTHER_PATH]

Needs the model's libraries beside numpy and pydantic, and nothing else of Earshot's own.
"""

import argparse
import asyncio
import resource
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from earshot.llm.embedding.local import LocalEmbedder
from earshot.llm.embedding.settings import EmbeddingSettings

ALIKE = (
    (
        "The export to CSV stops with error 500",
        "Downloading my data as a CSV file is broken",
        "How do I add a colleague?",
    ),
    (
        "I was charged twice this month",
        "There are two payments for one invoice",
        "The app closes itself when I open it",
    ),
    (
        "Please add single sign-on with Okta",
        "We need SAML login for our company",
        "Where can I change my password?",
    ),
    (
        "The map does not load on my phone",
        "On Android the map view stays white",
        "Can you send me last year's invoices?",
    ),
)
"""A matter, the same in other words, another matter."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", type=Path, required=True)
    parser.add_argument("--like", type=Path, help="the same model in another form: the vectors must agree")
    parser.add_argument("--texts", type=int, default=512)
    chosen = parser.parse_args()
    rows = measure(chosen.path, texts=chosen.texts)
    if chosen.like:
        other = measure(chosen.like, texts=chosen.texts)
        print(f"least cosine between the two: {float((rows * other).sum(axis=1).min()):.6f}")


def measure(path: Path, *, texts: int) -> npt.NDArray[np.float64]:
    """Print what one model does; its vectors of the sentences above."""
    embedder = LocalEmbedder(EmbeddingSettings(provider="local", path=path))
    began = time.monotonic()
    rows = np.array(asyncio.run(embedder.embed([text for group in ALIKE for text in group])))
    loaded = time.monotonic() - began
    print(f"{embedder.name}: {rows.shape[1]} dimensions, loaded and asked in {loaded:.1f} s")
    for one, same, other in rows.reshape(len(ALIKE), 3, -1):
        wrong = "" if one @ same > one @ other else "  WRONG"
        print(f"  same matter {one @ same:.3f}, another {one @ other:.3f}{wrong}")
    many = [
        f"{ALIKE[i % 4][i % 3]}. It began {i} days ago, and order {i * 7} is affected as well."
        for i in range(texts)
    ]
    began = time.monotonic()
    first = asyncio.run(embedder.embed(many))
    took = time.monotonic() - began
    again = asyncio.run(embedder.embed(many[::-1]))[::-1]
    apart = float(np.abs(np.array(first) - np.array(again)).max())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"  {texts / took:,.0f} texts/s; another order changes a value by {apart:.1e} at most; peak {peak:,.0f} MB"
    )
    return rows


if __name__ == "__main__":
    main()
