"""An answer, or that there was none, and what that means for a delivery where the service says nothing special."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from earshot.domain.delivery import Outcome, Result

_DONE = (200, 201, 202, 204)
_TRY_LATER = frozenset({408, 425, 429})


class Reply(NamedTuple):
    """An answer: status, headers by small letters, the body (cut where too long), its JSON (None: not whole JSON).

    `retry_after` is the wait in seconds that the header names. Shows no content in logs.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    data: object
    retry_after: float | None = None

    def __repr__(self) -> str:
        return f"Reply({self.status}, {len(self.body)} bytes)"


class Lost(NamedTuple):
    """No answer. `arrived`: the request may have arrived. `refused`: our own guard forbids the address."""

    arrived: bool
    reason: str
    refused: bool = False


def judged(
    answer: Reply | Lost, *, done: Collection[int] = _DONE, unsafe: bool = False, wants_json: bool = False
) -> Outcome:
    """The outcome of an answer. `unsafe`: a second create would make a second thing, so a 5xx is UNKNOWN.

    `wants_json`: an accepted request whose answer cannot be read is UNKNOWN.
    """
    if isinstance(answer, Lost):
        return _lost(answer)
    status, result = answer.status, _result(answer, done=done, unsafe=unsafe)
    if result is Result.DELIVERED and wants_json and answer.data is None:
        return Outcome(
            result=Result.UNKNOWN, status=status, reason=f"it answered {status} with a body that is no JSON"
        )
    return Outcome(result=result, status=status, reason=_reason(result, status), retry_after=answer.retry_after)


def _lost(answer: Lost) -> Outcome:
    if answer.refused:
        return Outcome(result=Result.PAUSED, reason=answer.reason)
    return Outcome(result=Result.UNKNOWN if answer.arrived else Result.RETRY, reason=answer.reason)


def _result(answer: Reply, *, done: Collection[int], unsafe: bool) -> Result:
    status = answer.status
    if status in done:
        return Result.DELIVERED
    if status in _TRY_LATER:
        return Result.RETRY
    if status >= 500:
        turned_away = status == 503 and answer.retry_after is not None
        return Result.UNKNOWN if unsafe and not turned_away else Result.RETRY
    return _refusal(status)


def _refusal(status: int) -> Result:
    if status in (401, 403):
        return Result.AUTH_FAILED
    if status == 410:
        return Result.GONE
    if status == 402 or 300 <= status < 400:
        return Result.PAUSED
    return Result.REJECTED if status >= 400 else Result.UNKNOWN


def _reason(result: Result, status: int) -> str:
    if result is Result.DELIVERED:
        return ""
    return f"it sends requests elsewhere ({status})" if 300 <= status < 400 else f"it answered {status}"
