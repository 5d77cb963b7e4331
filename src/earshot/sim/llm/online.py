"""Endpoints that answer at once, and lists of models."""

from collections.abc import Callable

from earshot.sim.llm import anthropic, chat, google, openai
from earshot.sim.llm.asking import Ask, Written
from earshot.sim.llm.decisions import decision, read_decision_ask
from earshot.sim.llm.embeddings import google_embeddings
from earshot.sim.llm.wire import Call, Json, Refused, Reply, bad, encode, missing, parsed
from earshot.sim.llm.world import World

_MOST_BYTES = 32_000_000


async def messages(sim: World, call: Call) -> Reply:
    """POST /v1/messages."""
    _check_anthropic(call)
    ask = anthropic.read_ask(sim, parsed(call))
    return await _answered(
        sim, call, ask=ask, prefix="msg_", shape=lambda w: anthropic.message(ask, w, tier="standard")
    )


async def count_tokens(sim: World, call: Call) -> Reply:
    """POST /v1/messages/count_tokens."""
    _check_anthropic(call)
    ask = anthropic.read_ask(sim, {"max_tokens": 1, **parsed(call)})
    return Reply(200, encode({"input_tokens": sum(sim.count_parts(ask))}))


async def responses(sim: World, call: Call) -> Reply:
    """POST /v1/responses."""
    body = parsed(call)
    ask = openai.read_response_ask(sim, body)

    def shaped(written: Written) -> Json:
        if body.get("store") is not False:
            sim.stored.append(written.id)
        return openai.response(sim, body, ask=ask, written=written)

    return await _answered(sim, call, ask=ask, prefix="resp_", shape=shaped)


async def completions(sim: World, call: Call) -> Reply:
    """POST /v1/chat/completions."""
    ask = chat.read_chat_ask(sim, parsed(call))
    return await _answered(
        sim, call, ask=ask, prefix="chatcmpl-", shape=lambda w: chat.completion(sim, ask, written=w)
    )


async def decisions(sim: World, call: Call) -> Reply:
    """POST /v1/decisions."""
    ask = read_decision_ask(sim, parsed(call))
    headers = _admit(sim, ask)
    seconds = sim.seconds(sim.settings.decision_latency)
    body = await decision(sim, ask, path=call.url, seconds=seconds)
    return Reply(200, encode(body), headers, seconds=seconds)


async def generate(sim: World, call: Call) -> Reply:
    """POST /v1beta/models/{model}:generateContent, :embedContent and :batchEmbedContents."""
    name, _, action = call.path[0].partition(":")
    if action in {"embedContent", "batchEmbedContents"}:
        return await google_embeddings(sim, call, name=name, batch=action == "batchEmbedContents")
    ask = google.read_ask(sim, call.path[0].removesuffix(":generateContent"), body=parsed(call))
    return await _answered(sim, call, ask=ask, prefix="", shape=lambda w: google.generated(ask, w))


async def anthropic_models(sim: World, call: Call) -> Reply:
    """GET /v1/models, as Anthropic."""
    wanted = call.query.get("lifecycle[]") or call.query.get("lifecycle")
    found = [anthropic.model_info(m, sim.clock.now()) for m in sim.models.values() if m.vendor == "anthropic"]
    data = [one for one in found if wanted in (None, one["lifecycle"])]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
    return Reply(200, encode({"data": data, "has_more": False, **ends}))


async def anthropic_model(sim: World, call: Call) -> Reply:
    """GET /v1/models/{model}, as Anthropic: a retired one is told as such."""
    model = sim.models.get(call.path[0])
    if model is None or model.vendor != "anthropic":
        raise Refused(404, "not_found_error", message=f"model: {call.path[0]}")
    return Reply(200, encode(anthropic.model_info(model, sim.clock.now())))


async def openai_models(sim: World, _call: Call) -> Reply:
    """GET /v1/models, as OpenAI: without what is shut down."""
    today = sim.clock.now().date()
    served = [m for m in sim.models.values() if m.vendor == "openai" and not m.retired(today)]
    return Reply(200, encode({"object": "list", "data": [openai.model_info(model) for model in served]}))


async def openai_model(sim: World, call: Call) -> Reply:
    """GET /v1/models/{model}, as OpenAI."""
    return Reply(200, encode(openai.model_info(openai.known_model(sim, call.path[0]))))


async def google_models(sim: World, _call: Call) -> Reply:
    """GET /v1beta/models."""
    return Reply(
        200, encode({"models": [google.model_info(m) for m in sim.models.values() if m.vendor == "google"]})
    )


async def google_model(sim: World, call: Call) -> Reply:
    """GET /v1beta/models/{model}."""
    return Reply(200, encode(google.model_info(google.known_model(sim, call.path[0]))))


async def response_gone(_sim: World, call: Call) -> Reply:
    """GET /v1/responses/{id}: nothing is given back; `World.stored` tells what would have been kept."""
    raise missing(f"Response with id '{call.path[0]}' not found.")


async def _answered(sim: World, call: Call, *, ask: Ask, prefix: str, shape: Callable[[Written], Json]) -> Reply:
    """The answer to an ask within the model's limits. Raises Refused."""
    headers = _admit(sim, ask)
    seconds = sim.seconds(sim.settings.latency)
    written = await sim.write(ask, "online", prefix=prefix, path=call.url, seconds=seconds)
    return Reply(200, encode(shape(written)), headers, seconds=seconds)


def _admit(sim: World, ask: Ask) -> dict[str, str]:
    """Spend the model's allowance; the headers to send. Raises Refused (429), or 400 above the context window.

    OpenAI counts what an answer may become at most, the others only what went in.
    """
    asked = sum(sim.count_parts(ask))
    if asked > ask.model.context:
        raise bad(
            f"prompt is too long: {asked} tokens > {ask.model.context} maximum", code="context_length_exceeded"
        )
    most = (ask.max_tokens or 0) if ask.model.vendor == "openai" else 0
    return sim.limits.take(ask.model.vendor, ask.model.name, tokens=asked + most, now=sim.clock.now())


def _check_anthropic(call: Call) -> None:
    version = call.headers.get("anthropic-version")
    if version is None:
        raise bad("anthropic-version: header is required")
    if version != anthropic.VERSION:
        raise bad(f"anthropic-version: {version!r} is not served by the simulator; send {anthropic.VERSION}")
    if len(call.body) > _MOST_BYTES:
        raise Refused(413, "request_too_large", message="Request exceeds the maximum size")
