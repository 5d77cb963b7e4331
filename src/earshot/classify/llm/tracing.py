"""What a trace says of a call: the names of OpenTelemetry's convention for models, and never any content.

The convention is still in development (docs/watching.md); its names stand here once.
"""

from earshot.domain.call import Call, Outcome, Purpose

_GOOD = frozenset({Outcome.OK, Outcome.REFUSED})


def span_name(call: Call) -> str:
    """How the span of a call is called: the operation and the model."""
    return f"{operation(call)} {call.model}"


def asked(call: Call) -> dict[str, str | int | float | bool]:
    """What is known before the call."""
    known: dict[str, str | int | float | bool] = {
        "gen_ai.operation.name": operation(call),
        "gen_ai.provider.name": call.provider,
        "gen_ai.request.model": call.model,
        "earshot.purpose": call.purpose.value,
        "earshot.tier": call.tier.value,
        "earshot.call.id": call.id,
    }
    if call.conversation_id:
        known["gen_ai.conversation.id"] = call.conversation_id
    return known


def ended(call: Call) -> dict[str, str | int | float | bool]:
    """What is known afterwards."""
    known: dict[str, str | int | float | bool] = {"earshot.outcome": call.outcome.value}
    if call.outcome not in _GOOD:
        known["error.type"] = call.outcome.value
    if call.usage is not None:
        known["gen_ai.usage.input_tokens"] = call.usage.input_tokens
        known["gen_ai.usage.output_tokens"] = call.usage.output_tokens
        known["gen_ai.usage.cache_read.input_tokens"] = call.usage.cached_tokens
        known["gen_ai.usage.cache_creation.input_tokens"] = call.usage.cache_write_tokens
        known["gen_ai.usage.reasoning.output_tokens"] = call.usage.reasoning_tokens
    if call.cost_usd is not None:
        known["earshot.cost_usd"] = call.cost_usd
    return known


def operation(call: Call) -> str:
    """The convention's word for what is done."""
    return "embeddings" if call.purpose is Purpose.EMBED else "chat"
