"""Requests as a file and answers from a file, of whatever quality they are."""

import json
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.classify.llm.settings import ClassifySettings
from earshot.domain.batch import BatchStatus
from earshot.domain.call import Mode, Outcome
from earshot.domain.conversation import Author
from earshot.domain.customer import Customer
from earshot.errors import BadInput
from earshot.pipeline.batches.exchange import MOST_MISTAKES, Answers, Written, read_answers, write_requests
from earshot.pipeline.batches.exchange_lines import LONGEST_LINE, answer_of, bare, read_lines, request_line
from earshot.pipeline.batches.flow import submit
from earshot.ports.model import Finish, Request
from earshot.ports.store import Want
from tests.unit.pipeline.batching_memory import Killed
from tests.unit.pipeline.batching_world import PerToken, World, conversation, good_text

_REQUEST = Request(instructions="", content="")


async def _write(world: World, file: Path, **options: Any) -> Written:
    return await write_requests(world.parts, file, prompter=world.llm.prompter, model="mine", **options)


async def _read(world: World, file: Path, **options: Any) -> Answers:
    return await read_answers(world.parts, file, prompter=world.llm.prompter, **options)


def _names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def _requests(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def _answer(custom_id: str, text: str | None = None, **message: Any) -> dict[str, Any]:
    content = good_text(_REQUEST) if text is None else text
    choice = {"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 100, "completion_tokens": 50, "prompt_tokens_details": None}
    return {
        "id": "x",
        "custom_id": custom_id,
        "response": {"status_code": 200, "body": {"model": "their-model", "choices": [choice], "usage": usage}},
        "error": None,
    }


def _save(file: Path, *lines: dict[str, Any] | str | bytes) -> Path:
    raw = [x if isinstance(x, bytes) else (x if isinstance(x, str) else json.dumps(x)).encode() for x in lines]
    file.write_bytes(b"\n".join(raw))
    return file


@pytest.fixture
def world() -> World:
    return World(3)


async def test_out_and_in(world: World, tmp_path: Path) -> None:
    written = await _write(world, tmp_path / "out.jsonl")
    assert (written.requests, written.unread) == (3, 0)
    lines = _requests(tmp_path / "out.jsonl")
    answers = _save(tmp_path / "in.jsonl", *[_answer(line["custom_id"]) for line in reversed(lines)])
    found = await _read(world, answers)
    assert (found.read, found.unread, found.bad, found.unknown) == (3, 0, 0, 0)
    insight = world.store.rows.insights["c0"]
    assert insight.provenance.model == "their-model"
    assert insight.provenance.input_tokens == 100
    assert insight.provenance.cost_usd is None
    calls = list(world.store.rows.calls.values())
    assert {(c.mode, c.outcome, c.cost_usd, c.batch_id) for c in calls} == {
        (Mode.FILE, Outcome.OK, None, written.batch_id)
    }
    assert world.store.rows.batches[written.batch_id].status is BatchStatus.COLLECTED
    before = dict(world.store.rows.insights)
    world.later(hours=1)
    assert await _read(world, answers) == Answers(settled=3)
    assert world.store.rows.insights == before
    assert world.online.asked == 0


async def test_a_line_is_what_openai_and_vllm_read(world: World, tmp_path: Path) -> None:
    await _write(world, tmp_path / "out.jsonl")
    for line in _requests(tmp_path / "out.jsonl"):
        assert line.keys() == {"custom_id", "method", "url", "body"}
        assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
        body = line["body"]
        assert body.keys() == {"model", "messages", "max_completion_tokens", "response_format"}
        assert [message["role"] for message in body["messages"]] == ["system", "user"]
        form = body["response_format"]["json_schema"]
        assert body["response_format"]["type"] == "json_schema"
        assert form["strict"] is True
        assert form["schema"]["additionalProperties"] is False
        assert body["model"] == "mine"


async def test_nothing_in_the_file_names_anybody(tmp_path: Path) -> None:
    world = World(0)
    ada = Customer(id="contact-77", name="Ada Lovelace", email="ada@lovelace.example", company="Engines Ltd")
    asked = conversation(0, "Please write to ada@lovelace.example or call me, Ada Lovelace.")
    world.add(asked.model_copy(update={"customer": ada, "external_id": "215999"}))
    await _write(world, tmp_path / "out.jsonl")
    text = (tmp_path / "out.jsonl").read_text()
    assert not any(known in text for known in ("lovelace", "Lovelace", "contact-77", "215999", "Engines"))
    assert stat.S_IMODE((tmp_path / "out.jsonl").stat().st_mode) == 0o600


def test_a_line_is_one_line_whatever_is_in_the_text() -> None:
    content = "one\u2028two\u2029three\x85four\x0bfive\r\nsix\u00e9"
    line = request_line("a", Request(instructions="i", content=content), model="m")
    assert len(line.splitlines()) == 1
    assert json.loads(line)["body"]["messages"][1]["content"] == content
    assert "response_format" not in json.loads(line)["body"]


async def test_limit_and_choice(world: World, tmp_path: Path) -> None:
    assert (await _write(world, tmp_path / "a", limit=2)).requests == 2
    assert (await _write(world, tmp_path / "b")).requests == 3, "a file claims nothing"
    again = [_answer(line["custom_id"]) for line in _requests(tmp_path / "b")]
    assert (await _read(world, _save(tmp_path / "c", *again))).read == 3
    assert (await _write(world, tmp_path / "d")).requests == 0
    assert (tmp_path / "d").read_text() == ""
    assert (await _write(world, tmp_path / "e", want=Want(again_before=world.clock.now()))).requests == 3


async def test_answers_to_an_older_file_fit_a_newer_one(world: World, tmp_path: Path) -> None:
    await _write(world, tmp_path / "older")
    older = [line["custom_id"] for line in _requests(tmp_path / "older")]
    await _write(world, tmp_path / "newer")
    assert [line["custom_id"] for line in _requests(tmp_path / "newer")] == older
    assert (await _read(world, _save(tmp_path / "answers", *map(_answer, older)))).read == 3
    await _write(world, tmp_path / "again", want=Want(again_before=world.clock.now()))
    assert (await _read(world, _save(tmp_path / "answers", *map(_answer, older)))).read == 3, "asked for again"
    assert (await _read(world, _save(tmp_path / "answers", *map(_answer, older)))).settled == 3


async def test_a_conversation_without_words_is_unread_and_not_written(world: World, tmp_path: Path) -> None:
    silent = conversation(5)
    message = silent.messages[0].model_copy(update={"author": Author.AGENT})
    world.add(silent.model_copy(update={"messages": (message,)}))
    written = await _write(world, tmp_path / "out")
    assert (written.requests, written.unread) == (3, 1)
    assert "c5" in world.store.rows.unread


@pytest.mark.parametrize("moment", [1, 2])
async def test_a_killed_export_leaves_no_half_file(world: World, tmp_path: Path, moment: int) -> None:
    world.fate.at = moment
    with pytest.raises(Killed):
        await _write(world, tmp_path / "out")
    assert not _names(tmp_path)
    world.restart()
    await _write(world, tmp_path / "out")
    assert len(_requests(tmp_path / "out")) == 3


async def test_a_file_that_cannot_be_written_or_read(world: World, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Cannot write"):
        await _write(world, tmp_path / "nowhere" / "out")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").touch()
    with pytest.raises(BadInput, match="Cannot write"):
        await _write(world, tmp_path / "folder")
    with pytest.raises(BadInput, match="Cannot read"):
        await _read(world, tmp_path / "nothing")


async def test_bad_lines_are_named_and_the_rest_goes_in(world: World, tmp_path: Path) -> None:
    await _write(world, tmp_path / "out")
    first, second, third = _requests(tmp_path / "out")
    good = json.dumps(_answer(first["custom_id"]))
    answers = _save(
        tmp_path / "in",
        b"\xef\xbb\xbf" + good.encode(),
        "",
        "{half",
        b"\xff\xfe\x00",
        "[" * 100_000,
        json.dumps({"custom_id": 7}),
        json.dumps({"custom_id": second["custom_id"], "response": {"status_code": 200, "body": {}}}),
        _answer("nobody"),
        _answer(first["custom_id"]),
        "x" * (LONGEST_LINE + 10),
        _answer(third["custom_id"]),
    )
    found = await _read(world, answers)
    assert (found.read, found.bad, found.unknown, found.settled) == (2, 6, 1, 1)
    assert [mistake.line for mistake in found.mistakes] == [3, 4, 5, 6, 7, 10]
    assert {m.text for m in found.mistakes} >= {"this is no JSON", "the line is too long", "there is no custom_id"}


async def test_only_some_mistakes_are_named(world: World, tmp_path: Path) -> None:
    found = await _read(world, _save(tmp_path / "in", *["nonsense"] * 1200))
    assert found.bad == 1200
    assert len(found.mistakes) == MOST_MISTAKES


async def test_an_error_can_be_answered_again(world: World, tmp_path: Path) -> None:
    await _write(world, tmp_path / "out")
    first, second, third = (line["custom_id"] for line in _requests(tmp_path / "out"))
    faults = _save(
        tmp_path / "faults",
        {"custom_id": first, "response": {"status_code": 500, "body": {}}, "error": None},
        {"custom_id": second, "response": None, "error": {"code": "batch_expired", "message": "secret words"}},
        _answer(third),
    )
    found = await _read(world, faults)
    assert (found.read, found.failed) == (1, 2)
    found = await _read(world, _save(tmp_path / "in", _answer(first), _answer(second)))
    assert found.read == 2


async def test_answers_that_mean_nothing_are_unread(world: World, tmp_path: Path) -> None:
    await _write(world, tmp_path / "out")
    first, second, third = (line["custom_id"] for line in _requests(tmp_path / "out"))
    refusal = _answer(second, "", refusal="I will not")
    cut = _answer(third, "{")
    cut["response"]["body"]["choices"][0]["finish_reason"] = "length"
    found = await _read(world, _save(tmp_path / "in", _answer(first, "who knows"), refusal, cut))
    assert (found.read, found.unread) == (0, 3)
    assert {call.outcome for call in world.store.rows.calls.values()} == {
        Outcome.INVALID,
        Outcome.REFUSED,
        Outcome.TRUNCATED,
    }
    assert await _read(world, tmp_path / "in") == Answers(settled=3)


async def test_a_text_that_changed_is_refused(world: World, tmp_path: Path) -> None:
    await _write(world, tmp_path / "out")
    answers = [_answer(line["custom_id"]) for line in _requests(tmp_path / "out")]
    world.add(conversation(0, "A newer text."), conversation(1).model_copy(update={"deleted": True}))
    found = await _read(world, _save(tmp_path / "in", *answers))
    assert (found.read, found.changed) == (1, 2)


async def test_requests_of_a_provider_are_not_answered_by_file(world: World, tmp_path: Path) -> None:
    await submit(world.parts, world.llm)
    entry = next(iter(world.store.rows.entries))
    assert await _read(world, _save(tmp_path / "in", _answer(entry))) == Answers(unknown=1)


async def test_the_price_is_known_where_the_settings_say_it(world: World, tmp_path: Path) -> None:
    await _write(world, tmp_path / "out", limit=1)
    (line,) = _requests(tmp_path / "out")
    nameless = _answer(line["custom_id"])
    del nameless["response"]["body"]["model"]
    await _read(world, _save(tmp_path / "in", nameless), prices=PerToken(), model="cheap-and-mine")
    (call,) = world.store.rows.calls.values()
    assert call.cost_usd == pytest.approx(150e-6)
    assert world.store.rows.insights["c0"].provenance.model == "cheap-and-mine"


async def test_one_word_prompts_are_plain_text(tmp_path: Path) -> None:
    world = World(1, settings=ClassifySettings(template=1))
    await _write(world, tmp_path / "out")
    (line,) = _requests(tmp_path / "out")
    assert "response_format" not in line["body"]
    await _read(world, _save(tmp_path / "in", _answer(line["custom_id"], "<think>hm</think>BILLING")))
    assert world.store.rows.labels["c0"].labels.issue_type == "BILLING"


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('  ```\n{"a": 1}```  ', '{"a": 1}'),
        ('<think>\nso\n</think>\n\n```json\n{"a": 1}\n```\n', '{"a": 1}'),
        ('{"a": "```json"}', '{"a": "```json"}'),
        ("plain", "plain"),
    ],
)
def test_what_is_wrapped_round_an_answer(text: str, inner: str) -> None:
    assert bare(text) == inner


def test_variants_of_an_answer() -> None:
    body: dict[str, Any] = {
        "choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"text": "b"}, 7]}}]
    }
    flat = answer_of({"custom_id": "x", "response": body})
    assert flat.answer is not None
    assert (flat.answer.text, flat.answer.usage, flat.answer.model) == ("ab", None, "")
    body["choices"][0]["finish_reason"] = "content_filter"
    filtered = answer_of({"custom_id": "x", "response": {"body": body}}).answer
    assert filtered is not None
    assert filtered.finish is Finish.REFUSAL
    counted = {
        "usage": {"prompt_tokens": 10**30, "completion_tokens": -1, "prompt_tokens_details": {"cached_tokens": 4}}
    }
    usage = answer_of({"custom_id": "x", "response": {"body": {**body, **counted}}}).answer
    assert usage is not None
    assert usage.usage is not None
    assert (usage.usage.input_tokens, usage.usage.cached_tokens, usage.usage.output_tokens) == (2**31 - 1, 4, 0)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["custom_id", "response", "body", "choices", "message", "content", "usage", "error", "status_code"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(_JSON)
def test_no_json_is_too_strange(value: Any) -> None:
    with suppress(BadInput):
        assert answer_of(value).custom_id is not None


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines") / "file"


@given(raw=st.binary(max_size=200))
def test_no_bytes_are_too_strange(scratch: Path, raw: bytes) -> None:
    file = scratch
    file.write_bytes(raw)
    assert all(line.given is None or line.given.custom_id for line in read_lines(file))
