"""The lines of a batch file in OpenAI's format: requests as they are written, answers as they come back.

`max_completion_tokens` is the name that OpenAI's present models and `vllm run-batch` both take; OpenAI refuses the
older `max_tokens` for models that reason.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from earshot.domain.call import Outcome, Usage
from earshot.domain.model import Noun
from earshot.errors import BadInput
from earshot.ports.model import Answer, BatchAnswer, Finish, Request

LONGEST_LINE = 4_000_000
"""Bytes of a line beyond which it is skipped; an answer takes a few thousand."""
_URL = "/v1/chat/completions"
_FENCE = re.compile(r"\A\s*```[a-zA-Z]*\s*\n(?P<inner>.*?)\n?\s*```\s*\Z", re.DOTALL)
_THOUGHTS = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)
_FINISHES = {"length": Finish.LENGTH, "content_filter": Finish.REFUSAL}


class Line(Noun):
    """One line of an answer file: what it says, or the mistake in it."""

    number: int
    given: BatchAnswer | None = None
    mistake: str | None = None


def request_line(custom_id: str, request: Request, *, model: str) -> str:
    """One request. ASCII only, because some readers take exotic line separators inside a text for line ends."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": request.instructions},
            {"role": "user", "content": request.content},
        ],
        "max_completion_tokens": request.max_tokens,
    }
    if request.form is not None:
        form = {"name": request.form.name, "strict": True, "schema": request.form.json_schema}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    line = {"custom_id": custom_id, "method": "POST", "url": _URL, "body": body}
    return json.dumps(line, separators=(",", ":")) + "\n"


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a file, one at a time, whatever is in it."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadInput(f"Cannot read {path}: {error.strerror}.", hint="Check the file's name.") from None
    with file:
        for number, raw in enumerate(_raw_lines(file), start=1):
            if raw is None:
                yield Line(number=number, mistake="the line is too long")
            elif raw.strip():
                yield _line(number, raw)


def _raw_lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Lines without a byte order mark; None for one that is too long, which is never held in memory."""
    first = True
    while raw := file.readline(LONGEST_LINE):
        if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield None
        else:
            yield raw.removeprefix(b"\xef\xbb\xbf") if first else raw
        first = False


def _line(number: int, raw: bytes) -> Line:
    try:
        return Line(number=number, given=answer_of(json.loads(raw)))
    except BadInput as error:
        return Line(number=number, mistake=str(error))
    except (ValueError, RecursionError):
        return Line(number=number, mistake="this is no JSON")


def answer_of(value: Any) -> BatchAnswer:
    """The answer that one JSON object of an answer file holds; BadInput says what is missing in it."""
    line = _object(value)
    custom_id = line.get("custom_id")
    if not isinstance(custom_id, str):
        raise BadInput("there is no custom_id")
    response = _object(line.get("response"))
    status = response.get("status_code", 200)
    if line.get("error") or status != 200:
        return BatchAnswer(custom_id=custom_id, outcome=Outcome.ERROR, reason=_fault(line, status))
    body = _object(response.get("body")) or response
    return BatchAnswer(custom_id=custom_id, answer=_answer(body))


def _answer(body: dict[str, Any]) -> Answer:
    choices = body.get("choices")
    first = _object(cast("list[Any]", choices)[0]) if isinstance(choices, list) and choices else {}
    message = _object(first.get("message"))
    if not message:
        raise BadInput("there is no answer in it")
    text = _text(message.get("content"))
    finish = _FINISHES.get(str(first.get("finish_reason")), Finish.STOP)
    if message.get("refusal") and not text:
        finish = Finish.REFUSAL
    model = body.get("model")
    return Answer(
        text=bare(text),
        finish=finish,
        usage=_usage(body.get("usage")),
        model=model if isinstance(model, str) else "",
    )


def bare(text: str) -> str:
    """The answer itself, without thoughts before it and without a fence round it."""
    text = _THOUGHTS.sub("", text)
    fenced = _FENCE.match(text)
    return fenced["inner"] if fenced else text


def _text(content: Any) -> str:
    """The content of a message, which is a string or a list of parts."""
    if isinstance(content, str):
        return content
    parts = cast("list[Any]", content) if isinstance(content, list) else []
    return "".join(str(_object(part).get("text") or "") for part in parts)


def _usage(value: Any) -> Usage | None:
    usage = _object(value)
    if not usage:
        return None
    return Usage(
        input_tokens=_count(usage.get("prompt_tokens")),
        cached_tokens=_count(_object(usage.get("prompt_tokens_details")).get("cached_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        reasoning_tokens=_count(_object(usage.get("completion_tokens_details")).get("reasoning_tokens")),
    )


def _count(value: Any) -> int:
    """A number of tokens that a database holds too."""
    return min(max(value, 0), 2**31 - 1) if isinstance(value, int) else 0


def _fault(value: dict[str, Any], status: Any) -> str:
    """Why there is no answer, by code only: the rest of an error may quote the conversation."""
    code = _object(value.get("error")).get("code")
    return str(code)[:60] if code else f"status {status}"[:60]


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
