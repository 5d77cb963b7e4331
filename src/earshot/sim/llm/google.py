"""Google's generateContent: how it is asked, what it refuses, how it answers."""

from typing import Any

from earshot.sim.llm.asking import Ask, Part, Written
from earshot.sim.llm.catalogue import Served
from earshot.sim.llm.wire import Json, Refused, bad, dumps, items, mapping
from earshot.sim.llm.world import World

_FIELDS = frozenset(
    {"contents", "systemInstruction", "generationConfig", "safetySettings", "tools", "toolConfig", "labels",
     "cachedContent", "serviceTier"}
)  # fmt: skip
_LEVELS = {"MINIMAL": 0, "LOW": 80, "MEDIUM": 300, "HIGH": 800}
_FREE_LIFE = 300


def read_ask(sim: World, name: str, *, body: Json) -> Ask:
    """What a generateContent request asks. Raises Refused."""
    for field in body:
        if field not in _FIELDS:
            raise bad(f'Invalid JSON payload received. Unknown name "{field}": Cannot find field.')
    if body.get("tools"):
        raise bad("The simulator offers no tools.")
    model = known_model(sim, name)
    if model.dimensions is not None:
        raise _unknown(name)
    config = mapping(body.get("generationConfig"))
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    if schema is not None and config.get("responseMimeType") != "application/json":
        raise bad("responseJsonSchema requires responseMimeType application/json.")
    instructions = _texts(mapping(body.get("systemInstruction")))
    content = [text for turn in items(body.get("contents")) for text in _texts(mapping(turn))]
    if not content:
        raise bad("contents is not specified")
    parts = [*(Part(text, static=True, life=_FREE_LIFE) for text in instructions), *map(Part, content)]
    if schema is not None:
        parts.insert(0, Part(dumps(schema), static=True))
    return Ask(
        model=model,
        instructions="\n\n".join(instructions),
        content="\n\n".join(content),
        parts=tuple(parts),
        schema=None if schema is None else mapping(schema),
        max_tokens=config.get("maxOutputTokens"),
        thinking=round(_thinking(model, mapping(config.get("thinkingConfig"))) * sim.settings.thinking_scale),
        implicit=True,
    )


def generated(ask: Ask, written: Written) -> Json:
    """The response that answers."""
    tokens = written.tokens
    reason = {"stop": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"}[written.finish]
    candidate: Json = {"index": 0, "finishReason": reason}
    if written.text:
        candidate["content"] = {"role": "model", "parts": [{"text": written.text}]}
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": tokens.prompt,
            "candidatesTokenCount": tokens.output - tokens.thinking,
            "thoughtsTokenCount": tokens.thinking,
            "cachedContentTokenCount": tokens.read,
            "totalTokenCount": tokens.prompt + tokens.output,
        },
        "modelVersion": ask.model.name,
        "responseId": written.id,
    }


def known_model(sim: World, name: str) -> Served:
    """The model of that name. Raises Refused (404)."""
    model = sim.models.get(name)
    if model is None or model.vendor != "google" or model.retired(sim.clock.now().date()):
        raise _unknown(name)
    return model


def model_info(model: Served) -> Json:
    """A model as the list of models gives it."""
    return {
        "name": f"models/{model.name}",
        "version": "001",
        "displayName": model.name,
        "inputTokenLimit": model.context,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"]
        if model.dimensions is None
        else ["embedContent", "batchEmbedContents"],
    }


def _unknown(name: str) -> Refused:
    message = f"models/{name} is not found for API version v1beta, or is not supported for generateContent."
    return Refused(404, "NOT_FOUND", message=message)


def _texts(turn: Json) -> list[str]:
    found: list[Any] = [mapping(part).get("text") for part in items(turn.get("parts"))]
    if not all(isinstance(text, str) for text in found):
        raise bad("The simulator reads text parts only.")
    return [str(text) for text in found]


def _thinking(model: Served, config: Json) -> int:
    if model.thinking == "off" or config.get("thinkingBudget") == 0:
        return 0
    level = str(config.get("thinkingLevel") or config.get("thinking_level") or "MEDIUM").upper()
    if level not in _LEVELS:
        raise bad(f"Invalid value at 'generation_config.thinking_config.thinking_level': {level}")
    return _LEVELS[level]
