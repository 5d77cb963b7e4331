"""Doubts and answers for tests."""

import json
from collections.abc import Sequence
from typing import Any

from earshot.domain.grouping import Candidate, Doubt
from earshot.ports.model import Answer


def candidate(name: str, title: str = "Invoice PDF opens blank", text: str = "") -> Candidate:
    return Candidate(id=f"cell-{name}", digest=name * 32, title=title, text=text, probability=0.5)


def doubt(
    title: str = "Invoice download stays white",
    *,
    text: str = "I click on the invoice of May and get an empty page.",
    candidates: Sequence[Candidate] | None = None,
    digest: str = "d" * 32,
    conversation_id: str | None = None,
) -> Doubt:
    known = (
        (candidate("b"), candidate("a", "VAT rate on the invoice is wrong")) if candidates is None else candidates
    )
    return Doubt(
        digest=digest,
        mention_id=1,
        conversation_id=conversation_id,
        title=title,
        text=text,
        candidates=tuple(known),
    )


def row(known: str, decision: str = "SAME", confidence: str = "SURE", why: str = "both get a blank page") -> Any:
    return {"known": known, "why": why, "decision": decision, "confidence": confidence}


def answer(*rows: Any, flagged: bool = False) -> Answer:
    return Answer(text=json.dumps({"decisions": list(rows), "contains_instructions": flagged}))
