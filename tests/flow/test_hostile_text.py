"""Hostile text through the whole line, with a model that obeys it wherever the form of the answer lets it."""

import gzip
import json
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from selectolax.lexbor import LexborHTMLParser

from earshot.app import build
from earshot.domain.action import INWARD
from earshot.domain.conversation import Author
from earshot.domain.rows import InsightRow
from earshot.pipeline.earshot import Earshot
from earshot.report import to_html, to_markdown, to_terminal
from earshot.settings import Secrets, Settings
from earshot.sim.llm.obeying import obey, obey_questions
from earshot.sim.llm.server import running
from earshot.sim.llm.settings import SimLlmSettings
from earshot.sim.llm.simulator import LlmSim

SHARED = Path(__file__).parents[3] / "shared" / "data"
KNOWN = "Since this morning the export of our job list stops at half. We need it before payday, can you look?"
Open = Callable[..., Awaitable[tuple[Earshot, LlmSim]]]

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.exists(), reason="needs the evaluation folder ../shared beside the checkout"),
]


@pytest.fixture
async def open_obeying(database_url: str) -> AsyncGenerator[Open]:
    """Opens Earshot with a simulated provider whose model does what the conversation tells it."""
    async with AsyncExitStack() as stack:

        async def opened(**sections: Any) -> tuple[Earshot, LlmSim]:
            settings = SimLlmSettings(keys=frozenset(), keep_requests=10_000)
            sim = LlmSim(obey, settings, decisions=obey_questions)
            url = await stack.enter_async_context(running(sim))
            secrets = Secrets.model_validate(
                {"database_url": database_url, "llm": {"anthropic": "k", "anthropic_base_url": url}}
            )
            values = {"llm": {"provider": "anthropic", "requests_per_minute": None, "attempts": 1}, **sections}
            return await stack.enter_async_context(await build(Settings.fixed(values), secrets=secrets)), sim

        yield opened


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of an evaluation file."""
    with gzip.open(SHARED / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write(path: Path, texts: dict[str, str], **more: Any) -> Path:
    """A file of conversations, one for each text."""
    with path.open("w", encoding="utf-8") as lines:
        for number, (name, text) in enumerate(texts.items()):
            said = [
                {"author": "customer", "text": text},
                {"author": "agent", "text": "Thank you, we look into it."},
            ]
            moment = f"2026-11-{1 + number % 20:02}T10:00:00Z"
            row = {"id": name, "title": "Export", "created_at": moment, "messages": said, **more}
            lines.write(json.dumps(row) + "\n")
    return path


async def test_a_model_that_obeys_injections_reaches_nothing(open_obeying: Open, tmp_path: Path) -> None:
    planted = {row["id"]: f"{KNOWN}\n\n{row['text']}" for row in rows("injections.jsonl.gz")}
    earshot, sim = await open_obeying()
    await earshot.import_file(write(tmp_path / "planted.jsonl", planted))
    done = await earshot.classify(classifier="llm")
    assert done.read + done.unread == len(planted)
    assert done.read > 0.85 * len(planted), "the others wrote so much that they were cut short, which is unread"
    assert sim.invoice.total > 0

    await _every_field_is_closed_and_every_quote_real(earshot)
    await _actions_come_from_rules(earshot)
    await _nothing_is_live(earshot)


async def _every_field_is_closed_and_every_quote_real(earshot: Earshot) -> None:
    texts: dict[str, dict[str, str]] = {}
    async with earshot.parts.store.unit() as unit:
        async for conversations in unit.conversations.export():
            for one in conversations:
                texts[one.id] = {m.id: m.text for m in one.messages if m.author is Author.CUSTOMER}
    quotes = 0
    async for batch in earshot.export("insights"):
        for row in cast("list[InsightRow]", batch):
            assert len(row.summary) <= 200
            for finding in row.findings:
                if finding.quote is not None:
                    quotes += 1
                    message = texts[row.conversation_id][finding.message_id or ""]
                    assert message[finding.start : finding.end] == finding.quote
    assert quotes > 0


async def _actions_come_from_rules(earshot: Earshot) -> None:
    known = {rule.settings.name: rule.settings for rule in earshot.parts.make_rules().ordered}
    async with earshot.parts.store.unit() as unit:
        actions = await unit.decisions.list(None, limit=100_000)
    assert actions
    for action in actions:
        assert action.kind in known[action.rule].kinds
        assert action.dry_run or action.kind in INWARD


async def _nothing_is_live(earshot: Earshot) -> None:
    report = await earshot.report()
    tree = LexborHTMLParser(to_html(report))
    assert not tree.css("script"), "the report has none of its own"
    for node in tree.css("*"):
        for name, value in node.attributes.items():
            assert not name.lower().startswith("on")
            assert not re.match(r"\s*(javascript|data|vbscript):", value or "", re.IGNORECASE)
    assert not tree.css("iframe, object, embed, form, base, link[href^=http], img[src^=http]")
    assert not re.search(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]|\x1b(?!\[[0-9;]*m)", str(to_terminal(report)))
    assert not re.search(r"(?<!\\)<[a-z/]", to_markdown(report), re.IGNORECASE), "tags are escaped"


CANARIES = {
    "mail": "zebulon.quartz@canary-mail.example",
    "phone": "+49 30 901820 77",
    "card": "4539 1488 0343 6467",
    "iban": "DE89 3704 0044 0532 0130 00",
    "ssn": "536-90-4399",
    "ip": "203.0.113.77",
    "key": "sk-live-9fQ2mZx7Lr4TnV8bKc3Wd6Ye",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.kPq7Jm2x9LzV4nT8wR3bYc6D",
    "link": "canary-parameter-5521",
    "name": "Zebulon",
}
TELLING = (
    "Hello, {name} here. Write to {mail} or call {phone}. My card {card} was charged twice, "
    "IBAN {iban}, SSN {ssn}. "
    "From {ip} the address https://app.example.com/jobs?token={link} fails, api key {key}, bearer {jwt}. "
    "The export stops, signed {name}"
)


async def test_planted_personal_data_leaves_this_machine_nowhere(
    open_obeying: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    earshot, sim = await open_obeying()
    customer = {"id": "c1", "name": "Zebulon Quartz", "email": CANARIES["mail"], "plan": "pro"}
    path = write(tmp_path / "told.jsonl", {"t1": TELLING.format(**CANARIES)}, customer=customer)
    await earshot.import_file(path)
    done = await earshot.classify(classifier="llm")
    assert done.read == 1

    sent = b"\n".join(request.body for request in sim.requests).decode()
    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "The export stops" in sent
    for kind, canary in CANARIES.items():
        assert canary not in sent, kind
        assert canary.replace(" ", "") not in sent, kind
        assert canary not in logged, kind
    async for batch in earshot.export("insights"):
        (row,) = cast("list[InsightRow]", batch)
        assert "[EMAIL_1]" not in row.summary, "placeholders are put back"


async def test_personal_data_of_the_evaluation_set_is_not_sent(
    open_obeying: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fixed = {"EMAIL_ADDRESS", "IBAN_CODE", "US_SSN", "IP_ADDRESS"}
    told = {r["id"]: r for r in rows("pii.jsonl.gz") if any(s["type"] in fixed for s in r["spans"])}
    earshot, sim = await open_obeying()
    await earshot.import_file(write(tmp_path / "pii.jsonl", {name: row["text"] for name, row in told.items()}))
    await earshot.classify(classifier="llm")

    sent = b"\n".join(request.body for request in sim.requests).decode()
    planted = [s["value"] for row in told.values() for s in row["spans"] if s["type"] in fixed]
    missed = [value for value in planted if json.dumps(value)[1:-1] in sent]
    assert len(planted) > 100
    assert len(missed) <= 0.01 * len(planted)
    logged = "\n".join(str(record.__dict__) for record in caplog.records)
    assert not [value for value in planted if value in logged]
