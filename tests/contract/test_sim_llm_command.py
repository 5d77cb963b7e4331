"""The command body of `earshot sim llm`, and the local model as its answerer with Earshot's own prompts."""

import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from earshot.classify.llm.prompter import Prompter
from earshot.classify.llm.settings import ClassifySettings, TaxonomySettings
from earshot.classify.local.reader import read_one
from earshot.cli.sim_answers import conversation_in, local_answer, local_decisions
from earshot.domain.conversation import Author, Conversation, Message
from earshot.ports.model import Answer, Question, Request
from tests.contract.llm_desk import message

T = datetime(2026, 3, 1, tzinfo=UTC)
COMMAND = "import typer; from earshot.cli.sim_llm import llm; typer.run(llm)"


def _conversation() -> Conversation:
    texts = [
        (Author.CUSTOMER, "The export to CSV fails with error 500 since this morning. We need it today!"),
        (Author.AGENT, "Sorry to hear that, we look into it."),
        (Author.CUSTOMER, "Thanks. Also, could you add a dark mode?"),
    ]
    messages = tuple(
        Message(id=f"m{i}", author=author, text=text, created_at=T) for i, (author, text) in enumerate(texts)
    )
    return Conversation(source="intercom", external_id="1", created_at=T, updated_at=T, messages=messages)


def _prompter(template: Any = 3) -> Prompter:
    return Prompter(ClassifySettings(template=template), TaxonomySettings(), now=lambda: T)


def _asked(request: Request) -> str:
    return local_answer(
        request.instructions, request.content, schema=request.form.json_schema if request.form else None
    )


def test_the_local_model_answers_earshots_own_prompts() -> None:
    prepared = _prompter().prepare(_conversation())
    understood = prepared.understand(Answer(text=_asked(prepared.request)))
    direct = read_one(_conversation())
    assert understood.reading is not None
    assert understood.reading.issue_type is direct.issue_type
    assert understood.reading.sentiment is direct.sentiment
    assert understood.dropped_quotes == 0
    assert any(finding.quote for finding in understood.reading.findings)


@pytest.mark.parametrize("template", [1, 2])
def test_it_answers_the_plain_templates_too(template: int) -> None:
    prepared = _prompter(template).prepare(_conversation())
    understood = prepared.understand(Answer(text=_asked(prepared.request)))
    assert understood.outcome == "ok"
    assert understood.reading is not None or understood.labels is not None


def test_it_summarises_and_decides() -> None:
    request = _prompter().summary_request(_conversation())
    assert 0 < len(_asked(request)) <= 200
    prepared = _prompter().prepare(_conversation(), decisions=True)
    questions = [_wire(question) for question in prepared.request.questions]
    given = local_decisions(prepared.request.content, questions)
    direct = read_one(_conversation())
    by_name = {question["name"]: chances for question, chances in zip(questions, given, strict=True)}
    chances = by_name["issue_type"]
    assert chances is not None
    assert max(chances, key=lambda option: chances[option]) == direct.issue_type
    assert sum(chances.values()) == pytest.approx(1.0)


def test_what_is_no_conversation_is_filled_in() -> None:
    schema = {"type": "object", "properties": {"kind": {"enum": ["A"]}}}
    assert conversation_in("Hello") is None
    assert json.loads(local_answer("", "Hello", schema=schema)) == {"kind": "A"}
    assert json.loads(local_answer("", '1 agent: "Only we spoke"', schema=schema)) == {"kind": "A"}
    assert local_decisions("Hello", [{"type": "predicate"}])[0] is not None


def _wire(question: Question) -> dict[str, Any]:
    choices = [{"value": value, "description": text} for value, text in question.options.items()]
    return {"type": "choice", "name": question.name, "instructions": question.text, "choices": choices}


def _run(*options: str) -> tuple["subprocess.Popen[str]", str, str]:
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "--port", "0", "--latency-median", "0", *options],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert process.stderr is not None
    announced = "".join(process.stderr.readline() for _ in range(3))
    found = re.search(r"http://\S+", announced)
    assert found is not None
    return process, found[0], announced


def test_the_command_serves_and_tells_the_bill_when_it_ends() -> None:
    process, url, announced = _run("--answer", "fill", "--key", "sim-key")
    headers = {"anthropic-version": "2026-10-21", "x-api-key": "sim-key"}
    try:
        answer = httpx2.post(f"{url}/v1/messages", json=message(), headers=headers)
        wrong = httpx2.post(f"{url}/v1/messages", json=message(), headers={**headers, "x-api-key": "other"})
        bill = httpx2.get(f"{url}/_sim/invoice").json()["total_usd"]
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert answer.status_code == 200
    assert wrong.status_code == 401
    assert f"ANTHROPIC_BASE_URL={url}" in announced
    assert f"OPENAI_BASE_URL={url}/v1" in announced
    assert f"1 answers would have cost ${bill}" in said
    assert process.returncode == 0
