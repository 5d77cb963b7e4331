"""How well the local model reads gold-dev (real conversations, labelled twice; never trained on).

The labels are two annotations by one family of language models: self-consistency, not human truth.
Every figure is the mean over both annotations.
"""

import argparse
import gzip
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from earshot.classify.local.reader import read_one
from earshot.domain.conversation import Author, Conversation, Message

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
FIELDS = ("issue_type", "priority", "sentiment", "churn_risk")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def conversation(row: dict[str, Any]) -> Conversation:
    """A row of the evaluation files as a conversation."""
    messages = tuple(
        Message(
            id=f"m{number}",
            author=Author(message["author"]),
            text=message["text"],
            created_at=NOW,
            author_id=message.get("speaker"),
        )
        for number, message in enumerate(row["messages"])
    )
    return Conversation(
        source="gold", external_id=row["id"], created_at=NOW, updated_at=NOW, title=row.get("title") or None,
        messages=messages,
    )  # fmt: skip


def kappa(truth: Sequence[str], guess: Sequence[str]) -> float:
    """Cohen's kappa."""
    total = len(truth)
    agreed = sum(a == b for a, b in zip(truth, guess, strict=True)) / total
    left, right = Counter(truth), Counter(guess)
    chance = sum(left[label] * right[label] for label in left) / total**2
    return (agreed - chance) / (1 - chance) if chance < 1 else 1.0


def macro_f1(truth: Sequence[str], guess: Sequence[str]) -> float:
    """Mean F1 over the classes that occur in the truth."""
    scores: list[float] = []
    for label in set(truth):
        hit = sum(a == b == label for a, b in zip(truth, guess, strict=True))
        scores.append(2 * hit / (truth.count(label) + list(guess).count(label)))
    return sum(scores) / len(scores)


def calibration_error(confidence: Sequence[float], right: Sequence[float], bins: int = 10) -> float:
    """Expected calibration error over equally wide bins."""
    places = np.minimum((np.array(confidence) * bins).astype(int), bins - 1)
    error = 0.0
    for place in range(bins):
        inside = places == place
        if inside.any():
            error += inside.mean() * abs(np.array(right)[inside].mean() - np.array(confidence)[inside].mean())
    return float(error)


def score(
    rows: Sequence[dict[str, Any]], guesses: Sequence[dict[str, str]]
) -> dict[str, tuple[float, float, float]]:
    """Accuracy, macro-F1 and kappa per field, each the mean over both annotations."""
    result: dict[str, tuple[float, float, float]] = {}
    for name in FIELDS:
        guess = [g[name] for g in guesses]
        figures: list[tuple[float, float, float]] = []
        for side in ("label_a", "label_b"):
            truth = [row[side][name] for row in rows]
            accuracy = sum(a == b for a, b in zip(truth, guess, strict=True)) / len(truth)
            figures.append((accuracy, macro_f1(truth, guess), kappa(truth, guess)))
        accuracy, f1, agreement = (sum(column) / len(figures) for column in zip(*figures, strict=True))
        result[name] = (accuracy, f1, agreement)
    return result


def confusion(rows: Sequence[dict[str, Any]], guesses: Sequence[dict[str, str]], field: str) -> None:
    """Print truth (annotation a) by guess."""
    labels = sorted({row["label_a"][field] for row in rows} | {g[field] for g in guesses})
    print(f"\n{field}: rows are annotation a, columns what the model said")
    print(" " * 18 + " ".join(f"{label[:8]:>8}" for label in labels))
    for truth in labels:
        counts = Counter(g[field] for row, g in zip(rows, guesses, strict=True) if row["label_a"][field] == truth)
        print(f"{truth:18}" + " ".join(f"{counts[label]:8}" for label in labels))


def main() -> int:
    """Print all figures; 0 even where the data folder is absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--speed", action="store_true", help="also time all 3,853 real conversations")
    parser.add_argument("--mistakes", action="store_true", help="list the ids that were read differently")
    options = parser.parse_args()
    gold = options.data / "gold-dev.jsonl"
    if not gold.exists():
        print(f"SKIPPED: {gold} is not there; the evaluation data lies beside the checkout, never in it.")
        return 0
    rows = [json.loads(line) for line in gold.read_text("utf-8").splitlines()]
    readings = [read_one(conversation(row)) for row in rows]
    guesses = [{name: str(getattr(reading, name)) for name in FIELDS} for reading in readings]
    print(f"gold-dev, {len(rows)} conversations, mean over two annotations (of one model family, not human truth)")
    print(f"{'field':12} {'accuracy':>9} {'macro-F1':>9} {'kappa':>7}")
    for name, (accuracy, f1, agreement) in score(rows, guesses).items():
        print(f"{name:12} {accuracy:9.3f} {f1:9.3f} {agreement:7.3f}")
    right = [
        sum(row[side]["issue_type"] == guess["issue_type"] for side in ("label_a", "label_b")) / 2
        for row, guess in zip(rows, guesses, strict=True)
    ]
    sure = [reading.confidence for reading in readings]
    print(f"issue type calibration error {calibration_error(sure, right):.3f}, mean confidence {np.mean(sure):.3f}")
    for name in FIELDS:
        confusion(rows, guesses, name)
    if options.mistakes:
        for row, guess in zip(rows, guesses, strict=True):
            if guess["issue_type"] not in (row["label_a"]["issue_type"], row["label_b"]["issue_type"]):
                print(row["id"], row["label_a"]["issue_type"], "->", guess["issue_type"])
    if options.speed:
        speed(options.data)
    return 0


def speed(data: Path) -> None:
    """Time every real conversation in one process."""
    with gzip.open(data / "conversations.jsonl.gz", "rt", encoding="utf-8") as lines:
        conversations = [conversation(json.loads(line)) for line in lines]
    began = time.perf_counter()
    for one in conversations:
        read_one(one)
    seconds = time.perf_counter() - began
    each = 1000 * seconds / len(conversations)
    print(f"\n{len(conversations)} conversations in {seconds:.1f} s, {each:.2f} ms each")


if __name__ == "__main__":
    sys.exit(main())
