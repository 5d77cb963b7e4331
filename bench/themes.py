"""Themes: quality on threads about one bug and on the sample workspace, and speed; each beside its baselines.

    python bench/themes.py [--shared ../shared] [--sample 600 3000] [--seeds 7 11 3] [--findings 1000 10000 100000]

Baselines in the same run: the guide's TF-IDF cosine of summaries >= .8 (first fit), every mention apart, and
equality of summaries. The evaluation data is read where it lies and skipped where it is absent. The sample
workspace is read by the local model and compared with its planted truth: with built-in words, with its product
vocabulary in the settings, and with an adjudicator that knows the truth and is asked the engine's doubts only.
"""

import argparse
import gzip
import json
import random
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from earshot.classify.local.reader import read_one
from earshot.connectors.intercom.normalise import normalise
from earshot.domain.conversation import Author, Conversation
from earshot.domain.grouping import Decider, Mention, Partition, Regrouping, Verdict
from earshot.domain.reading import IssueType
from earshot.errors import BadInput
from earshot.group.regroup import Given, Regroup
from earshot.group.settings import GroupSettings
from earshot.sim.sample import generate, vocabulary

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
CUT = 1_200
Row = dict[str, Any]
Names = Sequence[Hashable]


@dataclass(frozen=True)
class Truth:
    """Mentions of a workspace, the matter of each, and all matters of each conversation."""

    mentions: list[Mention]
    matter: dict[int, str]
    planted: dict[str, tuple[str, ...]]


def b_cubed(found: Names, true: Names) -> tuple[float, float, float]:
    """Precision, recall and F1 over items: how pure each item's theme is, how much of its matter it holds."""
    both, themes, matters = Counter(zip(found, true, strict=True)), Counter(found), Counter(true)
    precision = float(np.mean([both[f, t] / themes[f] for f, t in zip(found, true, strict=True)]))
    recall = float(np.mean([both[f, t] / matters[t] for f, t in zip(found, true, strict=True)]))
    return precision, recall, 2 * precision * recall / (precision + recall)


def purity(found: Names, true: Names) -> float:
    """The share of items that belong to the commonest matter of their theme."""
    held: dict[Hashable, Counter[Hashable]] = defaultdict(Counter)
    for theme, matter in zip(found, true, strict=True):
        held[theme][matter] += 1
    return sum(max(counts.values()) for counts in held.values()) / len(found)


def swallowed(found: Names, true: Names) -> float:
    """Over-merging: the largest share of other matters' items that any one theme holds."""
    held: dict[Hashable, Counter[Hashable]] = defaultdict(Counter)
    for theme, matter in zip(found, true, strict=True):
        held[theme][matter] += 1
    sizes = Counter(true)
    worst = 0.0
    for counts in held.values():
        matter, own = counts.most_common(1)[0]
        worst = max(worst, (counts.total() - own) / max(1, len(found) - sizes[matter]))
    return worst


def shown(name: str, found: Names, *, true: Names, beside: str = "") -> None:
    precision, recall, f1 = b_cubed(found, true)
    print(
        f"  {name:28} P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}  purity {purity(found, true):.3f}"
        f"  over-merged {swallowed(found, true):.2%}  themes {len(set(found))}  {beside}",
        flush=True,
    )


def tfidf_themes(titles: Sequence[str]) -> list[str]:
    """The guide's way: TF-IDF cosine of summaries >= .8, first fit."""
    matrix: Any = TfidfVectorizer().fit_transform(titles)
    alike = (matrix @ matrix.T).tocsr()
    themes: list[str] = []
    for n in range(len(titles)):
        row = alike[n]
        earlier = [(-value, m) for m, value in zip(row.indices, row.data, strict=True) if m < n and value >= 0.8]
        themes.append(themes[min(earlier)[1]] if earlier else f"t{n}")
    return themes


def baselines(titles: Sequence[str], true: Names) -> None:
    shown("TF-IDF >= .8, first fit", tfidf_themes(titles), true=true)
    shown("every one apart", list(range(len(titles))), true=true)
    shown("equal summaries", titles, true=true)


def grouped(
    mentions: Sequence[Mention],
    settings: GroupSettings,
    *,
    stored: Partition | None = None,
    verdicts: Sequence[Verdict] = (),
) -> tuple[dict[int, str], Regrouping]:
    work = Regroup(mentions, Given(stored=stored or Partition(), settings=settings, verdicts=verdicts))
    return work.themes(), work.done(NOW)


def rows(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def clusters(path: Path) -> None:
    items = [(m, row["cluster_id"]) for row in rows(path) for m in row["members"]]
    items.sort(key=lambda item: sha256(str(item[0]["id"]).encode()).hexdigest())
    mentions = [thread(number, item) for number, (item, _) in enumerate(items)]
    true = [cluster for _, cluster in items]
    print(f"\nThreads about one bug ({len(items)} in {len(set(true))} clusters), in random order of time")
    for same in (None, 0.5, 0.6, 0.7, 0.8, 0.9):
        settings = GroupSettings() if same is None else GroupSettings(same_matter=same, same_theme=max(same, 0.7))
        themes, done = grouped(mentions, settings)
        name = "ours" if same is None else f"ours, same_matter {same}"
        shown(name, [themes[n] for n in range(len(items))], true=true, beside=f"doubts {len(done.doubts)}")
    themes, questions, _ = asked(mentions, GroupSettings(), matter=dict(enumerate(true)))
    shown("with a truthful adjudicator", [themes[n] for n in range(len(items))], true=true, beside=questions)
    baselines([mention.summary for mention in mentions], true)


def thread(number: int, item: Row) -> Mention:
    return Mention(
        id=number,
        conversation_id=str(item["id"]),
        issue_type=IssueType.OTHER,
        summary=(item["title"] or item["text"])[:200] or "-",
        context=item["text"][:CUT],
        said_at=START + timedelta(minutes=number),
    )


def workspace(conversations: int, seed: int) -> Truth:
    made = generate(conversations=conversations, seed=seed, now=NOW)
    planted = {truth.conversation_id: truth.matters for truth in made.truths if truth.excluded is None}
    mentions: list[Mention] = []
    matter: dict[int, str] = {}
    for raw in made.conversations:
        matters = planted.get(str(raw["id"]))
        if matters:
            for one in read(raw, first=len(mentions)):
                mentions.append(one)
                matter[one.id] = matters[min(one.position, len(matters) - 1)]
    return Truth(mentions, matter, {c: m for c, m in planted.items() if m})


def read(raw: Row, *, first: int) -> Iterator[Mention]:
    conversation = normalise(raw, b"", plain=False).conversation
    try:
        found = read_one(conversation).findings
    except BadInput:
        return
    for place, one in enumerate(found):
        yield Mention(
            id=first + place,
            conversation_id=conversation.external_id,
            position=place,
            issue_type=one.issue_type,
            area=one.affected_feature,
            summary=one.summary,
            quote=one.quote,
            said_at=conversation.created_at,
            context=words_of(conversation, Author.CUSTOMER) if place == 0 else None,
            reply=words_of(conversation, Author.AGENT) if place == 0 else None,
        )


def words_of(conversation: Conversation, author: Author) -> str | None:
    return "\n".join(m.text for m in conversation.messages if m.author is author)[:CUT] or None


def asked(
    mentions: Sequence[Mention], settings: GroupSettings, *, matter: Mapping[int, str], rounds: int = 10
) -> tuple[dict[int, str], str, list[Verdict]]:
    """Themes when somebody who knows the truth answers every doubt, and how much had to be asked."""
    known = {one.digest: matter[one.id] for one in mentions}
    settings = settings.model_copy(update={"adjudicator": "llm"})
    verdicts: list[Verdict] = []
    doubts = pairs = 0
    themes, done = grouped(mentions, settings)
    for _ in range(rounds):
        if not done.doubts:
            break
        doubts += len(done.doubts)
        for doubt in done.doubts:
            pairs += len(doubt.candidates)
            verdicts += [
                answer(doubt.digest, other.digest, same=known[doubt.digest] == known[other.digest])
                for other in doubt.candidates
            ]
        themes, done = grouped(mentions, settings, verdicts=verdicts)
    asks = f"{doubts / len(mentions):.2f} doubts, {pairs / len(mentions):.2f} pairs a mention"
    return themes, asks, verdicts


def answer(one: str, other: str, *, same: bool) -> Verdict:
    return Verdict(one=one, other=other, same=same, decided_by=Decider.MODEL, decided_as="truth", decided_at=NOW)


def sample(conversations: int, seed: int) -> None:
    truth = workspace(conversations, seed)
    firsts = [one for one in truth.mentions if one.position == 0]
    true = [truth.matter[one.id] for one in firsts]
    print(f"\nSample, seed {seed}: {len(firsts)} conversations, {len(set(true))} matters")
    plain, own = GroupSettings(), GroupSettings.model_validate(vocabulary())
    for name, settings in (("built-in words", plain), ("product vocabulary", own)):
        themes, done = grouped(truth.mentions, settings)
        shown(name, [themes[one.id] for one in firsts], true=true, beside=f"doubts {len(done.doubts)}")
        print(f"      {matters_found(truth, themes)}; {weeks_kept(truth, settings)}", flush=True)
        themes, questions, _ = asked(truth.mentions, settings, matter=truth.matter)
        shown("  + truthful adjudicator", [themes[one.id] for one in firsts], true=true, beside=questions)
        print(f"      {matters_found(truth, themes)}", flush=True)
    baselines([one.summary for one in firsts], true)


def matters_found(truth: Truth, themes: Mapping[int, str]) -> str:
    """How many planted matters are one theme; strictly: 80 % of it in one theme of which 80 % are it."""
    held: dict[str, set[str]] = defaultdict(set)
    for one in truth.mentions:
        held[themes[one.id]].add(one.conversation_id)
    matters: dict[str, set[str]] = defaultdict(set)
    for one in truth.mentions:
        matters[truth.planted[one.conversation_id][0]].add(one.conversation_id)
    counts = {0.8: 0, 0.65: 0, 0.5: 0}
    seen = big = 0
    for matter, conversations in matters.items():
        several = len(conversations) >= 5
        big += several
        for share in counts:
            found = any(
                len(held_ & conversations) >= share * len(conversations)
                and sum(matter in truth.planted[c] for c in held_) >= share * len(held_)
                for held_ in held.values()
            )
            counts[share] += found
            seen += found and several and share == 0.8
    said = ", ".join(f">= {share:.0%}: {count / len(matters):.1%}" for share, count in counts.items())
    return f"matters in one theme {said} (of 5 and more conversations {seen}/{big}); {duplicates(truth, held)}"


def duplicates(truth: Truth, held: Mapping[str, set[str]]) -> str:
    """Themes of two and more conversations that are about the matter of a larger theme."""
    about: Counter[str] = Counter()
    for conversations in held.values():
        counts = Counter(matter for c in conversations for matter in truth.planted[c])
        matter, most = min(counts.items(), key=lambda item: (-item[1], item[0]))
        if len(conversations) >= 2 and most >= 0.8 * len(conversations):
            about[matter] += 1
    double = sum(count - 1 for count in about.values())
    return f"{double} duplicates of {len(held)} themes ({100 * double / len(held):.1f} per 100)"


def weeks_kept(truth: Truth, settings: GroupSettings) -> str:
    """The share of conversations that keep their theme when the last week's are added to all before."""
    latest = max(one.said_at for one in truth.mentions)
    old = [one for one in truth.mentions if one.said_at < latest - timedelta(days=7)]
    before, done = grouped(old, settings)
    stored = Partition(
        placements={placed.mention_id: placed for placed in done.placements},
        cells=done.cells,
        heads={head.id: head for head in done.heads},
        lexicon=done.lexicon or Partition().lexicon,
        conditions=done.conditions,
    )
    after, _ = grouped(truth.mentions, settings, stored=stored)
    kept = sum(before[one.id] == after[one.id] for one in old)
    return f"a week later {kept / len(old):.1%} of {len(old)} keep their theme"


def speed(sizes: Sequence[int]) -> None:
    print("\nSpeed, from scratch, one process; invented mentions of varied matters")
    base = 0.0
    for size in sizes:
        mentions = invented(size)
        started, busy_before = time.perf_counter(), time.process_time()
        work = Regroup(mentions, Given(stored=Partition(), settings=GroupSettings()))
        middle = time.perf_counter()
        done = work.done(NOW)
        spent, busy = time.perf_counter() - started, time.process_time() - busy_before
        base = base or spent / size
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"  {size:7,} mentions  {spent:7.1f} s (processor {busy:.1f}, telling {spent - middle + started:.1f})"
            f"  {spent / size * 1e3:.2f} ms each  x{spent / size / base:.2f}  peak {peak:.2f} GB"
            f"  themes {len(set(work.themes().values()))}  doubts {len(done.doubts)}",
            flush=True,
        )
        online(work, invented(size + 300)[size:])


def online(work: Regroup, mentions: Sequence[Mention]) -> None:
    """One new mention, given its candidates: those of the exact search here."""
    times: list[float] = []
    for mention in mentions:
        started = time.perf_counter()
        work.cells.arrange([mention], ())
        times.append(time.perf_counter() - started)
    times.sort()
    print(
        f"      one new mention, exact search in memory: median {times[len(times) // 2] * 1e3:.2f} ms, "
        f"p95 {times[int(len(times) * 0.95)] * 1e3:.2f} ms",
        flush=True,
    )


def invented(size: int) -> list[Mention]:
    """Mentions of matters whose frequencies fall off as in real inboxes, in words that vary."""
    chance = random.Random(5)
    words = [word(chance) for _ in range(8_000)]
    common = [1 / (rank + 1) for rank in range(len(words))]
    matters = [chance.choices(words[100:], k=9) for _ in range(max(20, size // 12))]
    often = [1 / (rank + 3) for rank in range(len(matters))]
    kinds = list(IssueType)
    made: list[Mention] = []
    for number in range(size):
        about = chance.choices(range(len(matters)), weights=often)[0]
        said = [*chance.sample(matters[about], k=6), *chance.choices(words, weights=common, k=6)]
        chance.shuffle(said)
        made.append(
            Mention(
                id=number,
                conversation_id=f"c{number}",
                issue_type=kinds[about % 7],
                area=f"area {about % 40}",
                summary=" ".join(said[:9]),
                quote=" ".join(said[3:]),
                context=" ".join([*said, *chance.choices(words, weights=common, k=25)]),
                said_at=START + timedelta(seconds=number),
            )
        )
    return made


def word(chance: random.Random) -> str:
    """A word that looks like one."""
    return "".join(
        chance.choice("bcdfghklmnprstvz") + chance.choice("aeiou") for _ in range(chance.choice([2, 3, 4]))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--findings", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--sample", type=int, nargs="*", default=[600, 3_000])
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 11, 3])
    asked_for = parser.parse_args()
    for conversations in asked_for.sample:
        for seed in asked_for.seeds:
            sample(conversations, seed)
    path = asked_for.shared / "data" / "clusters.jsonl.gz"
    if path.is_file():
        clusters(path)
    else:
        print(f"\nskipped: no evaluation data at {path}")
    speed(asked_for.findings)


if __name__ == "__main__":
    main()
