"""OpenAI's Responses and Chat Completions: how they are asked, what they refuse, how they answer."""

from typing import Any

from earshot.sim.llm.asking import Ask, Part, Written
from earshot.sim.llm.catalogue import Served, Tokens
from earshot.sim.llm.schemas import NAME, openai_fault
from earshot.sim.llm.wire import Json, Refused, bad, dumps, items, mapping
from earshot.sim.llm.world import World

EFFORTS = {"none": 0, "low": 80, "medium": 300, "high": 800, "xhigh": 1600, "max": 3200}
"""Tokens that a model spends on reasoning, by effort."""
LIVES = {"30m": 1800, "12h": 43_200}
_TIERS = (None, "auto", "default")
_FIELDS = frozenset(
    {"access_programs", "background", "background_options", "context_management", "conversation", "image",
     "include", "input", "instructions", "max_output_tokens", "max_tool_calls", "metadata", "model",
     "moderation", "user", "parallel_tool_calls", "previous_response_id", "prompt", "prompt_cache_key",
     "prompt_cache_options", "prompt_cache_retention", "reasoning", "safety_identifier", "service_tier",
     "store", "stream", "stream_options", "temperature", "text", "tool_choice", "tools", "top_logprobs",
     "top_p", "truncation"}
)  # fmt: skip
_NOT_SIMULATED = ("stream", "background", "tools", "conversation", "previous_response_id", "prompt", "functions")
_ROLES = frozenset({"system", "developer", "user", "assistant"})
_OURS = frozenset({"system", "developer"})
Piece = tuple[str, str, bool]
"""Role, text, and whether a cache breakpoint follows."""


def read_response_ask(sim: World, body: Json, *, custom_id: str | None = None) -> Ask:
    """What a Responses request asks. Raises Refused."""
    check_fields(body, _FIELDS)
    model = known_model(sim, body.get("model"))
    most = body.get("max_output_tokens")
    if most is not None and (not isinstance(most, int) or most < 16):
        raise bad(
            "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16.",
            code="integer_below_min_value",
            param="max_output_tokens",
        )
    check_sampling(model, body)
    pieces = [*_instructions(body), *pieces_of(body.get("input"), "input")]
    effort = mapping(body.get("reasoning")).get("effort")
    form = mapping(mapping(body.get("text")).get("format"))
    schema = schema_of(form, form, param="text.format")
    return build_ask(sim, body, model=model, pieces=pieces, schema=schema, most=most, effort=effort,
                     custom_id=custom_id)  # fmt: skip


def build_ask(
    sim: World,
    body: Json,
    *,
    model: Served,
    pieces: list[Piece],
    schema: Json | None,
    most: int | None,
    effort: Any,
    custom_id: str | None,
) -> Ask:
    """The ask made of a request's parts."""
    if model.dimensions is not None:
        raise bad(f"The model '{model.name}' makes embeddings only.", code="unsupported_model", param="model")
    implicit, life = caching(model, body)
    parts = [Part(text, static=role in _OURS, life=life if cut else None) for role, text, cut in pieces]
    if schema is not None:
        parts.insert(0, Part(dumps(schema), static=True))
    return Ask(
        model=model,
        instructions="\n\n".join(text for role, text, _ in pieces if role in _OURS),
        content="\n\n".join(text for role, text, _ in pieces if role not in _OURS),
        parts=tuple(parts),
        schema=schema,
        max_tokens=most,
        thinking=round(reasoning(model, effort) * sim.settings.thinking_scale),
        cache_key=str(body.get("prompt_cache_key") or ""),
        implicit=implicit,
        custom_id=custom_id,
    )


def response(sim: World, body: Json, *, ask: Ask, written: Written) -> Json:
    """The response object that answers."""
    output: list[Json] = []
    if written.tokens.thinking:
        output.append({"id": sim.new_id("rs_"), "type": "reasoning", "summary": [], "encrypted_content": "c2lt"})
    cut = written.finish == "length"
    if written.text or written.finish == "refusal":
        output.append(
            {
                "id": sim.new_id("msg_"),
                "type": "message",
                "role": "assistant",
                "status": "incomplete" if cut else "completed",
                "content": _content(written),
            }
        )
    now = sim.moment()
    return {
        "id": written.id,
        "object": "response",
        "created_at": int(now),
        "completed_at": None if cut else int(now),
        "status": "incomplete" if cut else "completed",
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "instructions": body.get("instructions"),
        "max_output_tokens": ask.max_tokens,
        "metadata": body.get("metadata") or {},
        "model": ask.model.name,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": body.get("prompt_cache_key"),
        "reasoning": {"effort": mapping(body.get("reasoning")).get("effort"), "summary": None},
        "service_tier": "default",
        "store": body.get("store") is not False,
        "temperature": 1.0,
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage(written.tokens),
    }


def usage(tokens: Tokens) -> Json:
    """The usage of a response: `input_tokens` includes what was read from and written to the cache."""
    return {
        "input_tokens": tokens.prompt,
        "input_tokens_details": {
            "cached_tokens": tokens.read,
            "cache_write_tokens": tokens.write + tokens.write_long,
            "cache_write_tokens_details": {"ttl_30m_tokens": tokens.write, "ttl_12h_tokens": tokens.write_long},
        },
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.thinking},
        "total_tokens": tokens.prompt + tokens.output,
    }


def known_model(sim: World, name: Any) -> Served:
    """The model of that name. Raises Refused: 400 without a name, 404 for unknown and retired ones."""
    if not isinstance(name, str):
        raise bad("Missing required parameter: 'model'.", code="missing_required_parameter", param="model")
    model = sim.models.get(name)
    if model is None or model.vendor != "openai" or model.retired(sim.clock.now().date()):
        message = f"The model `{name}` does not exist or you do not have access to it."
        raise Refused(404, "invalid_request_error", message=message, code="model_not_found", param="model")
    return model


def model_info(model: Served) -> Json:
    """A model as the list of models gives it."""
    return {
        "id": model.name,
        "object": "model",
        "created": 1_767_225_600,
        "owned_by": "openai",
        "shutdown_date": model.retires.isoformat() if model.retires else None,
    }


def check_fields(body: Json, known: frozenset[str]) -> None:
    """Refuse unknown fields, and those that the simulator does not do."""
    for name in body:
        if name not in known:
            raise bad(f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)
    for name in _NOT_SIMULATED:
        if body.get(name):
            raise bad(f"The simulator does not do '{name}'.", code="unsupported_parameter", param=name)
    if body.get("service_tier") not in _TIERS:
        raise bad("The simulator serves the default tier only.", code="unsupported_value", param="service_tier")


def check_sampling(model: Served, body: Json) -> None:
    """Refuse sampling settings on models that reason."""
    for name in ("temperature", "top_p"):
        if body.get(name) not in (None, 1, 1.0) and model.thinking != "off":
            raise bad(
                f"Unsupported parameter: '{name}' is not supported with this model.",
                code="unsupported_parameter",
                param=name,
            )


def reasoning(model: Served, effort: Any) -> int:
    """Tokens that the model reasons for. Raises Refused for an effort that it does not know."""
    if model.thinking == "off":
        if effort is not None:
            raise _unsupported(model)
        return 0
    known = effort is None or effort in EFFORTS
    if not known or (effort == "none" and model.thinking == "always"):
        raise _unsupported(model, effort)
    return EFFORTS[effort or "medium"]


def caching(model: Served, body: Json) -> tuple[bool, int]:
    """Whether the end of the prompt is a breakpoint by itself, and how long breakpoints live."""
    options = mapping(body.get("prompt_cache_options"))
    if options and not model.writes_cost:
        raise bad(
            "Unsupported parameter: 'prompt_cache_options' is not supported with this model.",
            code="unsupported_parameter",
            param="prompt_cache_options",
        )
    mode, life = options.get("mode") or "implicit", options.get("ttl") or "30m"
    if mode not in {"implicit", "explicit"} or life not in LIVES:
        raise bad("Invalid value in 'prompt_cache_options'.", code="invalid_value", param="prompt_cache_options")
    return mode == "implicit", LIVES[life]


def pieces_of(value: Any, param: str) -> list[Piece]:
    """The texts of an input or of messages, in order. Raises Refused."""
    if isinstance(value, str):
        return [("user", value, False)]
    found: list[Piece] = []
    for turn in items(value):
        found += _turn(mapping(turn), param)
    if not found:
        raise bad(f"Missing required parameter: '{param}'.", code="missing_required_parameter", param=param)
    if sum(cut for _, _, cut in found) > 4:
        raise bad("At most 4 cache breakpoints.", code="invalid_value", param=param)
    return found


def _turn(turn: Json, param: str) -> list[Piece]:
    role = turn.get("role")
    if role not in _ROLES:
        raise bad(f"Invalid value: '{role}'.", code="invalid_value", param=f"{param}.role")
    content = turn.get("content")
    if isinstance(content, str):
        return [(role, content, False)]
    found: list[Piece] = []
    for block in items(content):
        inner = mapping(block)
        if inner.get("type") not in {"input_text", "output_text", "text"} or not isinstance(inner.get("text"), str):
            raise bad("The simulator reads text only.", code="invalid_value", param=f"{param}.content")
        found.append((role, inner["text"], bool(inner.get("prompt_cache_breakpoint"))))
    return found


def schema_of(form: Json, holder: Json, *, param: str) -> Json | None:
    """The schema that an answer must have. Raises Refused for one that strict mode does not take."""
    if form.get("type") in {None, "text", "json_object"}:
        return None
    name, schema = holder.get("name"), holder.get("schema")
    if form.get("type") != "json_schema" or not isinstance(name, str) or not NAME.fullmatch(name):
        raise bad(f"Invalid '{param}.name'.", code="invalid_value", param=f"{param}.name")
    if not isinstance(schema, dict):
        raise bad(f"Missing '{param}.schema'.", code="missing_required_parameter", param=f"{param}.schema")
    fault = openai_fault(mapping(schema)) if holder.get("strict") else None
    if fault is not None:
        raise bad(f"Invalid schema for response_format '{name}': {fault}", code="invalid_json_schema",
                  param=f"{param}.schema")  # fmt: skip
    return mapping(schema)


def _instructions(body: Json) -> list[Piece]:
    given = body.get("instructions")
    return [("developer", given, False)] if isinstance(given, str) and given else []


def _content(written: Written) -> list[Json]:
    if written.finish == "refusal":
        refusal = written.text or "I can't help with that."
        return [{"type": "refusal", "refusal": refusal}]
    return [{"type": "output_text", "text": written.text, "annotations": [], "logprobs": []}]


def _unsupported(model: Served, effort: Any = None) -> Refused:
    what = "'reasoning.effort'" if effort is None else f"value '{effort}' for 'reasoning.effort'"
    return bad(f"Unsupported {what} with the '{model.name}' model.", code="unsupported_value",
               param="reasoning.effort")  # fmt: skip
