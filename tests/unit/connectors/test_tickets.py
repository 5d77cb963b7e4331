"""What tools for tickets have in common."""

import pytest

from earshot.connectors.tickets import counted, main_link, noted, numbers, unanswered, unreadable
from earshot.domain.delivery import Content, Outcome, Result, WebLink
from earshot.errors import Misconfigured, Rejected, Transient


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, ""),
        ({"customer_evidence_count": 1}, "1 conversation"),
        ({"customer_evidence_count": 12}, "12 conversations"),
        ({"customer_evidence_count": 12, "customers": 1}, "12 conversations of 1 customer"),
        ({"customer_evidence_count": 12, "customers": 8}, "12 conversations of 8 customers"),
        ({"customer_evidence_count": True, "customers": 8}, ""),
        ({"customer_evidence_count": "12"}, ""),
    ],
)
def test_the_count_in_words(facts: dict[str, str | int | float | bool | list[str] | None], words: str) -> None:
    assert counted(Content(title="t", facts=facts)) == words


def test_only_numbers_are_kept_as_numbers() -> None:
    facts = {"a": 1, "b": 2.5, "c": True, "d": "4", "e": None, "f": ["6"], "g": float("nan")}
    content = Content.model_validate({"title": "t", "facts": facts})
    assert numbers(content) == {"a": 1, "b": 2.5}


def test_the_main_link_is_the_own_address_with_its_words() -> None:
    links = (
        WebLink(text="bad", href="javascript:alert(1)"),
        WebLink(text="One", href="https://a.example/1"),
        WebLink(text=" \n", href="https://a.example/2"),
    )
    assert main_link(Content(title="t", links=links)) == links[1]
    own = main_link(Content(title="t", links=links, url="https://a.example/2"))
    assert own == WebLink(text="Conversation", href="https://a.example/2")
    assert main_link(Content(title="t", links=links[:1])) is None


@pytest.mark.parametrize(
    ("result", "then"),
    [
        (Result.UNKNOWN, Result.RETRY),
        (Result.REJECTED, Result.RETRY),
        (Result.GONE, Result.RETRY),
        (Result.RETRY, Result.RETRY),
        (Result.AUTH_FAILED, Result.AUTH_FAILED),
        (Result.PAUSED, Result.PAUSED),
    ],
)
def test_a_question_that_failed_says_nothing_of_the_thing(result: Result, then: Result) -> None:
    assert unanswered(Outcome(result=result)).result is then


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (Result.AUTH_FAILED, Misconfigured),
        (Result.PAUSED, Misconfigured),
        (Result.REJECTED, Rejected),
        (Result.RETRY, Transient),
        (Result.UNKNOWN, Transient),
    ],
)
def test_a_question_that_failed_is_an_error_of_its_kind(result: Result, error: type[Exception]) -> None:
    found = unreadable(Outcome(result=result, reason="it answered 503", retry_after=4), "Jira", hint="h")
    assert isinstance(found, error)
    assert str(found) == "Jira could not be read: it answered 503."


def test_notes_are_joined() -> None:
    assert noted("", "a", "", "b") == "a; b"
    assert noted("", "") == ""
