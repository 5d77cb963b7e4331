"""What Productboard's answers mean: which part of a note it refused, and why a token is not taken."""

import re

from earshot.connectors.http.sender import Lost, Reply, judged
from earshot.connectors.lenient import obj, objects, string
from earshot.connectors.verdicts import few
from earshot.domain.delivery import Outcome, Result

_POINTER = re.compile(r"/data/((?:[A-Za-z]{1,30}|\d{1,4})(?:/(?:[A-Za-z]{1,30}|\d{1,4})){0,6})")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,60}")
_TOKENS = (
    ("invalid JSON", "it is not a token of API v2 (cut short, or one of v1)"),
    ("No credentials found", "it belongs to another workspace or was revoked"),
    ("Unauthorized", "no token came with the request"),
)


def verdict(answer: Reply | Lost, *, makes: bool) -> Outcome:
    """The outcome of a request. `makes`: doing it twice would make a second note."""
    outcome = judged(answer, unsafe=makes, wants_json=makes)
    if isinstance(answer, Lost):
        return outcome
    if answer.status == 408 and makes:
        return outcome.model_copy(update={"result": Result.UNKNOWN})
    if outcome.result is Result.AUTH_FAILED:
        return outcome.model_copy(update={"reason": _why_not(answer)})
    if outcome.result is Result.REJECTED:
        fields = refused_fields(answer)
        named = f", naming {', '.join(fields)}" if fields else ""
        return outcome.model_copy(update={"reason": f"{outcome.reason}{_code(answer)}{named}", "fields": fields})
    return outcome


def refused_fields(answer: Reply) -> tuple[str, ...]:
    """The parts of the note that the errors point at: fields/tags, relationships/0/target."""
    pointers = (string(obj(error.get("source")).get("pointer")) or "" for error in _errors(answer))
    found = (_POINTER.fullmatch(pointer) for pointer in pointers)
    return few(match[1] for match in found if match is not None)


def _errors(answer: Reply) -> list[dict[str, object]]:
    return objects(obj(answer.data).get("errors"))


def _code(answer: Reply) -> str:
    codes = (string(error.get("code")) or "" for error in _errors(answer))
    code = next((code for code in codes if _CODE.fullmatch(code)), "")
    return f" ({code})" if code else ""


def _why_not(answer: Reply) -> str:
    if answer.status == 403:
        return f"the token may not do this{_code(answer)}; it needs notes:read and notes:write"
    message = string(obj(answer.data).get("message")) or ""
    cause = next((cause for words, cause in _TOKENS if words in message), "")
    return f"the token was refused{': ' + cause if cause else ''}"
