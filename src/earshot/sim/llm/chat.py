"""OpenAI's Chat Completions, as OpenAI-compatible servers and batch files use it."""

import re
from typing import Any

from earshot.sim.llm.asking import Ask, Written
from earshot.sim.llm.catalogue import Served
from earshot.sim.llm.openai import build_ask, check_fields, check_sampling, known_model, pieces_of, schema_of
from earshot.sim.llm.wire import Json, mapping
from earshot.sim.llm.world import World

_FIELDS = frozenset(
    {"messages", "model", "audio", "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens",
     "max_tokens", "metadata", "modalities", "moderation", "n", "parallel_tool_calls", "prediction",
     "presence_penalty", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning_effort",
     "response_format", "safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options",
     "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity", "web_search_options"}
)  # fmt: skip
_HOSTED = re.compile(r"(gpt|o\d|claude|gemini|chatgpt|text)-")


def read_chat_ask(sim: World, body: Json, *, custom_id: str | None = None) -> Ask:
    """What a Chat Completions request asks. Raises Refused."""
    check_fields(body, _FIELDS)
    model = _model(sim, body.get("model"))
    check_sampling(model, body)
    form = mapping(body.get("response_format"))
    return build_ask(
        sim,
        body,
        model=model,
        pieces=pieces_of(body.get("messages"), "messages"),
        schema=schema_of(form, mapping(form.get("json_schema")), param="response_format"),
        most=body.get("max_completion_tokens") or body.get("max_tokens"),
        effort=body.get("reasoning_effort"),
        custom_id=custom_id,
    )


def completion(sim: World, ask: Ask, *, written: Written) -> Json:
    """The completion that answers."""
    refused = written.finish == "refusal"
    message: Json = {
        "role": "assistant",
        "content": None if refused else written.text,
        "refusal": (written.text or "I can't help with that.") if refused else None,
        "annotations": [],
    }
    tokens = written.tokens
    return {
        "id": written.id,
        "object": "chat.completion",
        "created": int(sim.moment()),
        "model": ask.model.name,
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": None,
                "finish_reason": "length" if written.finish == "length" else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": tokens.prompt,
            "completion_tokens": tokens.output,
            "total_tokens": tokens.prompt + tokens.output,
            "prompt_tokens_details": {
                "cached_tokens": tokens.read,
                "cache_write_tokens": tokens.write + tokens.write_long,
            },
            "completion_tokens_details": {"reasoning_tokens": tokens.thinking},
        },
        "service_tier": "default",
        "system_fingerprint": "fp_simulated",
    }


def _model(sim: World, name: Any) -> Served:
    """A hosted model, or one of the user's own server under any other name."""
    if isinstance(name, str) and name not in sim.models and not _HOSTED.match(name):
        return sim.models["local"].model_copy(update={"name": name})
    return known_model(sim, name)
