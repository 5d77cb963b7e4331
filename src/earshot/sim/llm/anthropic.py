"""Anthropic's Messages API, version 2026-10-21: how it is asked, what it refuses, how it answers."""

from datetime import UTC, datetime
from typing import Any

from earshot.sim.llm.asking import Ask, Part, Written
from earshot.sim.llm.catalogue import Served, Tokens
from earshot.sim.llm.schemas import anthropic_fault
from earshot.sim.llm.wire import Json, Refused, bad, dumps, items, mapping
from earshot.sim.llm.world import World

VERSION = "2026-10-21"
_LIVES = {"5m": 300, "1h": 3600}
_FIELDS = frozenset(
    {"max_tokens", "messages", "model", "cache_control", "container", "diagnostics", "inference_geo", "metadata",
     "output_config", "service_tier", "speed", "stop_sequences", "system", "thinking", "tool_choice", "tools",
     "stream", "user_profile_id", "context_management"}
)  # fmt: skip
_SAMPLING = ("temperature", "top_p", "top_k")
_EFFORTS = {"low": 80, "medium": 300, "high": 800, "xhigh": 1600, "max": 3200}
"""Tokens that a model spends on thinking, by effort."""


def read_ask(sim: World, body: Json, *, custom_id: str | None = None) -> Ask:
    """What a Messages request asks. Raises Refused."""
    _check_fields(body)
    model = known_model(sim, body.get("model"))
    most = body.get("max_tokens")
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise bad("max_tokens: Field required" if most is None else "max_tokens: must be a positive integer")
    config = _output_config(model, mapping(body.get("output_config")))
    schema = config.get("format", {}).get("schema")
    system = _blocks(body.get("system", ""), "system")
    turns = _turns(body.get("messages"))
    parts = _parts(schema, [*system, *turns], whole=_life(body.get("cache_control")))
    return Ask(
        model=model,
        instructions="\n\n".join(text for text, _ in system),
        content="\n\n".join(text for text, _ in turns),
        parts=parts,
        schema=schema,
        max_tokens=most,
        thinking=round(_thinking(model, body, effort=config.get("effort")) * sim.settings.thinking_scale),
        custom_id=custom_id,
    )


def message(ask: Ask, written: Written, *, tier: str) -> Json:
    """The message that answers."""
    content: list[Json] = []
    if written.tokens.thinking:
        content.append({"type": "thinking", "thinking": "", "signature": "c2ltdWxhdGVk"})
    if written.text:
        content.append({"type": "text", "text": written.text, "citations": None})
    refused = written.finish == "refusal"
    return {
        "id": written.id,
        "type": "message",
        "role": "assistant",
        "model": ask.model.name,
        "content": content,
        "stop_reason": {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal"}[written.finish],
        "stop_details": _why_refused() if refused else None,
        "stop_sequence": None,
        "container": None,
        "usage": usage(written.tokens, tier=tier),
    }


def usage(tokens: Tokens, *, tier: str) -> Json:
    """The usage of a message: `input_tokens` is only what was neither read from nor written to the cache."""
    return {
        "input_tokens": tokens.input,
        "cache_creation_input_tokens": tokens.write + tokens.write_long,
        "cache_read_input_tokens": tokens.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": tokens.write,
            "ephemeral_1h_input_tokens": tokens.write_long,
        },
        "output_tokens": tokens.output,
        "output_tokens_details": {"thinking_tokens": tokens.thinking},
        "service_tier": tier,
        "inference_geo": "global",
    }


def known_model(sim: World, name: Any) -> Served:
    """The model of that name. Raises Refused (404) for unknown and retired ones."""
    if not isinstance(name, str):
        raise bad("model: Field required")
    model = sim.models.get(name)
    if model is None or model.vendor != "anthropic" or model.retired(sim.clock.now().date()):
        raise Refused(404, "not_found_error", message=f"model: {name}")
    return model


def model_info(model: Served, today: datetime) -> Json:
    """A model as the list of models gives it."""
    gone = model.retired(today.date())
    return {
        "type": "model",
        "id": model.name,
        "display_name": model.name.replace("-", " ").title(),
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "retired" if gone else "deprecated" if model.deprecated else "active",
        "deprecated_at": _day(model.deprecated),
        "retires_at": _day(model.retires),
        "line": None,
        "max_input_tokens": model.context,
        "max_tokens": 128_000,
        "capabilities": None,
    }


def stamp(moment: datetime | None) -> str | None:
    """A moment in RFC 3339."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _day(day: Any) -> str | None:
    return None if day is None else f"{day.isoformat()}T00:00:00Z"


def _why_refused() -> Json:
    return {"type": "refusal", "category": "general_harms", "explanation": None}


def _check_fields(body: Json) -> None:
    for name in _SAMPLING:
        if name in body:
            raise bad(f"{name}: sampling parameters are not supported with anthropic-version {VERSION}")
    for name in body:
        if name not in _FIELDS:
            raise bad(f"{name}: Extra inputs are not permitted")
    if body.get("stream"):
        raise bad("stream: the simulator does not stream; set max_tokens and stream false")
    if body.get("tools"):
        raise bad("tools: the simulator offers no tools")


def _output_config(model: Served, config: Json) -> Json:
    for name in config:
        if name not in {"effort", "format"}:
            raise bad(f"output_config.{name}: Extra inputs are not permitted")
    effort = config.get("effort")
    if effort is not None and effort not in _EFFORTS:
        raise bad(f"output_config.effort: Input should be one of {', '.join(_EFFORTS)}")
    if effort is not None and model.thinking == "off":
        raise bad("output_config.effort: This model does not support the effort parameter")
    form = config.get("format")
    if form is None:
        return {**config, "format": {}}
    if mapping(form).get("type") != "json_schema" or not isinstance(mapping(form).get("schema"), dict):
        raise bad("output_config.format: must be {type: json_schema, schema}")
    fault = anthropic_fault(form["schema"])
    if fault is not None:
        raise bad(fault)
    return config


def _thinking(model: Served, body: Json, *, effort: str | None) -> int:
    """Tokens that the model thinks for. Raises Refused for what it does not allow."""
    given = mapping(body.get("thinking"))
    kind = given.get("type")
    if kind not in {None, "enabled", "disabled", "adaptive", "between_tools"}:
        raise bad("thinking.type: unknown")
    if model.thinking == "off":
        return _budget(given, body) if kind == "enabled" else _not_here(kind in {"adaptive", "between_tools"}, kind)
    _not_here(kind == "enabled", kind)
    _not_here(kind == "disabled" and model.thinking in {"gap", "always"}, kind)
    _not_here(kind == "between_tools" and model.thinking == "always", kind)
    _not_here(kind in {"disabled", "between_tools"} and effort in {"xhigh", "max"}, f"{kind} with effort {effort}")
    return 0 if kind in {"disabled", "between_tools"} else _EFFORTS[effort or "medium"]


def _budget(given: Json, body: Json) -> int:
    budget = given.get("budget_tokens")
    if not isinstance(budget, int) or budget < 1024 or budget >= body["max_tokens"]:
        raise bad("thinking.budget_tokens: at least 1024 and less than max_tokens")
    return budget // 4


def _not_here(refused: bool, kind: object) -> int:  # noqa: FBT001 (reads as a sentence at its callers)
    if refused:
        raise bad(f"thinking.type: {kind} is not supported on this model")
    return 0


_Block = tuple[str, int | None]


def _turns(messages: Any) -> list[_Block]:
    turns = items(messages)
    if not turns:
        raise bad("messages: at least one message is required")
    found: list[_Block] = []
    for number, turn in enumerate(turns):
        where = f"messages.{number}"
        if mapping(turn).get("role") not in {"user", "assistant"}:
            raise bad(f"{where}.role: Input should be 'user' or 'assistant'")
        found += _blocks(turn.get("content"), f"{where}.content")
    if mapping(turns[-1]).get("role") != "user":
        raise bad(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )
    return found


def _blocks(value: Any, where: str) -> list[_Block]:
    if isinstance(value, str):
        return [(value, None)] if value else []
    blocks = items(value)
    if not blocks:
        raise bad(f"{where}: Input should be text or a list of blocks")
    found: list[_Block] = []
    for number, block in enumerate(blocks):
        inner = mapping(block)
        if inner.get("type") != "text" or not isinstance(inner.get("text"), str):
            raise bad(f"{where}.{number}: the simulator reads text blocks only")
        if not inner["text"]:
            raise bad(f"{where}.{number}: text content blocks must be non-empty")
        found.append((inner["text"], _life(inner.get("cache_control"))))
    return found


def _life(control: Any) -> int | None:
    if control is None:
        return None
    given = mapping(control)
    if given.get("type") != "ephemeral" or given.get("ttl", "5m") not in _LIVES:
        raise bad("cache_control: must be {type: ephemeral, ttl: 5m or 1h}")
    return _LIVES[given.get("ttl", "5m")]


def _parts(schema: Json | None, blocks: list[_Block], *, whole: int | None) -> tuple[Part, ...]:
    if not blocks:
        raise bad("messages: text content blocks must be non-empty")
    if whole is not None:
        blocks = [*blocks[:-1], (blocks[-1][0], whole)]
    if sum(life is not None for _, life in blocks) > 4:
        raise bad("A maximum of 4 blocks with cache_control may be provided.")
    parts = [Part(text, static=life is not None, life=life) for text, life in blocks]
    return (Part(dumps(schema), static=True), *parts) if schema is not None else tuple(parts)
