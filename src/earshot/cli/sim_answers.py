"""What the simulated model providers answer with: the local model, read out of the prompt that they were sent."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from earshot.classify.local.reader import read_one
from earshot.cli.sim_tasks import task_answer
from earshot.domain.conversation import Author, Conversation, Message
from earshot.domain.reading import Finding, IssueType, Reading
from earshot.errors import BadInput
from earshot.sim.llm.answering import Choices, decide, fill, options
from earshot.sim.llm.asking import content_hash
from earshot.sim.llm.fill import resolve, value
from earshot.sim.llm.obeying import said
from earshot.sim.llm.wire import Json, dumps, items, mapping

_THEN = datetime(2026, 1, 1, tzinfo=UTC)
_AUTHORS = {"customer": Author.CUSTOMER, "other customer": Author.CUSTOMER, "bot": Author.BOT}
_SURE, _LIKELY = 0.9, 0.65


def local_answer(instructions: str, content: str, *, schema: Json | None) -> str:
    """The local model's reading in the form that is asked for, or a task's answer; otherwise the schema filler."""
    done = None if schema is None else task_answer(content, schema)
    if done is not None:
        return done
    reading = _reading(content)
    if reading is None:
        return fill(instructions, content, schema=schema)
    if schema is None:
        return _plain(reading, instructions)
    return dumps(_filled(schema, schema, values=_values(reading), key=content_hash(content)[:16]))


def local_decisions(content: str, questions: Sequence[Json]) -> Sequence[Choices]:
    """The local model's labels as chances; seeded chances where there is no reading."""
    reading = _reading(content)
    guessed = decide(content, questions)
    if reading is None:
        return guessed
    values = {**_values(reading), "contains_instructions": "NO"}
    pairs = zip(questions, guessed, strict=True)
    return [_chances(question, values, reading.confidence) or chances for question, chances in pairs]


def conversation_in(content: str) -> Conversation | None:
    """The conversation in a prompt; None where nothing in it looks like one. Message ids are the lines' numbers."""
    messages = tuple(
        Message(
            id=str(one.number),
            author=_AUTHORS.get(one.author, Author.AGENT),
            text=one.text,
            created_at=_THEN,
        )
        for one in said(content)
    )
    if not messages:
        return None
    return Conversation(source="sim", external_id="prompt", created_at=_THEN, updated_at=_THEN, messages=messages)


@lru_cache(maxsize=20_000)
def _reading(content: str) -> Reading | None:
    conversation = conversation_in(content)
    if conversation is None:
        return None
    try:
        return read_one(conversation)
    except BadInput:
        return None


def _values(reading: Reading) -> Json:
    """The reading by the field names that a schema may use."""
    sure = reading.confidence
    return {
        "reasoning": "Read by the local model.",
        "issue_type": str(reading.issue_type),
        "category": None,
        "priority": str(reading.priority),
        "sentiment": str(reading.sentiment),
        "sentiment_score": reading.sentiment_score,
        "churn_risk": str(reading.churn_risk),
        "recommended_action": str(reading.recommended_action),
        "confidence": "SURE" if sure >= _SURE else "LIKELY" if sure >= _LIKELY else "UNSURE",
        "summary": reading.summary,
        "affected_feature": reading.affected_feature,
        "contains_instructions": False,
        "findings": [_finding(finding) for finding in reading.findings],
    }


def _finding(finding: Finding) -> Json:
    number = finding.message_id
    return {
        "summary": finding.summary,
        "issue_type": str(finding.issue_type),
        "affected_feature": finding.affected_feature,
        "quote": finding.quote,
        "message": int(number) if number is not None and number.isdigit() else None,
        "message_id": number,
    }


def _filled(node: Any, root: Json, *, values: Json, key: str) -> Json:
    """An object whose known fields are the reading's; the filler's value where a field is unknown or misfits."""
    found: Json = {}
    for name, inner in mapping(mapping(node).get("properties")).items():
        known = values.get(name)
        if name == "findings" and isinstance(known, list):
            rows: list[Any] = items(known)
            row = resolve(resolve(inner, root).get("items"), root)
            found[name] = [_filled(row, root, values=mapping(one), key=key) for one in rows]
        elif name in values and _fits(known, resolve(inner, root), root):
            found[name] = known
        else:
            found[name] = value(inner, root=root, key=f"{key}/{name}")
    return found


def _fits(known: Any, schema: Json, root: Json) -> bool:
    branches = items(schema.get("anyOf"))
    if branches:
        return any(_fits(known, resolve(branch, root), root) for branch in branches)
    if "enum" in schema:
        return known in items(schema["enum"])
    kinds = {"null": type(None), "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    wanted = kinds.get(str(schema.get("type")))
    return wanted is None or isinstance(known, wanted)


def _chances(question: Json, values: Json, confidence: float) -> Choices | None:
    wanted = str(values.get(str(question.get("name"))))
    names = options(question)
    if wanted not in names:
        return None
    rest = (1 - confidence) / max(1, len(names) - 1)
    return {name: confidence if name == wanted else rest for name in names}


def _plain(reading: Reading, instructions: str) -> str:
    """Plain text: the guide's six lines, one category, or a summary, whichever the instructions ask for."""
    if "CHURN_RISK:" in instructions:
        return "\n".join(
            (
                f"ISSUE_TYPE: {reading.issue_type}",
                f"PRIORITY: {reading.priority}",
                f"SENTIMENT: {reading.sentiment}",
                f"CHURN_RISK: {reading.churn_risk}",
                f"SUMMARY: {reading.summary}",
                f"AFFECTED_FEATURE: {reading.affected_feature or 'NONE'}",
            )
        )
    if all(issue in instructions for issue in IssueType):
        return str(reading.issue_type)
    return reading.summary
