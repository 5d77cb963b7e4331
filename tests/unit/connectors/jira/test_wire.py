"""What Jira's answers mean."""

import json
from datetime import UTC, datetime

import pytest

from earshot.connectors.http.sender import Lost, Reply
from earshot.connectors.jira.settings import JiraSettings
from earshot.connectors.jira.tool import token_warning
from earshot.connectors.jira.wire import JiraWire, refused
from earshot.domain.delivery import Result
from tests.still import StillClock

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def reply(status: int, data: object = None, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, headers or {}, json.dumps(data).encode(), data)


@pytest.fixture
def wire() -> JiraWire:
    settings = JiraSettings(base_url="https://acme.atlassian.net", email="a@b.test")
    return JiraWire(settings, {"JIRA_API_TOKEN": "t"}, clock=StillClock(NOW))


@pytest.mark.parametrize(
    ("answer", "result", "words"),
    [
        (reply(401), Result.AUTH_FAILED, "api.atlassian.com"),
        (reply(403), Result.AUTH_FAILED, "may not"),
        (reply(404), Result.REJECTED, "may not see it"),
        (reply(409), Result.RETRY, "somebody else"),
        (reply(413), Result.REJECTED, "too large"),
        (reply(422), Result.REJECTED, "422"),
        (reply(500), Result.UNKNOWN, "500"),
        (reply(302), Result.PAUSED, "302"),
        (
            reply(400, {"errors": {"customfield_1": "Secret Words is required."}}),
            Result.REJECTED,
            "customfield_1 (required)",
        ),
        (reply(400, "oops"), Result.REJECTED, "400"),
        (Lost(arrived=True, reason="no answer in time"), Result.UNKNOWN, "no answer"),
        (Lost(arrived=False, reason="no connection"), Result.RETRY, "no connection"),
    ],
)
def test_an_answer_is_judged(wire: JiraWire, answer: Reply | Lost, result: Result, words: str) -> None:
    outcome = wire.judge(answer, unsafe=True)
    assert outcome.result is result
    assert words in outcome.reason
    assert "Secret" not in outcome.reason


def test_jiras_words_are_not_repeated() -> None:
    said = {"errors": {"summary": "Summary 'my password is x' is not valid", "a" * 200: "must be y", "b": 3}}
    found = refused(reply(400, said))
    assert found["summary"] == "not valid"
    assert found["b"] == "refused"
    assert max(map(len, found)) == 80


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-ratelimit-reset": "2026-11-22T12:10:00Z"}, 600.0),
        ({"x-ratelimit-reset": "2026-11-22T11:10:00Z"}, 0.0),
        ({}, None),
    ],
)
def test_a_quota_is_waited_for(wire: JiraWire, headers: dict[str, str], wait: float | None) -> None:
    outcome = wire.judge(reply(429, {}, {**headers, "ratelimit-reason": "jira-quota-global-based"}))
    assert (outcome.result, outcome.retry_after) == (Result.RETRY, wait)
    assert "jira-quota-global-based" in outcome.reason


@pytest.mark.parametrize(("day", "words"), [(31, ""), (30, "in 30 days"), (7, "now"), (0, "now"), (-1, "ended")])
def test_a_token_that_ends_is_told(day: int, words: str) -> None:
    ends = datetime.fromordinal(NOW.toordinal() + day).date()
    found = token_warning(ends, today=NOW.date())
    assert bool(found) == bool(words)
    assert words in "".join(found)
