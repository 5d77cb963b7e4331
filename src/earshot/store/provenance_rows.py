"""Where a reading came from, as the columns that every table of readings has."""

from collections.abc import Mapping
from typing import Any

from earshot.domain.insight import Provenance

ORIGIN = {
    "classifier": "text",
    "model": "text",
    "prompt_version": "text",
    "prompt_hash": "text",
    "tier": "text",
    "provisional": "boolean",
    "shortened": "boolean",
    "input_tokens": "integer",
    "output_tokens": "integer",
    "cost_usd": "float8",
    "latency_ms": "integer",
}
"""Columns by the fields of `Provenance`, with their types."""


def origin_values(origin: Provenance) -> tuple[Any, ...]:
    """The values of `ORIGIN`, in order."""
    return (
        origin.classifier,
        origin.model,
        origin.prompt_version,
        origin.prompt_hash,
        None if origin.tier is None else origin.tier.value,
        origin.provisional,
        origin.shortened,
        origin.input_tokens,
        origin.output_tokens,
        origin.cost_usd,
        origin.latency_ms,
    )


def origin_from(row: Mapping[str, Any] | Any) -> Provenance:
    """The provenance in a row with the columns of `ORIGIN`."""
    return Provenance.model_validate({name: row[name] for name in ORIGIN})
