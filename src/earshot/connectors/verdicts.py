"""A tool's outcome as the error that a health check or a read raises."""

from collections.abc import Iterable
from itertools import islice

from earshot.domain.delivery import Outcome, Result
from earshot.errors import EarshotError, Misconfigured, Rejected, Transient

MOST_NAMES = 10
"""So many names out of an answer are repeated, whoever wrote it."""


def few(names: Iterable[str]) -> tuple[str, ...]:
    """The first names, each once."""
    return tuple(islice(dict.fromkeys(names), MOST_NAMES))


def error_of(outcome: Outcome, *, tool: str, hint: str) -> EarshotError:
    """The error that says what the outcome means; `hint` is what a person does about wrong credentials."""
    what = f"{tool} could not be asked: {outcome.reason or outcome.result}."
    if outcome.result in (Result.AUTH_FAILED, Result.PAUSED, Result.GONE):
        return Misconfigured(what, hint=hint)
    if outcome.result is Result.REJECTED:
        return Rejected(what, hint=hint)
    return Transient(what, retry_after=outcome.retry_after)
