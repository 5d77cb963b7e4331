"""OpenAI's Decisions: closed questions answered with probabilities, each of which can be refused alone."""

from collections.abc import Mapping
from typing import Any

from earshot.sim.llm.answering import options
from earshot.sim.llm.asking import Ask, Part
from earshot.sim.llm.openai import caching, check_fields, known_model, pieces_of, usage
from earshot.sim.llm.wire import Json, bad, dumps, items, mapping
from earshot.sim.llm.world import World

_FIELDS = frozenset(
    {"input", "model", "questions", "prompt_cache_key", "prompt_cache_options", "safety_identifier"}
)
_MOST_QUESTIONS = 400
_SIZES = {"choice": ("choices", 2, 255), "score": ("levels", 2, 10)}


def read_decision_ask(sim: World, body: Json) -> Ask:
    """What a decision request asks. Raises Refused."""
    check_fields(body, _FIELDS)
    model = known_model(sim, body.get("model"))
    if model.decisions is None:
        raise bad(f"The model '{model.name}' is not supported with this endpoint.", code="unsupported_model",
                  param="model")  # fmt: skip
    questions = tuple(mapping(question) for question in items(body.get("questions")))
    if not 1 <= len(questions) <= _MOST_QUESTIONS:
        raise bad(f"'questions' must hold 1 to {_MOST_QUESTIONS}.", code="invalid_value", param="questions")
    for number, question in enumerate(questions):
        _check_question(question, f"questions[{number}]")
    pieces = pieces_of(body.get("input"), "input")
    implicit, life = caching(model, body)
    parts = [Part(text, life=life if cut else None) for _, text, cut in pieces]
    return Ask(
        model=model,
        instructions="",
        content="\n\n".join(text for _, text, _ in pieces),
        parts=(*parts, Part(dumps(questions), static=True)),
        cache_key=str(body.get("prompt_cache_key") or ""),
        implicit=implicit,
        questions=questions,
    )


async def decision(sim: World, ask: Ask, *, path: str, seconds: float) -> Json:
    """The decision that answers, charged."""
    given, tokens = await sim.judge(ask, prefix="dec_", path=path, seconds=seconds)
    answers = [_answer(question, chances) for question, chances in zip(ask.questions, given, strict=True)]
    return {"model": ask.model.name, "answers": answers, "usage": usage(tokens)}


def _check_question(question: Json, where: str) -> None:
    kind = question.get("type")
    if kind not in {"predicate", "choice", "score"}:
        raise bad(f"Invalid value: '{kind}'.", code="invalid_value", param=f"{where}.type")
    if not isinstance(question.get("instructions"), str | list):
        raise bad(f"Missing '{where}.instructions'.", code="missing_required_parameter", param=where)
    if kind == "predicate":
        return
    field, least, most = _SIZES[kind]
    found = options(question)
    if not least <= len(found) <= most or len(set(found)) != len(found):
        raise bad(f"'{where}.{field}' must hold {least} to {most} different entries.", code="invalid_value",
                  param=f"{where}.{field}")  # fmt: skip


def _answer(question: Json, chances: Mapping[str, float] | None) -> Json:
    name = question.get("name")
    if chances is None:
        return {"type": "refusal", "name": name}
    names = options(question)
    weights = _normal([max(0.0, float(chances.get(option, 0.0))) for option in names])
    if question["type"] == "predicate":
        return {"type": "predicate", "name": name, "probability": weights[0]}
    best = max(range(len(weights)), key=weights.__getitem__)
    answer: Json = {"type": question["type"], "name": name, "confidence": weights[best]}
    if question["type"] == "choice":
        values: list[Any] = [mapping(choice).get("value") for choice in items(question.get("choices"))]
        pairs = zip(values, weights, strict=True)
        listed = [{"value": value, "probability": weight} for value, weight in pairs]
        return {**answer, "choice": values[best], "probabilities": listed}
    levels = [
        {"label": label, "value": number, "probability": weight}
        for number, (label, weight) in enumerate(zip(names, weights, strict=True))
    ]
    score = sum(number * weight for number, weight in enumerate(weights))
    return {**answer, "score": round(score, 6), "probabilities": levels}


def _normal(weights: list[float]) -> list[float]:
    total = sum(weights)
    rounded = [round(weight / total, 6) if total else round(1 / len(weights), 6) for weight in weights]
    rounded[rounded.index(max(rounded))] += 1.0 - sum(rounded)
    return rounded
