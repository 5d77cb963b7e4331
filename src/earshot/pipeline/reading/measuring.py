"""The metrics of model calls, counted where the ledger closes them."""

from earshot.domain.call import Call, Outcome, Usage
from earshot.ports.meter import Meter

_UNMADE = frozenset({Outcome.STARTED, Outcome.CANCELLED})
"""Nothing was sent."""


def measure(meter: Meter, call: Call) -> None:
    """Count a call that ended: how, how long it took, its tokens and its cost."""
    if call.outcome in _UNMADE:
        return
    model = {"provider": call.provider, "model": call.model}
    what = {**model, "operation": call.purpose.value, "tier": call.tier.value}
    meter.count("earshot_llm_requests_total", 1.0, outcome=call.outcome.value, **what)
    if call.latency_ms is not None:
        meter.observe("earshot_llm_request_duration_seconds", call.latency_ms / 1000, **what)
    if call.usage is not None:
        for direction, cache, tokens in _tokens(call.usage):
            if tokens:
                meter.count("earshot_llm_tokens_total", tokens, direction=direction, cache=cache, **model)
    if call.cost_usd is not None:
        meter.count("earshot_llm_cost_usd_total", call.cost_usd, tier=call.tier.value, **model)
    elif call.usage is not None:
        meter.count("earshot_llm_unpriced_requests_total", model=call.model)


def _tokens(usage: Usage) -> tuple[tuple[str, str, int], ...]:
    """Direction, what the cache did, how many."""
    fresh = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
    return (
        ("input", "none", max(0, fresh)),
        ("input", "read", usage.cached_tokens),
        ("input", "write", usage.cache_write_tokens),
        ("output", "none", usage.output_tokens),
    )
