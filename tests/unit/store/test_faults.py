import pytest
from sqlalchemy.exc import DBAPIError, InterfaceError

from earshot.errors import BadInput, Misconfigured, Transient
from earshot.store.faults import translated


class Answer(Exception):
    """A driver's error with a code."""

    def __init__(self, code: str | None) -> None:
        super().__init__("Key (summary)=(what the customer said)")
        self.sqlstate = code


def wrapped(code: str | None) -> DBAPIError:
    return DBAPIError("insert", None, Answer(code))


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("53100", Misconfigured, "disk is full"),
        ("42501", Misconfigured, "no permission"),
        ("25006", Misconfigured, "read-only"),
        ("40P01", Transient, "lost"),
        ("40001", Transient, "conflict"),
        ("08006", Transient, "lost"),
        ("57P01", Transient, "lost"),
        ("23505", Transient, "same rows"),
    ],
)
def test_codes_say_what_to_do_and_never_what_the_customer_said(
    code: str, kind: type[Exception], words: str
) -> None:
    found = translated(wrapped(code))
    assert isinstance(found, kind)
    assert words in str(found)
    assert "customer said" not in str(found)
    assert getattr(found, "hint", "")


def test_a_broken_connection_passes() -> None:
    assert isinstance(translated(InterfaceError("select", None, Answer(None))), Transient)
    assert isinstance(translated(ConnectionResetError()), Transient)


@pytest.mark.parametrize("error", [ValueError("x"), BadInput("x"), wrapped("22012"), FileNotFoundError("x")])
def test_other_errors_stay_what_they_are(error: Exception) -> None:
    assert translated(error) is error
