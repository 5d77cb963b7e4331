"""Embeddings of OpenAI's form and of Google's: vectors in which texts with the same words lie close together."""

import base64
import hashlib
import math
import re
import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from earshot.sim.llm.asking import content_hash
from earshot.sim.llm.catalogue import Served, Tokens
from earshot.sim.llm.settings import Fault
from earshot.sim.llm.tokens import count
from earshot.sim.llm.wire import Call, Json, Refused, Reply, bad, encode, items, mapping, parsed
from earshot.sim.llm.world import World

LENGTH = 384
"""Dimensions of a model of one's own."""
_WORD = re.compile(r"\w+")
_FIELDS = frozenset({"input", "model", "dimensions", "encoding_format", "user"})
_MOST_TEXTS = {"openai": 2048, "google": 100}
_MOST_TOKENS = {"openai": 300_000, "google": 1_000_000}
_HOSTED = re.compile(r"(gpt|o\d|claude|gemini|chatgpt|text)-")
_GOOGLE_FIELDS = frozenset({"model", "content", "taskType", "title", "outputDimensionality", "embedContentConfig"})


async def embeddings(sim: World, call: Call) -> Reply:
    """POST /v1/embeddings."""
    body = parsed(call)
    for name in body:
        if name not in _FIELDS:
            raise bad(f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)
    model = _openai_model(sim, body.get("model"))
    given = body.get("input")
    texts = _texts([given] if isinstance(given, str) else items(given), vendor="openai")
    form = body.get("encoding_format") or "float"
    if form not in {"float", "base64"}:
        raise bad(f"Invalid value: '{form}'.", code="invalid_value", param="encoding_format")
    rows, tokens, headers = _made(
        sim, model, texts=texts, length=_length(model, body.get("dimensions")), path=call.url
    )
    data = [
        {"object": "embedding", "index": place, "embedding": _packed(row) if form == "base64" else row}
        for place, row in enumerate(rows)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    answer = {"object": "list", "data": data, "model": model.name, "usage": usage}
    return Reply(200, encode(answer), headers, seconds=sim.seconds(sim.settings.latency))


async def google_embeddings(sim: World, call: Call, *, name: str, batch: bool) -> Reply:
    """POST /v1beta/models/{model}:embedContent and :batchEmbedContents."""
    body = parsed(call)
    requests = [mapping(one) for one in items(body.get("requests"))] if batch else [body]
    model = _google_model(sim, name)
    if not requests:
        raise bad("requests is not specified")
    for request in requests:
        _check_google(request, model, batch=batch)
    texts = _texts([_google_text(request) for request in requests], vendor="google")
    length = _length(model, _config(requests[0]).get("outputDimensionality"))
    rows, tokens, headers = _made(sim, model, texts=texts, length=length, path=call.url)
    found: list[Json] = [{"values": row} for row in rows]
    answer: Json = {"embeddings": found} if batch else {"embedding": found[0]}
    answer["usageMetadata"] = {"promptTokenCount": tokens}
    return Reply(200, encode(answer), headers, seconds=sim.seconds(sim.settings.latency))


def vector(text: str, length: int) -> list[float]:
    """The unit vector of a text: every word, lower case, points into a direction of its own."""
    total = [0.0] * length
    for word in _WORD.findall(text.lower()):
        for place, sign in _direction(word[:40], length):
            total[place] += sign
    size = math.sqrt(sum(value * value for value in total)) or 1.0
    return [round(value / size, 7) for value in total] if any(total) else [1.0, *total[1:]]


@lru_cache(maxsize=65_536)
def _direction(word: str, length: int) -> tuple[tuple[int, float], ...]:
    digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=32).digest()
    numbers = struct.unpack("<8I", digest)
    return tuple((number % length, 1.0 if number & 0x8000_0000 else -1.0) for number in numbers)


def _made(
    sim: World, model: Served, *, texts: Sequence[str], length: int, path: str
) -> tuple[list[list[float]], int, dict[str, str]]:
    """Vectors, tokens and headers; counted, limited and charged. A fault of content loses the last vector."""
    tokens = sum(map(count, texts))
    vendor = model.vendor
    if tokens > _MOST_TOKENS[vendor] or any(count(text) > model.context for text in texts):
        raise bad(f"This model's maximum context length is {model.context} tokens.", code="context_length_exceeded")
    headers = sim.limits.take(vendor, model.name, tokens=tokens, now=sim.clock.now())
    rows = [vector(text, length) for text in texts]
    content = content_hash("\x1e".join(texts))
    if sim.faults.strike((Fault.INVALID,), content, path=path) is not None:
        rows.pop()
    sim.invoice.charge(
        sim.new_id("emb_"),
        model=model,
        mode="online",
        tokens=Tokens(input=tokens),
        at=sim.clock.now(),
        content=content,
    )
    return rows, tokens, headers


def _texts(given: Sequence[Any], *, vendor: str) -> list[str]:
    if not given or len(given) > _MOST_TEXTS[vendor]:
        raise bad(f"'input' must hold 1 to {_MOST_TEXTS[vendor]} texts.", code="invalid_value", param="input")
    if not all(isinstance(text, str) and text for text in given):
        raise bad("'input' cannot hold an empty string.", code="invalid_value", param="input")
    return [str(text) for text in given]


def _length(model: Served, wanted: Any) -> int:
    own = model.dimensions or LENGTH
    if wanted is None:
        return own
    if not isinstance(wanted, int) or not 1 <= wanted <= own:
        raise bad(f"Invalid value for 'dimensions': at most {own}.", code="invalid_value", param="dimensions")
    return wanted


def _openai_model(sim: World, name: Any) -> Served:
    """An embedding model, or one of the user's own server under any other name."""
    if not isinstance(name, str):
        raise bad("you must provide a model parameter")
    known = sim.models.get(name)
    if known is None and not _HOSTED.match(name):
        return sim.models["local"].model_copy(update={"name": name})
    if known is None or known.vendor != "openai":
        message = f"The model `{name}` does not exist or you do not have access to it."
        raise Refused(404, "invalid_request_error", message=message, code="model_not_found", param="model")
    if known.dimensions is None:
        raise Refused(
            403, "invalid_request_error", message=f"You are not allowed to generate embeddings from {name}"
        )
    return known


def _google_model(sim: World, name: str) -> Served:
    known = sim.models.get(name)
    if known is None or known.vendor != "google" or known.dimensions is None:
        message = f"models/{name} is not found for API version v1beta, or is not supported for embedContent."
        raise Refused(404, "NOT_FOUND", message=message)
    return known


def _check_google(request: Json, model: Served, *, batch: bool) -> None:
    for field in request:
        if field not in _GOOGLE_FIELDS:
            raise bad(f'Invalid JSON payload received. Unknown name "{field}": Cannot find field.')
    if (batch or "model" in request) and request.get("model") != f"models/{model.name}":
        raise bad("model in every request must be that of the address.")


def _google_text(request: Json) -> str:
    parts = [mapping(part).get("text") for part in items(mapping(request.get("content")).get("parts"))]
    if not parts or not all(isinstance(text, str) for text in parts):
        raise bad("The simulator reads text parts only.")
    return "".join(str(text) for text in parts)


def _config(request: Json) -> Json:
    return {**request, **mapping(request.get("embedContentConfig"))}


def _packed(row: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(row)}f", *row)).decode()
