"""The bounds that personal data detection must hold on synthetic data with known spans."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from earshot.text.personal.masking import passages

DATA = Path(__file__).parents[3].parent / "shared/data/pii.jsonl.gz"
FIXED = {
    "EMAIL_ADDRESS": "EMAIL", "CREDIT_CARD": "CARD", "IBAN_CODE": "IBAN", "US_SSN": "ID", "IP_ADDRESS": "IP",
    "PHONE_NUMBER": "PHONE",
}  # fmt: skip
EQUAL = {"US_DRIVER_LICENSE": "ID"}

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.exists(), reason="shared evaluation data is absent"),
]


def test_recall_and_precision_by_kind() -> None:
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    hidden: Counter[str] = Counter()
    right: Counter[str] = Counter()
    with gzip.open(DATA, "rt") as lines:
        for row in map(json.loads, lines):
            spans = passages(row["text"])
            known = [(s["start"], s["end"], FIXED.get(s["type"]) or EQUAL.get(s["type"])) for s in row["spans"]]
            for start, end, kind in known:
                if kind:
                    planted[kind] += 1
                    found[kind] += any(span.start <= start and end <= span.end for span in spans)
            for span in spans:
                hidden[span.kind] += 1
                right[span.kind] += any(
                    start < span.end and span.start < end and kind == span.kind for start, end, kind in known
                )
    assert set(planted) == set(FIXED.values())
    for kind in planted:
        assert found[kind] >= 0.99 * planted[kind], kind
        assert right[kind] >= 0.95 * hidden[kind], kind
