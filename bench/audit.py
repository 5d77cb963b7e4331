"""`earshot audit score` of the local model on gold-dev: its figures beside those of bench/local_model.py.

Two programs that share nothing but the readings must agree to the last digit; prints both and their largest
difference. Also times the bootstrap. The labels are two annotations by one family of language models.
"""

import json
import sys
import time

from earshot.audit.agreement import Judged, calibration, field_score
from earshot.audit.labels import parse, said
from earshot.classify.local.reader import read_one
from local_model import DATA, FIELDS, conversation, score


def main() -> int:
    gold = DATA / "gold-dev.jsonl"
    if not gold.exists():
        print(f"SKIPPED: {gold} is not there; the evaluation data lies beside the checkout, never in it.")
        return 0
    lines = gold.read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    readings = [read_one(conversation(row)) for row in rows]
    labels = parse(lines)
    judged = [
        Judged(id=row.id, truths=row.labels, guess=said(reading), confidence=reading.confidence)
        for row, reading in zip(labels.rows, readings, strict=True)
    ]
    plain = score(rows, [{name: str(getattr(reading, name)) for name in FIELDS} for reading in readings])
    print(f"gold-dev, {len(rows)} conversations, mean over two annotations (of one model family, not human truth)")
    print(f"{'field':12} {'accuracy':>26} {'macro-F1':>26} {'kappa':>26}")
    worst = 0.0
    began = time.perf_counter()
    for name in FIELDS:
        own = field_score(judged, name)
        told: list[str] = []
        for figure, other in zip((own.accuracy, own.macro_f1, own.kappa), plain[name], strict=True):
            worst = max(worst, abs((figure.value or 0.0) - other))
            told.append(f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})")
        print(f"{name:12} {told[0]:>26} {told[1]:>26} {told[2]:>26}")
    found = calibration(judged)
    print(f"issue type calibration error {found.error.value if found and found.error.value else 0.0:.3f}")
    print(f"figures and intervals took {time.perf_counter() - began:.2f} s")
    print(f"largest difference to bench/local_model.py: {worst:.2e} ({'ok' if worst < 1e-9 else 'DIFFERENT'})")
    return 0 if worst < 1e-9 else 1


if __name__ == "__main__":
    sys.exit(main())
