"""Calls as rows of llm_api_logs and back."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from earshot.domain.call import Call, Mode, Outcome, Purpose, Tier, Usage
from earshot.store.cleaning import clean_json

_CALLS = TypeAdapter(tuple[Call, ...])
_TIERS, _PURPOSES, _OUTCOMES = (frozenset(kind) for kind in (Tier, Purpose, Outcome))


def calls_document(calls: Sequence[Call]) -> str:
    """Calls as one JSON document that the statements read, without anything a database cannot hold."""
    try:
        document = _CALLS.dump_json(tuple(calls)).decode()
    except ValueError:
        document = "\\u0000"
    if "\\u0000" not in document:
        return document
    return json.dumps([clean_json(call.model_dump(mode="python")) for call in calls], default=str)


def call_from(row: Mapping[str, Any] | Any) -> Call:
    """The call of a row; rows that other programs wrote are brought into the noun's bounds."""
    return Call(
        id=row["call_id"] or f"row-{row['id']}",
        provider=row["provider"] or "unknown",
        model=row["model"] or "unknown",
        tier=Tier(row["tier"]) if row["tier"] in _TIERS else Tier.CHEAP,
        purpose=Purpose(row["purpose"]) if row["purpose"] in _PURPOSES else Purpose.CLASSIFY,
        mode=Mode(row["mode"] or Mode.ONLINE),
        conversation_id=row["conversation_id"],
        run_id=row["run_id"],
        batch_id=row["batch_id"],
        started_at=row["created_at"],
        outcome=Outcome(row["outcome"]) if row["outcome"] in _OUTCOMES else Outcome.OK,
        usage=_usage(row),
        cost_usd=row["cost_usd"],
        price_date=row["price_date"],
        bound_usd=row["bound_usd"],
        latency_ms=row["latency_ms"],
    )


def _usage(row: Mapping[str, Any] | Any) -> Usage | None:
    if row["input_tokens"] is None:
        return None
    return Usage(**{name: row[name] or 0 for name in Usage.model_fields})
