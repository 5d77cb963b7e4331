"""Requests to Linear's one endpoint, and what its answers mean: errors come with 200 and with 400 alike."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import httpx2

from earshot.connectors.http.sender import Lost, Reply, Sender, judged
from earshot.connectors.lacks import found_or_lack
from earshot.connectors.lenient import Json, is_object, moment, number, obj, objects, string
from earshot.connectors.linear.settings import LinearSettings
from earshot.connectors.secrets import needed
from earshot.domain.delivery import Outcome, Result
from earshot.ports.clock import Clock
from earshot.text.clean import one_line

KEY = "LINEAR_API_KEY"
_KEY_HINT = "Make one in Linear: Settings > Security & access > API keys."
_ENDPOINT = "/graphql"
_SPENT = 0.1
_TAKEN = re.compile(r"^Entity \w+ with id \S+ already exists")
_LONGEST_WAIT = timedelta(hours=1)
_NAME = re.compile(r"(?:query|mutation)\s+(\w+)")
_FIELDS = ("title", "description", "priority", "labelIds", "teamId", "stateId", "url", "body", "name")
_KINDS: dict[str, Result] = {
    "authentication error": Result.AUTH_FAILED,
    "forbidden": Result.AUTH_FAILED,
    "feature not accessible": Result.PAUSED,
    "usage limit exceeded": Result.PAUSED,
    "ratelimited": Result.RETRY,
    "lock timeout": Result.RETRY,
    "network error": Result.UNKNOWN,
    "internal error": Result.UNKNOWN,
    "internal server error": Result.UNKNOWN,
    "bootstrap error": Result.UNKNOWN,
}
_WORDS: dict[Result, str] = {
    Result.AUTH_FAILED: "Linear refused the key, or the key may not do this",
    Result.PAUSED: "the Linear workspace does not allow this now (its plan or limit)",
    Result.RETRY: "Linear asks to try again",
    Result.UNKNOWN: "Linear failed inside",
    Result.REJECTED: "Linear refused the request",
}


class Said(NamedTuple):
    """An answer's data, and what it means. `conflict`: the id was taken, so an earlier try had arrived."""

    data: Json
    outcome: Outcome
    conflict: bool = False
    absent: bool = False

    @property
    def done(self) -> bool:
        """Whether it was done."""
        return self.outcome.result is Result.DELIVERED


class LinearWire:
    """One key of one workspace. Every question is one request."""

    def __init__(
        self,
        settings: LinearSettings,
        secrets: Mapping[str, str],
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        key, self.lack = found_or_lack(lambda: needed(secrets, KEY, hint=_KEY_HINT), otherwise="")
        self.clock = clock
        self._resume_at: datetime | None = None
        self._sender = Sender(
            settings.base_url,
            headers={"Authorization": f"Bearer {key}" if settings.oauth else key, "Accept": "application/json"},
            clock=clock,
            secrets=(key,),
            timeout=settings.timeout_seconds,
            transport=transport,
        )

    def held(self) -> Outcome | None:
        """That the quota is nearly spent and requests wait until it is full again; None while they may go."""
        now = self.clock.now()
        if self._resume_at is None or now >= self._resume_at:
            return None
        wait = (self._resume_at - now).total_seconds()
        reason = "Linear's quota is spent but for a tenth, which is left to others"
        return Outcome(result=Result.RETRY, reason=reason, retry_after=wait)

    async def ask(self, document: str, **variables: object) -> Said:
        """Send one document. A question that was lost is a RETRY, a change that may have arrived UNKNOWN."""
        named = _NAME.search(document)
        body: Json = {"query": document, "variables": variables, "operationName": named[1] if named else None}
        answer = await self._sender.send("POST", _ENDPOINT, json=body)
        if isinstance(answer, Reply):
            self._resume_at = _resumes(answer.headers, now=self.clock.now())
        said = judge(answer, now=self.clock.now())
        if said.outcome.result is Result.UNKNOWN and not document.lstrip().startswith("mutation"):
            return said._replace(outcome=said.outcome.model_copy(update={"result": Result.RETRY}))
        return said

    async def close(self) -> None:
        """Give connections back."""
        await self._sender.close()


def judge(answer: Reply | Lost, *, now: datetime) -> Said:
    """What an answer means: its errors first, whatever the status."""
    if isinstance(answer, Lost):
        return Said({}, judged(answer))
    errors = objects(obj(answer.data).get("errors"))
    if errors:
        return _refusal(errors, answer, now=now)
    data = obj(answer.data).get("data") if is_object(answer.data) else None
    outcome = judged(answer, unsafe=True)
    if outcome.result is Result.RETRY:
        outcome = outcome.model_copy(update={"retry_after": _wait(answer, now=now)})
    if outcome.result is Result.DELIVERED and not is_object(data):
        outcome = Outcome(result=Result.UNKNOWN, status=answer.status, reason="Linear's answer cannot be read")
    if outcome.result is Result.DELIVERED and any(obj(one).get("success") is False for one in obj(data).values()):
        outcome = Outcome(result=Result.REJECTED, status=answer.status, reason="Linear did not do it")
    return Said(obj(data), outcome)


def _refusal(errors: list[Json], answer: Reply, *, now: datetime) -> Said:
    error = errors[0]
    message = string(error.get("message")) or ""
    result = _kind(obj(error.get("extensions")), answer.status)
    if result is Result.REJECTED and any(obj(obj(answer.data).get("data")).values()):
        result = Result.UNKNOWN  # an error in a part of the answer: the change itself may be done
    extensions = obj(error.get("extensions"))
    shown = string(extensions.get("userPresentableMessage")) or ""
    conflict = "conflict on insert" in message.lower() or _TAKEN.search(shown) is not None
    absent = message.lower().startswith("entity not found")
    fields = tuple(name for name in _FIELDS if result is Result.REJECTED and re.search(rf"\b{name}\b", message))
    outcome = Outcome(
        result=result,
        status=answer.status,
        reason=_reason(result, obj(error.get("extensions")), fields=fields, absent=absent),
        fields=fields,
        retry_after=_wait(answer, now=now) if result is Result.RETRY else None,
    )
    return Said({}, outcome, conflict, absent)


def _kind(extensions: Mapping[str, Any], status: int) -> Result:
    for word in (extensions.get("code"), extensions.get("type")):
        found = _KINDS.get(str(word).lower().replace("_", " "))
        if found is not None:
            return found
    return Result.UNKNOWN if status >= 500 else Result.REJECTED


def _reason(result: Result, extensions: Mapping[str, Any], *, fields: tuple[str, ...], absent: bool) -> str:
    if absent:
        return "Linear does not know it (any more), or the key may not see it"
    code = one_line(str(extensions.get("code") or extensions.get("type") or "no code"), limit=60)
    named = f": {', '.join(fields)}" if fields else ""
    return f"{_WORDS[result]} ({code}){named}"


def _wait(answer: Reply, *, now: datetime) -> float | None:
    if answer.retry_after is not None:
        return answer.retry_after
    resets = [
        _reset(answer.headers, kind) for kind in ("requests", "complexity") if _left(answer.headers, kind) == 0
    ]
    times = [(reset - now).total_seconds() for reset in resets if reset is not None]
    return max(0.0, *times) if times else None


def _resumes(headers: Mapping[str, str], *, now: datetime) -> datetime | None:
    """When requests may go again, where a quota is spent but for a tenth; it is that of an hour."""
    resets = [
        reset
        for kind in ("requests", "complexity")
        if (left := _left(headers, kind)) is not None and left < _SPENT
        if (reset := _reset(headers, kind)) is not None and reset > now
    ]
    return min(max(resets), now + _LONGEST_WAIT) if resets else None


def _left(headers: Mapping[str, str], kind: str) -> float | None:
    """The share of a quota that is left."""
    limit = number(headers.get(f"x-ratelimit-{kind}-limit"))
    remaining = number(headers.get(f"x-ratelimit-{kind}-remaining"))
    return remaining / limit if limit and remaining is not None else None


def _reset(headers: Mapping[str, str], kind: str) -> datetime | None:
    return moment(headers.get(f"x-ratelimit-{kind}-reset"))
