"""What Slack's answers mean for a message."""

import pytest

from earshot.connectors.http.sender import Lost, Reply
from earshot.connectors.slack.said import said_to_bot, said_to_hook
from earshot.domain.delivery import Result
from tests.unit.connectors.answering import reply


def of_bot(word: str, *, posts: bool = True) -> Result:
    return said_to_bot(reply(200, {"ok": False, "error": word}), posts=posts).outcome.result


@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("invalid_auth", Result.AUTH_FAILED),
        ("token_expired", Result.AUTH_FAILED),
        ("missing_scope", Result.AUTH_FAILED),
        ("not_in_channel", Result.PAUSED),
        ("channel_not_found", Result.PAUSED),
        ("is_archived", Result.PAUSED),
        ("restricted_action_thread_only_channel", Result.PAUSED),
        ("ratelimited", Result.RETRY),
        ("service_unavailable", Result.RETRY),
        ("request_timeout", Result.RETRY),
        ("internal_error", Result.UNKNOWN),
        ("fatal_error", Result.UNKNOWN),
        ("invalid_blocks", Result.REJECTED),
        ("something_new", Result.REJECTED),
    ],
)
def test_every_word_has_its_meaning(word: str, result: Result) -> None:
    assert of_bot(word) is result


def test_a_half_done_edit_is_simply_done_again() -> None:
    assert of_bot("fatal_error", posts=False) is Result.RETRY


def test_the_status_alone_is_never_believed() -> None:
    assert said_to_bot(reply(200, {"ok": False}), posts=True).outcome.result is Result.UNKNOWN
    assert said_to_bot(reply(200, {}), posts=True).outcome.result is Result.UNKNOWN
    assert said_to_bot(reply(200, None), posts=True).outcome.result is Result.UNKNOWN
    assert said_to_bot(reply(200, ["ok"]), posts=True).outcome.result is Result.UNKNOWN
    assert said_to_bot(reply(503, {"ok": True}), posts=True).outcome.result is not Result.DELIVERED


def test_a_limit_names_its_wait() -> None:
    limited = reply(429, {"ok": False, "error": "ratelimited"}, wait=30.0)
    outcome = said_to_bot(limited, posts=True).outcome
    assert (outcome.result, outcome.retry_after) == (Result.RETRY, 30.0)
    assert said_to_bot(reply(429, None, wait=5.0), posts=True).outcome.retry_after == 5.0


def test_words_of_the_other_side_are_not_repeated() -> None:
    outcome = said_to_bot(reply(200, {"ok": False, "error": "Ana said <b>it</b>"}), posts=True).outcome
    assert "Ana" not in outcome.reason


def hooked(status: int, text: str) -> Result:
    return said_to_hook(Reply(status, {}, text.encode(), None)).outcome.result


@pytest.mark.parametrize(
    ("status", "text", "result"),
    [
        (200, "ok", Result.DELIVERED),
        (200, "", Result.UNKNOWN),
        (404, "no_service", Result.AUTH_FAILED),
        (404, "channel_not_found", Result.PAUSED),
        (410, "channel_is_archived", Result.PAUSED),
        (403, "action_prohibited", Result.AUTH_FAILED),
        (403, "invalid_token", Result.AUTH_FAILED),
        (400, "posting_to_general_channel_denied", Result.PAUSED),
        (400, "invalid_payload", Result.REJECTED),
        (500, "rollup_error", Result.UNKNOWN),
        (302, "", Result.PAUSED),
        (403, "<html>", Result.AUTH_FAILED),
    ],
)
def test_a_webhook_speaks_by_status_and_word(status: int, text: str, result: Result) -> None:
    assert hooked(status, text) is result


def test_a_workflows_webhook_answers_in_json() -> None:
    assert said_to_hook(reply(200, {"ok": True})).outcome.result is Result.DELIVERED
    assert said_to_hook(reply(400, {"ok": False, "error": "invalid_auth"})).outcome.result is Result.AUTH_FAILED


def test_only_what_surely_did_not_arrive_is_sent_again() -> None:
    assert said_to_hook(Lost(arrived=False, reason="refused")).outcome.result is Result.RETRY
    assert said_to_hook(Lost(arrived=True, reason="no answer")).outcome.result is Result.UNKNOWN
    assert said_to_bot(Lost(arrived=True, reason="no answer"), posts=True).outcome.result is Result.UNKNOWN
