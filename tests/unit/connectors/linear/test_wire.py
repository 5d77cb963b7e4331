"""What Linear's answers mean."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.connectors.http.sender import Lost, Reply
from earshot.connectors.linear.ids import client_id, issue_id
from earshot.connectors.linear.wire import judge
from earshot.domain.delivery import Result

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RESET = str(int(NOW.timestamp() * 1000) + 90_000)


def reply(status: int, data: object, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, headers or {}, json.dumps(data).encode(), data)


def error(message: str = "m", **extensions: Any) -> dict[str, Any]:
    return {"data": None, "errors": [{"message": message, "extensions": extensions}]}


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (reply(200, {"data": {}}), Result.DELIVERED),
        (reply(200, {"data": None}), Result.UNKNOWN),
        (reply(200, "odd"), Result.UNKNOWN),
        (reply(502, None), Result.UNKNOWN),
        (reply(429, None), Result.RETRY),
        (reply(401, None), Result.AUTH_FAILED),
        (reply(404, None), Result.REJECTED),
        (reply(200, error(code="AUTHENTICATION_ERROR")), Result.AUTH_FAILED),
        (reply(400, error(type="forbidden")), Result.AUTH_FAILED),
        (reply(400, error(code="RATELIMITED")), Result.RETRY),
        (reply(200, error(type="usage limit exceeded")), Result.PAUSED),
        (reply(200, error(type="feature not accessible")), Result.PAUSED),
        (reply(200, error(type="lock timeout")), Result.RETRY),
        (reply(200, error(code="INTERNAL_SERVER_ERROR")), Result.UNKNOWN),
        (reply(500, error(code="WHATEVER")), Result.UNKNOWN),
        (reply(200, error(code="INPUT_ERROR")), Result.REJECTED),
        (reply(200, error(code="a kind of tomorrow")), Result.REJECTED),
        (Lost(arrived=True, reason="r"), Result.UNKNOWN),
        (Lost(arrived=False, reason="r"), Result.RETRY),
    ],
)
def test_an_answer_is_judged_by_its_errors_first(answer: Reply | Lost, result: Result) -> None:
    assert judge(answer, now=NOW).outcome.result is result


def test_a_conflict_and_an_absence_are_told_apart_from_a_refusal() -> None:
    conflict = judge(reply(400, error("conflict on insert of Issue", code="INPUT_ERROR")), now=NOW)
    absent = judge(reply(200, error("Entity not found: Issue", code="INPUT_ERROR")), now=NOW)
    assert (conflict.conflict, conflict.absent) == (True, False)
    assert (absent.conflict, absent.absent) == (False, True)


def test_refused_fields_are_named_and_their_content_is_not() -> None:
    said = error("title must be shorter than 255 characters: my secret words", code="INPUT_ERROR")
    outcome = judge(reply(200, said), now=NOW).outcome
    assert outcome.fields == ("title",)
    assert "secret" not in outcome.reason


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (
            {
                "x-ratelimit-requests-limit": "5000",
                "x-ratelimit-requests-remaining": "0",
                "x-ratelimit-requests-reset": RESET,
            },
            90.0,
        ),
        (
            {
                "x-ratelimit-requests-limit": "5000",
                "x-ratelimit-requests-remaining": "9",
                "x-ratelimit-requests-reset": RESET,
            },
            None,
        ),
        ({}, None),
    ],
)
def test_a_limit_is_waited_for(headers: dict[str, str], wait: float | None) -> None:
    outcome = judge(reply(400, error(code="RATELIMITED"), headers), now=NOW).outcome
    assert outcome.retry_after == wait


@given(st.text(), st.text())
def test_an_id_is_a_version_4_uuid_and_always_the_same(one: str, other: str) -> None:
    found = uuid.UUID(client_id(one, other))
    assert (found.version, found.variant) == (4, uuid.RFC_4122)
    assert client_id(one, other) == str(found)
    assert client_id(one) != client_id(one, other)


def test_the_issues_id_is_fixed_for_ever() -> None:
    assert issue_id("0123456789abcdef0123456789abcdef") == "dee8008c-f813-4d89-b700-a2b3c1e6bf4b"
