"""Grouping: quality on real duplicates and on the sample workspace, and speed; each beside its baselines.

    python bench/grouping.py [--shared ../shared] [--findings 1000 5000 20000] [--sample 600] [--seeds 7 11 3]

Baselines in the same run: the guide's TF-IDF cosine of summaries >= 0.8, and equality of summaries. The
evaluation data is read where it lies and skipped where it is absent; the sample workspace is read by the
local model and compared with its planted truth, with and without its product vocabulary in the settings.
"""

import argparse
import gzip
import json
import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from earshot.classify.local.reader import read_one
from earshot.connectors.intercom.normalise import normalise
from earshot.domain.reading import IssueType
from earshot.domain.theme import Grouping, Lexicon, OpenFinding
from earshot.errors import BadInput
from earshot.group.assign import assign
from earshot.group.cluster import dot
from earshot.group.rarity import Rarity, grown
from earshot.group.settings import GroupSettings
from earshot.group.terms import terms_of
from earshot.group.vocabulary import vocabulary as words_of
from earshot.sim.sample import generate, vocabulary

START = datetime(2026, 1, 1, tzinfo=UTC)
Row = dict[str, Any]


class CountedIds:
    """Ids in order, so that runs can be compared."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def new(self) -> str:
        """The next id."""
        return f"t{next(self._numbers)}"


def finding(
    number: int, summary: str, *, quote: str | None = None, kind: IssueType = IssueType.OTHER
) -> OpenFinding:
    return OpenFinding(
        id=number,
        conversation_id=str(number),
        issue_type=kind,
        area=None,
        summary=summary[:200] or "-",
        quote=quote,
        said_at=START + timedelta(minutes=number),
    )


def group(findings: Sequence[OpenFinding], settings: GroupSettings | None = None) -> Grouping:
    return assign(findings, [], lexicon=Lexicon(), settings=settings or GroupSettings(), ids=CountedIds())


def rows(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def told(item: Row) -> str:
    return (item["title"] or item["text"])[:200]


def b_cubed(found: Sequence[str], true: Sequence[str]) -> tuple[float, float, float]:
    """Precision, recall and F1 over items: how pure each item's theme is, how much of its matter it holds."""
    both, themes, matters = Counter(zip(found, true, strict=True)), Counter(found), Counter(true)
    precision = float(np.mean([both[f, t] / themes[f] for f, t in zip(found, true, strict=True)]))
    recall = float(np.mean([both[f, t] / matters[t] for f, t in zip(found, true, strict=True)]))
    return precision, recall, 2 * precision * recall / (precision + recall)


def area_under(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """The chance that a duplicate scores higher than a pair that is none."""
    ranks = np.argsort(np.argsort(scores)) + 1
    yes = np.array(positive)
    ones, zeros = int(yes.sum()), int((~yes).sum())
    return float((ranks[yes].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def at(scores: Sequence[float], positive: Sequence[bool], threshold: float) -> str:
    hits = [score >= threshold for score in scores]
    right = sum(hit and yes for hit, yes in zip(hits, positive, strict=True))
    return f"P {right / max(1, sum(hits)):.2f} R {right / max(1, sum(positive)):.2f}"


def pairs(path: Path) -> None:
    families: dict[str, list[Row]] = defaultdict(list)
    for row in rows(path):
        if told(row["a"]) != told(row["b"]):
            families[row["source"].split()[0]].append(row)
    print(
        "\nPairs: same matter or not (titles, with the first 300 characters as quote); AUC, and P/R at the decision"
    )
    for family, members in sorted(families.items()):
        _family(family, members)


def _family(family: str, members: list[Row]) -> None:
    texts = {row[side]["id"]: row[side] for row in members for side in "ab"}
    positive = [bool(row["duplicate"]) for row in members]
    ends = [(row["a"]["id"], row["b"]["id"]) for row in members]
    words = words_of({}, {})
    terms = {name: terms_of(finding(0, told(t), quote=t["text"][:300]), words) for name, t in texts.items()}
    rarity = Rarity(grown(Lexicon(), terms.values(), most=50_000))
    units = {name: rarity.unit(t) for name, t in terms.items()}
    ours = [dot(units[one], units[other]) for one, other in ends]
    names = list(texts)
    matrix = TfidfVectorizer().fit_transform([told(texts[name]) for name in names])
    places = {name: place for place, name in enumerate(names)}
    left, right = [[places[end[side]] for end in ends] for side in (0, 1)]
    plain = np.asarray(matrix[left].multiply(matrix[right]).sum(axis=1)).ravel().tolist()
    if all(positive):
        print(
            f"  {family:12} {len(members):5}  no negatives  ours {at(ours, positive, GroupSettings().same_matter)}"
        )
        return
    mine, base = area_under(ours, positive), area_under(plain, positive)
    print(
        f"  {family:12} {len(members):5}  AUC {mine:.3f} (TF-IDF {base:.3f}, x{mine / base:.2f})"
        f"  ours {at(ours, positive, GroupSettings().same_matter)}"
        f"  TF-IDF>=.8 {at(plain, positive, 0.8)}  equal summaries R 0.00"
    )


def clusters(path: Path) -> None:
    items = [(told(m), m["text"], row["cluster_id"]) for row in rows(path) for m in row["members"]]
    true = [cluster for _, _, cluster in items]
    findings = [finding(n, title, quote=text[:300]) for n, (title, text, _) in enumerate(items)]
    print(f"\nThreads of one bug ({len(items)} in {len(set(true))} clusters): B-cubed precision, recall, F1")
    members = group(findings).members
    shown("ours", [members[n] for n in range(len(items))], true)
    shown("TF-IDF >= .8, first fit", _tfidf_themes([title for title, _, _ in items]), true)
    shown("equal summaries", [title for title, _, _ in items], true)


def _tfidf_themes(titles: Sequence[str]) -> list[str]:
    matrix = TfidfVectorizer().fit_transform(titles)
    alike = (matrix @ matrix.T).tocsr()
    themes: list[str] = []
    for n in range(len(titles)):
        row = alike[n]
        earlier = [(-value, m) for m, value in zip(row.indices, row.data, strict=True) if m < n and value >= 0.8]
        themes.append(themes[min(earlier)[1]] if earlier else f"t{n}")
    return themes


def shown(name: str, found: Sequence[str], true: Sequence[str]) -> None:
    precision, recall, f1 = b_cubed(found, true)
    largest = Counter(found).most_common(1)[0][1]
    print(
        f"  {name:26} P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}  themes {len(set(found))}  largest {largest}"
    )


def sample(conversations: int, seed: int) -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    workspace = generate(conversations=conversations, seed=seed, now=now)
    truths = {truth.conversation_id: truth.matters[0] for truth in workspace.truths if truth.excluded is None}
    findings: list[OpenFinding] = []
    firsts: dict[int, str] = {}
    for raw in workspace.conversations:
        matter = truths.get(str(raw["id"]))
        if matter is not None:
            read = list(_read(raw, first_id=len(findings)))
            firsts.update({one.id: matter for one in read[:1]})
            findings.extend(read)
    ids = sorted(firsts)
    true = [firsts[n] for n in ids]
    print(f"\nSample, seed {seed} ({len(ids)} conversations, {len(set(true))} matters), read by the local model")
    for name, settings in (
        ("built-in words only", GroupSettings()),
        ("with product vocabulary", GroupSettings.model_validate(vocabulary())),
    ):
        members = group(findings, settings).members
        shown(name, [members[n] for n in ids], true)
        _frequencies(findings, members, truths)
    shown("TF-IDF >= .8, first fit", _tfidf_themes([findings[n].summary for n in ids]), true)
    shown("equal summaries", [findings[n].summary for n in ids], true)


def _read(raw: Row, *, first_id: int) -> Iterator[OpenFinding]:
    conversation = normalise(raw, b"", plain=False).conversation
    first = next((m.text for m in conversation.messages if m.author == "customer"), "")
    try:
        found = read_one(conversation).findings
    except BadInput:
        return
    for place, one in enumerate(found):
        yield OpenFinding(
            id=first_id + place,
            conversation_id=conversation.external_id,
            issue_type=one.issue_type,
            area=one.affected_feature,
            summary=one.summary,
            quote=one.quote,
            said_at=conversation.created_at,
            context=first[:600] if place == 0 else None,
        )


def _frequencies(findings: Sequence[OpenFinding], members: dict[int, str], truths: dict[str, str]) -> None:
    themes: dict[str, set[str]] = defaultdict(set)
    for one in findings:
        themes[members[one.id]].add(one.conversation_id)
    planted: dict[str, set[str]] = defaultdict(set)
    for conversation, matter in truths.items():
        planted[matter].add(conversation)
    ranked = sorted(planted.items(), key=lambda item: (-len(item[1]), item[0]))[:15]
    counts = [(matter, len(held), _found(held, themes)) for matter, held in ranked]
    near = [abs(n - found) <= max(1, math.ceil(0.15 * n)) for _, n, found in counts]
    off = ", ".join(f"{m} {found}/{n}" for (m, n, found), good in zip(counts, near, strict=True) if not good)
    print(
        f"    frequencies within 15 %: {sum(near[:10])} of the 10, {sum(near)} of the 15 most frequent; off: {off}"
    )


def _found(planted: set[str], themes: dict[str, set[str]]) -> int:
    """How many conversations the theme holds that has most of a matter's."""
    return len(max(themes.values(), key=lambda held: (len(held & planted), -len(held))))


def speed(path: Path, sizes: Sequence[int]) -> None:
    texts = [row["messages"][0]["text"] for row in rows(path)]
    kinds = list(IssueType)
    print("\nSpeed, from scratch (CPU seconds of one core), mixed real sentences")
    base = 0.0
    for size in sizes:
        findings = [
            finding(
                n, f"{texts[n % len(texts)][:120]} {texts[(n * 7 + n // 9) % len(texts)][:60]}", kind=kinds[n % 7]
            )
            for n in range(size)
        ]
        spent = _timed(lambda findings=findings: group(findings))
        base = base or spent / size
        print(f"  {size:7,} findings  {spent:6.2f} s  {spent / size * 1e3:.2f} ms each  x{spent / size / base:.2f}")


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--findings", type=int, nargs="+", default=[1_000, 5_000, 20_000])
    parser.add_argument("--sample", type=int, default=600)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 11, 3])
    asked = parser.parse_args()
    for seed in asked.seeds:
        sample(asked.sample, seed)
    data = asked.shared / "data"
    if not data.is_dir():
        print(f"\nskipped: no evaluation data at {data}")
        return
    pairs(data / "pairs.jsonl.gz")
    clusters(data / "clusters.jsonl.gz")
    speed(data / "singles.jsonl.gz", asked.findings)


if __name__ == "__main__":
    main()
