"""The store's side of themes: searching candidates, saving a grouping, loading the partition, as mentions grow.

    python bench/theme_store.py [--sizes 1000 10000 100000] [--probes 200]

Synthetic mentions in a fresh embedded database in a temporary folder: matters of a dozen words each out of 30,000
with the usual unequal frequencies, every mention some words of its matter and some of all, its vector a random
projection of its weighed words. All of them are core mentions, which is the worst case. Bounds: `near` p95 20 ms at
100,000. Recall@10 is against exact search of the same vectors, which is also the baseline of the time.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earshot.domain.grouping import Mention, Placement, Regrouping, ThemeHead
from earshot.domain.reading import IssueType
from earshot.ports.clock import SystemClock
from earshot.store import PostgresStore, StoreSettings, open_store
from earshot.store.address import connect
from earshot.store.embedded.server import discard
from earshot.store.regroupings import DIMENSIONS, floats

BOUND = 20.0
NOW = datetime(2026, 7, 1, tzinfo=UTC)
WORDS, OWN, SHARED, BATCH = 30_000, 12, 6, 20_000
FINDINGS = """
    insert into finding (conversation_id, position, issue_type, summary, quote, conversation_at, account, context,
        reply)
    select n::text, 0, 'PRODUCT_BUG', text, text, timestamptz '2026-06-01Z' - n * interval '1 minute',
        'account-' || n % 5000, text, '' from unnest($1::text[]) with ordinality as t (text, n)
"""


@dataclass
class Corpus:
    """Texts, their vectors, and the matter of each."""

    texts: list[str]
    vectors: NDArray[np.float16]
    matters: NDArray[np.int64]


def corpus(size: int) -> Corpus:
    """Synthetic mentions, the same every time."""
    draw = np.random.default_rng(7)
    names = np.array([_name(n) for n in range(WORDS)])
    shares = 1 / np.arange(10, WORDS + 10)
    shares /= shares.sum()
    weights = np.minimum(-np.log(shares), 9.0)
    matters = max(10, size // 20)
    own = draw.integers(200, WORDS, size=(matters, OWN))
    which = draw.integers(0, matters, size=size)
    picked = np.take_along_axis(own[which], draw.random((size, OWN)).argsort(axis=1)[:, : OWN // 2], axis=1)
    words = np.concatenate([picked, draw.choice(WORDS, p=shares, size=(size, SHARED))], axis=1)
    projection = draw.standard_normal((WORDS, DIMENSIONS)).astype(np.float32)
    vectors = np.empty((size, DIMENSIONS), dtype=np.float16)
    for start in range(0, size, 2000):
        part = words[start : start + 2000]
        summed = (projection[part] * weights[part][..., None]).sum(axis=1)
        vectors[start : start + 2000] = summed / np.linalg.norm(summed, axis=1, keepdims=True)
    return Corpus([" ".join(row) for row in names[words]], vectors, which)


def _name(number: int) -> str:
    """A word that no stemmer shortens."""
    letters = "bcdfgklmnprtvz"
    syllables: list[str] = []
    for _ in range(3):
        number, rest = divmod(number, len(letters) * 5)
        syllables.append(letters[rest // 5] + "aeiou"[rest % 5])
    return "".join(syllables) + "x"


async def measure(size: int, *, probes: int) -> float:
    """Print one size; the p95 of `near` in milliseconds."""
    made = corpus(size)
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(StoreSettings(data_dir=Path(folder)), clock=SystemClock())
        try:
            print(f"\n{size:,} core mentions of {made.matters.max() + 1:,} matters")
            await fill(store, made)
            await load(store)
            return await search(store, made, probes=probes)
        finally:
            await store.close()
            await discard(Path(folder), clock=SystemClock())


async def fill(store: PostgresStore, made: Corpus) -> None:
    connection = await connect(store.address)
    await connection.execute(FINDINGS, made.texts)
    await connection.execute("vacuum analyze finding")
    batch = Regrouping()
    for start in range(0, len(made.texts), BATCH):
        batch = regrouping(made, range(start, min(start + BATCH, len(made.texts))))
        began = time.perf_counter()
        async with store.unit() as unit:
            await unit.themes.save(batch, now=NOW)
            await unit.commit()
        took = time.perf_counter() - began
        print(f"  a grouping of {len(batch.placements):,} new core mentions saved in {took:.1f} s")
    began = time.perf_counter()
    async with store.unit() as unit:
        await unit.figures.refresh()
        await unit.commit()
    print(f"  everything counted and indexed in {time.perf_counter() - began:.1f} s")
    began = time.perf_counter()
    async with store.unit() as unit:
        changes = batch.placements[:BATCH]
        await unit.themes.save(Regrouping(placements=changes, mentions=batch.mentions), now=NOW)
        await unit.commit()
    print(f"  {len(changes):,} placements saved again, nothing changed, in {time.perf_counter() - began:.1f} s")
    await connection.execute("analyze core")
    await connection.close()


def regrouping(made: Corpus, numbers: range) -> Regrouping:
    matters = {int(made.matters[n]) for n in numbers}
    return Regrouping(
        placements=tuple(
            Placement(
                mention_id=n + 1,
                cell_id=f"c{made.matters[n]}",
                probability=0.9,
                reason="both: exports, half way",
                core=True,
                vector=made.vectors[n].astype("<f2").tobytes(),
            )
            for n in numbers
        ),
        mentions={n + 1: f"t{made.matters[n]}" for n in numbers},
        cells={f"c{m}": f"t{m}" for m in matters},
        heads=tuple(ThemeHead(id=f"t{m}", issue_type=IssueType.PRODUCT_BUG, title=f"Matter {m}") for m in matters),
    )


async def load(store: PostgresStore) -> None:
    async with store.unit() as unit:
        began = time.perf_counter()
        partition = await unit.themes.partition()
        loaded = time.perf_counter()
        mentions = await unit.themes.mentions(10_000_000)
        done = time.perf_counter()
    print(f"  {len(partition.placements):,} placements loaded in {loaded - began:.1f} s")
    print(f"  {len(mentions):,} mentions loaded in {done - loaded:.1f} s")


async def search(store: PostgresStore, made: Corpus, *, probes: int) -> float:
    draw = np.random.default_rng(11)
    exact = made.vectors.astype(np.float32)
    times: list[float] = []
    plain: list[float] = []
    recall: list[float] = []
    mates: list[float] = []
    found: list[bool] = []
    async with store.unit() as unit:
        await unit.themes.near(mention(0, made), made.vectors[0].astype("<f2").tobytes(), most=20)
        backend = int(await unit.sql.value("select pg_backend_pid()"))
        busy = 0.0
        for number in draw.integers(0, len(made.texts), size=probes):
            began = time.perf_counter()
            nearest = exact @ exact[number]
            nearest[number] = 2.0
            best = [int(n) + 1 for n in np.argsort(-nearest)[:11]]
            plain.append(time.perf_counter() - began)
            vector = made.vectors[number].astype("<f2").tobytes()
            before, began = cpu(backend), time.perf_counter()
            near = await unit.themes.near(mention(int(number), made), vector, most=20)
            times.append(time.perf_counter() - began)
            busy += cpu(backend) - before
            rows = await unit.sql.rows(
                "select finding_id from near_vectors(cast(:v as real[]), 11)", v=floats(vector)
            )
            recall.append(share(best, [row["finding_id"] for row in rows]))
            same = [one for one in best if made.matters[one - 1] == made.matters[number]]
            mates.append(share(same, [m.id for m, _ in near] + [int(number) + 1]))
            found.append(any(made.matters[m.id - 1] == made.matters[number] for m, _ in near))
    p50, p95 = (1000 * float(np.quantile(times, q)) for q in (0.5, 0.95))
    print(
        f"  near: p50 {p50:.1f} ms, p95 {p95:.1f} ms (exact search in memory {1000 * np.median(plain):.1f} ms); "
        f"{1000 * busy / probes:.1f} ms of processor time each; "
        f"vector recall@10 {np.mean(recall):.3f}; of its matter's mentions in the exact top 10 among 20 found "
        f"{np.mean(mates):.3f}; its matter among them {np.mean(found):.3f}"
    )
    return p95


def cpu(backend: int) -> float:
    """Seconds of processor time used by the server's process and this one, which a busy machine hardly blurs."""
    ticks = Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") + time.process_time()


def mention(number: int, made: Corpus) -> Mention:
    return Mention(
        id=number + 1,
        conversation_id=str(number + 1),
        issue_type=IssueType.PRODUCT_BUG,
        summary=made.texts[number],
        quote=made.texts[number],
        said_at=NOW,
    )


def share(best: Sequence[int], found: Sequence[int]) -> float:
    """Of the truly nearest, how many were found."""
    return len(set(best) & set(found)) / len(best)


def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--probes", type=int, default=200)
    options = parser.parse_args()
    slowest = [asyncio.run(measure(size, probes=options.probes)) for size in options.sizes]
    raise SystemExit(0 if max(slowest) <= BOUND else 1)


if __name__ == "__main__":
    main()
