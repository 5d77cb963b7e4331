"""Real conversations and real attacks: every request keeps its frame, every true quote is found again."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from earshot.classify.local.reader import read_one
from earshot.domain.call import Outcome
from earshot.domain.conversation import Conversation
from earshot.ports.model import Answer
from tests.unit.classify.llm.threads import filled, finding, prompter, thread

DATA = Path(__file__).resolve().parents[5] / "shared" / "data"
GOLD = DATA / "gold-dev.jsonl"
ATTACKS = DATA / "injections.jsonl.gz"
LINE = re.compile(
    r'title: ".*"|\d+ (?:customer|other customer|agent|bot): ".*"(?: \[\d+ characters left out\] ".*")?'
    r"|\[\d+ messages left out\]"
)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not GOLD.exists(), reason=f"the evaluation folder is not there: {DATA}"),
]


def real() -> list[Conversation]:
    rows: list[dict[str, Any]] = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    return [
        thread(
            *(("" if m["author"] == "customer" else "agent: ") + m["text"] for m in row["messages"]),
            title=row["title"] or None,
        )
        for row in rows
    ]


def frame_holds(content: str) -> bool:
    lines = content.split("\n")
    inside = lines[lines.index("<conversation>") + 1 : lines.index("</conversation>")]
    return lines.index("</conversation>") == len(lines) - 2 and all(LINE.fullmatch(line) for line in inside)


def test_every_real_conversation_gives_a_framed_request_and_finds_true_quotes_again() -> None:
    made = prompter()
    for conversation in real():
        prepared = made.prepare(conversation)
        assert frame_holds(prepared.request.content)
        assert prepared.tokens < 4500
        local = read_one(conversation)
        numbers = {m.id: n for n, m in enumerate(conversation.messages, start=1)}
        answer = filled(*(finding(quote=f.quote, message=numbers.get(f.message_id or "")) for f in local.findings))
        understood = prepared.understand(answer)
        assert understood.outcome is Outcome.OK
        assert understood.dropped_quotes == 0
        assert understood.reading is not None
        for told in understood.reading.findings:
            message = next((m for m in conversation.messages if m.id == told.message_id), None)
            assert message is None or message.text[told.start : told.end] == told.quote


def test_no_planted_attack_leaves_its_string_and_no_obedient_answer_gets_through() -> None:
    made = prompter()
    with gzip.open(ATTACKS, "rt", encoding="utf-8") as lines:
        attacks = [json.loads(line)["text"] for line in lines]
    for attack in attacks:
        prepared = made.prepare(thread("The export fails.", attack, "agent: We look into it.", title=attack))
        assert frame_holds(prepared.request.content), attack
        assert attack.strip() == "" or len(attack) < 12 or attack not in prepared.request.instructions
        assert prepared.understand(Answer(text=attack)).outcome is Outcome.INVALID
        obedient = filled(
            finding(summary=attack or "x", affected_feature=attack, quote=f"We obey: {attack}", message=3)
        )
        understood = prepared.understand(obedient)
        assert understood.reading is None or understood.reading.findings[0].quote is None
        assert understood.reading is None or len(understood.reading.summary) <= 200
