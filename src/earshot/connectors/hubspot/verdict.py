"""What HubSpot's answers mean: which property it refused, which scope is missing, how long to wait."""

import re

from earshot.connectors.http.sender import Lost, Reply, judged
from earshot.connectors.lenient import Json, is_array, number, obj, objects, string
from earshot.connectors.verdicts import few
from earshot.domain.delivery import Outcome, Result

_NAME = re.compile(r"[a-z][a-z0-9_]{1,60}")
_SCOPE = re.compile(r"[a-z][a-z0-9_.-]{1,80}")
_CATEGORY = re.compile(r"[A-Z][A-Z0-9_]{1,60}")
_LOCKED, _MIGRATING = 423, 477
_LOCKED_SECONDS = 2.0
_DAY_SPENT_SECONDS = 3600.0
_WINDOW_SECONDS = 10.0


def verdict(answer: Reply | Lost, *, makes: bool) -> Outcome:
    """The outcome of a request. `makes`: doing it twice would make a second task."""
    outcome = judged(answer, unsafe=makes, wants_json=makes)
    if isinstance(answer, Lost):
        return outcome
    data = obj(answer.data)
    if answer.status in (_LOCKED, _MIGRATING):
        wait = max(answer.retry_after or 0.0, _LOCKED_SECONDS)
        return outcome.model_copy(update={"result": Result.RETRY, "retry_after": wait})
    if answer.status == 408 and makes:
        return outcome.model_copy(update={"result": Result.UNKNOWN})
    if answer.status == 429:
        return outcome.model_copy(update={"retry_after": _wait(answer, data), "reason": _limit(data)})
    if outcome.result is Result.AUTH_FAILED:
        return outcome.model_copy(update={"reason": _why_not(answer.status, data)})
    if outcome.result is Result.REJECTED:
        fields = _fields(data)
        named = f", naming {', '.join(fields)}" if fields else ""
        return outcome.model_copy(update={"reason": f"{outcome.reason}{_kind(data)}{named}", "fields": fields})
    return outcome


def _wait(answer: Reply, data: Json) -> float:
    """HubSpot sends no Retry-After: the window's length, or an hour when the day's share is spent."""
    if answer.retry_after is not None:
        return answer.retry_after
    if data.get("policyName") == "DAILY":
        return _DAY_SPENT_SECONDS
    millis = number(answer.headers.get("x-hubspot-ratelimit-interval-milliseconds"))
    return millis / 1000 if millis is not None and 0 < millis <= 60_000 else _WINDOW_SECONDS


def _limit(data: Json) -> str:
    return "the day's requests are spent" if data.get("policyName") == "DAILY" else "too many requests (429)"


def _why_not(status: int, data: Json) -> str:
    if status == 401:
        return "the service key was refused (401)"
    scopes = [scope for error in objects(data.get("errors")) for scope in _listed(error, "requiredGranularScopes")]
    named = ", ".join(few(scope for scope in scopes if _SCOPE.fullmatch(scope)))
    return f"the key lacks scopes{': ' + named if named else ''} (403)"


def _fields(data: Json) -> tuple[str, ...]:
    found = [name for error in objects(data.get("errors")) for name in _listed(error, "propertyName")]
    return few(name for name in found if _NAME.fullmatch(name))


def _listed(error: Json, name: str) -> list[str]:
    values = obj(error.get("context")).get(name)
    return [str(value) for value in values] if is_array(values) else []


def _kind(data: Json) -> str:
    category = string(data.get("category")) or ""
    return f" ({category})" if _CATEGORY.fullmatch(category) else ""
