"""Is a theme an item of the tracker already? How often the answer is right; beside the guide's TF-IDF >= .8.

    python bench/existing.py [--shared ../shared] [--draws 5] [--items 1000 10000]

Threads about one bug (`clusters.jsonl.gz`, read where it lies): of each cluster one thread stands for the tracker's
item, the others for the theme; clusters of one thread are themes whose item the tracker lacks. Printed by edge:
how many themes are taken for an item, how many of those rightly, and how many of the themes with an item are found.
Then the time to load a tracker and to judge a theme. The labels are hard: what no helper linked counts as wrong.
"""

import argparse
import gzip
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from earshot.domain.backlog import ExistingItem
from earshot.domain.grouping import Mention
from earshot.domain.reading import IssueType
from earshot.domain.theme import Theme
from earshot.group.existing import ASKED_FROM, LINKED_FROM, MENTIONS, Band, ExistingItems, Matter
from earshot.group.likeness.sketch import Sketcher, Told
from earshot.group.telling import lexicon_from
from earshot.group.vocabulary import vocabulary

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CUT = 1_200
EDGES = (0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 0.9, 0.95, 0.97)
Row = dict[str, Any]


@dataclass(frozen=True)
class Draw:
    """One thread of each cluster as item, the others as theme; `present`: whether the theme has an item at all."""

    item: Row
    theme: list[Row]
    cluster: str
    present: bool


def draws(clusters: Sequence[Row], seed: int) -> list[Draw]:
    """One draw over all clusters."""
    rng = random.Random(seed)
    found: list[Draw] = []
    for cluster in clusters:
        members = list(cluster["members"])
        rng.shuffle(members)
        present = len(members) > 1
        found.append(Draw(members[0], members[1:] or members, cluster["cluster_id"], present))
    return found


def matter(theme: Sequence[Row]) -> Matter:
    """Threads as a theme."""
    mentions = [
        Mention(
            id=n,
            conversation_id=row["id"],
            issue_type=IssueType.PRODUCT_BUG,
            summary=row["title"][:200],
            context=row["text"][:CUT],
            said_at=NOW,
        )
        for n, row in enumerate(theme[:MENTIONS])
    ]
    head = Theme(
        id="t",
        issue_type=IssueType.PRODUCT_BUG,
        area=None,
        title=theme[0]["title"][:100] or "-",
        first_seen=NOW,
        last_seen=NOW,
        conversations=len(theme),
        customers=len(theme),
    )
    return Matter(head, mentions)


def item(key: str, row: Row) -> ExistingItem:
    """A thread as an item."""
    return ExistingItem(
        id=f"file:{key}", source="file", key=key, title=row["title"][:300] or "-", description=row["text"]
    )


def sketcher(clusters: Sequence[Row]) -> Sketcher:
    """Term counts of all threads."""
    words = vocabulary({}, {})
    told = [Told(title=row["title"], body=row["text"][:CUT]) for c in clusters for row in c["members"]]
    return Sketcher(lexicon_from(told, words=words, most=50_000), words)


def ours(drawn: Sequence[Draw], made: Sketcher) -> list[tuple[bool, bool, float, bool]]:
    """For each theme: present, best is right, its probability, right one among the kept."""
    tracker = ExistingItems(made, [item(d.cluster, d.item) for d in drawn], band=Band(0.0, 1.0))
    found: list[tuple[bool, bool, float, bool]] = []
    for draw in drawn:
        kept = [
            match
            for match in tracker.judge(matter(draw.theme), verdicts={}, kept=(), now=NOW)
            if draw.present or match.item_id != f"file:{draw.cluster}"
        ]
        right = [match.item_id == f"file:{draw.cluster}" for match in kept]
        found.append((draw.present, bool(right) and right[0], kept[0].probability if kept else 0.0, any(right)))
    return found


def guides(drawn: Sequence[Draw]) -> list[tuple[bool, bool, float, bool]]:
    """The guide's: TF-IDF cosine of the theme's title with the items' titles."""
    titles = [d.item["title"] for d in drawn]
    model = TfidfVectorizer().fit(titles)
    likeness = np.asarray(
        (model.transform([d.theme[0]["title"] for d in drawn]) @ model.transform(titles).T).todense()
    )
    found: list[tuple[bool, bool, float, bool]] = []
    for place, draw in enumerate(drawn):
        if not draw.present:
            likeness[place, place] = -1.0
        order = np.argsort(-likeness[place], kind="stable")[:5]
        best = int(order[0])
        found.append((draw.present, best == place, float(likeness[place, best]), place in order))
    return found


def show(name: str, found: Sequence[tuple[bool, bool, float, bool]], edges: Sequence[float]) -> None:
    """Figures per edge."""
    present = sum(one[0] for one in found)
    first = sum(one[0] and one[1] for one in found) / present
    among = sum(one[0] and one[3] for one in found) / present
    print(f"{name}: {len(found)} themes, {present} of them with an item; R@1 {first:.2f}, R@5 {among:.2f}")
    for edge in edges:
        taken = [one for one in found if one[2] >= edge]
        right = sum(one[0] and one[1] for one in taken)
        precision = right / len(taken) if taken else float("nan")
        print(f"  from {edge:.2f}: taken {len(taken):5}, precision {precision:.2f}, recall {right / present:.2f}")


def speed(clusters: Sequence[Row], made: Sketcher, sizes: Sequence[int]) -> None:
    """Time to load a tracker of so many items, and to judge a theme."""
    rows = [row for c in clusters for row in c["members"]]
    theme = matter(rows[:MENTIONS])
    for size in sizes:
        items = [item(f"{n}", rows[n % len(rows)]) for n in range(size)]
        start = time.perf_counter()
        tracker = ExistingItems(made, items, band=Band(ASKED_FROM, LINKED_FROM))
        loaded = time.perf_counter() - start
        times: list[float] = []
        for _ in range(20):
            start = time.perf_counter()
            tracker.judge(theme, verdicts={}, kept=(), now=NOW)
            times.append(time.perf_counter() - start)
        print(
            f"{size:,} items: loaded in {loaded:.1f} s, a theme judged in {1000 * float(np.median(times)):.0f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[2] / "shared")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--items", type=int, nargs="*", default=[1_000, 10_000])
    chosen = parser.parse_args()
    path = chosen.shared / "data" / "clusters.jsonl.gz"
    if not path.exists():
        print(f"skipped: {path} is not there")
        return
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        clusters: list[Row] = [json.loads(line) for line in lines]
    made = sketcher(clusters)
    every = [draws(clusters, seed) for seed in range(chosen.draws)]
    show("earshot", [one for drawn in every for one in ours(drawn, made)], EDGES)
    show("TF-IDF of titles (guide)", [one for drawn in every for one in guides(drawn)], (0.5, 0.8))
    speed(clusters, made, chosen.items)


if __name__ == "__main__":
    main()
