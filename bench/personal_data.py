"""How much personal data is hidden before text leaves the machine, and how much else is hidden by mistake.

Synthetic data with known spans (recall and precision per kind), real conversations (passages per thousand), and
the time it takes.
"""

import argparse
import gzip
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from earshot.domain.conversation import Author, Conversation, Message
from earshot.text.personal import mask
from earshot.text.personal.checks import iban, luhn
from earshot.text.personal.masking import passages

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = {
    "EMAIL_ADDRESS": "EMAIL", "CREDIT_CARD": "CARD", "IBAN_CODE": "IBAN", "US_SSN": "ID", "IP_ADDRESS": "IP",
    "PHONE_NUMBER": "PHONE", "US_DRIVER_LICENSE": "ID",
}  # fmt: skip
FIXED = ("EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS")
"""Kinds with a check digit or a fixed form: 99 % must be found, 95 % of what is hidden must be right."""


@dataclass
class Score:
    """Planted passages of one kind, those hidden whole, and what was hidden under that kind."""

    planted: int = 0
    found: int = 0
    wrong: int = 0
    missed: list[str] = field(default_factory=list[str])
    mistaken: list[str] = field(default_factory=list[str])

    @property
    def recall(self) -> float:
        """Share of the planted passages that were hidden."""
        return self.found / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        """Share of the hidden passages that were planted."""
        return self.found / (self.found + self.wrong) if self.found + self.wrong else 1.0


def rows(name: str) -> Iterator[dict[str, Any]]:
    """The rows of one evaluation file."""
    with gzip.open(DATA / name, "rt") as lines:
        yield from map(json.loads, lines)


def talk(texts: list[str], title: str | None = None) -> Conversation:
    """Texts as a conversation without metadata."""
    messages = tuple(
        Message(id=str(number), author=Author.CUSTOMER, text=text, created_at=NOW)
        for number, text in enumerate(texts)
    )
    return Conversation(
        source="bench", external_id="1", created_at=NOW, updated_at=NOW, title=title, messages=messages
    )


def checked(kind: str, value: str) -> bool:
    """Whether a planted value has the check digit of its kind; kinds without one always pass."""
    if kind == "CREDIT_CARD":
        return luhn(value)
    return iban(value) if kind == "IBAN_CODE" else True


def scores() -> tuple[dict[str, Score], int]:
    """Planted against hidden, by the data's kinds; and how many planted values fail their own check digit."""
    result: dict[str, Score] = defaultdict(Score)
    broken = 0
    for row in rows("pii.jsonl.gz"):
        text, planted = row["text"], [span for span in row["spans"] if span["type"] in KINDS]
        hidden = passages(text)
        for span in planted:
            score = result[span["type"]]
            broken += not checked(span["type"], span["value"])
            score.planted += 1
            whole = any(h.start <= span["start"] and span["end"] <= h.end for h in hidden)
            score.found += whole
            score.missed += [] if whole else [span["value"]]
        for span in hidden:
            if not any(s["start"] < span.end and span.start < s["end"] for s in planted):
                _blame(result, span.kind.value, text[span.start : span.end])
    return result, broken


def _blame(result: dict[str, Score], kind: str, value: str) -> None:
    """Count what was hidden by mistake against every kind of the data that has this placeholder."""
    for name in (name for name, ours in KINDS.items() if ours == kind):
        result[name].wrong += 1
        result[name].mistaken.append(value)


def print_scores(*, show: bool) -> bool:
    """Recall and precision by kind; whether the bounds hold."""
    result, broken = scores()
    print(f"{'kind':18} {'planted':>7} {'recall':>7} {'precision':>9}")
    for kind, score in sorted(result.items(), key=lambda item: (item[0] not in FIXED, item[0])):
        note = "" if kind in FIXED else "  (no fixed form)"
        print(f"{kind:18} {score.planted:7} {score.recall:7.1%} {score.precision:9.1%}{note}")
        if show:
            print(f"    missed {score.missed}, by mistake {score.mistaken}")
    print(f"planted values that fail their own check digit: {broken}")
    print("not looked for (free text): names, places, organisations, street addresses, dates, ages, bare domains")
    return all(result[kind].recall >= 0.99 and result[kind].precision >= 0.95 for kind in FIXED)


def print_real(*, show: bool) -> None:
    """What is hidden in real conversations, from which addresses and keys were taken out before, and how fast."""
    talks = [talk([m["text"] for m in row["messages"]], row.get("title")) for row in rows("conversations.jsonl.gz")]
    start = time.process_time()
    masked = [mask(conversation) for conversation in talks]
    seconds = time.process_time() - start
    counts: Counter[str] = Counter()
    samples: dict[str, list[str]] = defaultdict(list)
    for conversation in talks:
        for text in (message.text for message in conversation.messages):
            for span in passages(text):
                counts[span.kind] += 1
                samples[span.kind].append(text[span.start : span.end])
    characters = sum(len(m.text) for conversation in talks for m in conversation.messages)
    untouched = sum(m.count == 0 for m in masked)
    print(f"\n{len(talks)} real conversations, {untouched / len(talks):.0%} have nothing to hide")
    for kind, count in counts.most_common():
        print(f"  {kind:9} {1000 * count / len(talks):7.1f} passages per 1,000 conversations")
        if show:
            print(f"    {[sample[:60] for sample in samples[kind][:: max(1, count // 12)]]}")
    print(
        f"  {1000 * seconds / len(talks):.2f} ms a conversation, {seconds / characters * 2.5e6:.2f} ms per 2.5 kB"
    )
    clean = talk(
        ["The export of the monthly report stops halfway and I see an error. Please help me with it."] * 27
    )
    start = time.process_time()
    for _ in range(500):
        mask(clean)
    print(f"  {(time.process_time() - start) * 2:.2f} ms for 27 messages, 2.5 kB, with nothing to hide")


def main() -> int:
    """Print all figures; 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="show what was missed and what was hidden by mistake")
    show = parser.parse_args().show
    if not DATA.exists():
        print(f"{DATA} is absent: nothing to measure", file=sys.stderr)
        return 2
    holds = print_scores(show=show)
    print_real(show=show)
    print("\nbounds hold" if holds else "\nBOUNDS MISSED")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
