"""The file exchange on real conversations: requests out, answers by somebody else, answers in."""

import json
from pathlib import Path
from typing import Any

import pytest

from earshot.app import build
from earshot.classify.llm.prompter import Prompter
from earshot.classify.llm.settings import ClassifySettings, TaxonomySettings
from earshot.cli.sim_answers import local_answer
from earshot.domain.conversation import Conversation
from earshot.domain.insight import Insight
from earshot.pipeline.batches.exchange import write_requests
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.rounds import answers_round, wanted
from earshot.settings import Secrets, Settings

GOLD = Path(__file__).parents[3] / "shared" / "data" / "gold-dev.jsonl"


def answered(requests: Path, answers: Path) -> int:
    """Answer a request file as an offline model would: it knows the file and nothing else."""
    lines = [_answer(json.loads(line)) for line in requests.read_text().splitlines()]
    answers.write_text("".join(json.dumps(line) + "\n" for line in reversed(lines)))
    return len(lines)


def _answer(line: dict[str, Any]) -> dict[str, Any]:
    system, user = (message["content"] for message in line["body"]["messages"])
    schema = line["body"]["response_format"]["json_schema"]["schema"]
    text = local_answer(system, user, schema=schema)
    message = {"role": "assistant", "content": f"```json\n{text}\n```", "reasoning_content": "hm"}
    body = {
        "object": "chat.completion",
        "model": line["body"]["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 90, "total_tokens": 990},
    }
    response = {"status_code": 200, "request_id": "vllm-batch-1", "body": body}
    return {"id": "vllm-1", "custom_id": line["custom_id"], "response": response, "error": None}


async def _all(earshot: Earshot) -> tuple[dict[str, Conversation], dict[str, Insight]]:
    async with earshot.parts.store.unit() as unit:
        conversations = {c.id: c async for group in unit.conversations.export() for c in group}
        insights = {i.conversation_id: i async for group in unit.insights.export() for i in group}
    return conversations, insights


@pytest.mark.shared
async def test_the_exchange_on_the_gold_conversations(database_url: str, tmp_path: Path) -> None:
    if not GOLD.exists():
        pytest.skip(f"{GOLD} is not here")
    secrets = Secrets.model_validate({"database_url": database_url})
    async with await build(Settings.fixed({}), secrets=secrets) as earshot:
        imported = await earshot.import_file(GOLD)
        assert (imported.conversations, imported.bad) == (204, ())
        parts = earshot.parts
        prompter = Prompter(ClassifySettings(), TaxonomySettings(), now=parts.clock.now)
        want = wanted(None, stage=prompter.stage, prompt_hash=prompter.prompt_hash, now=parts.clock.now())
        out, back = tmp_path / "requests.jsonl", tmp_path / "answers.jsonl"
        written = await write_requests(parts, out, prompter=prompter, model="any", want=want)
        assert (written.requests, written.unread) == (204, 0)
        assert answered(out, back) == 204
        done = await answers_round(parts, back, prompter=prompter, prices=None, model="")
        assert done.answers is not None
        assert (done.answers.read, done.answers.unread, done.answers.bad) == (204, 0, 0)
        conversations, insights = await _all(earshot)
        assert insights.keys() == conversations.keys()
        quotes = 0
        for insight in insights.values():
            texts = {message.id: message.text for message in conversations[insight.conversation_id].messages}
            for finding in insight.reading.findings:
                if finding.quote is not None:
                    assert texts[finding.message_id or ""][finding.start : finding.end] == finding.quote
                    quotes += 1
        assert quotes > 150
        again = await answers_round(parts, back, prompter=prompter, prices=None, model="")
        assert again.answers is not None
        assert (again.answers.read, again.answers.settled) == (0, 204)
        assert (await _all(earshot))[1] == insights
