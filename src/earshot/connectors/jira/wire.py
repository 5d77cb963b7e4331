"""Requests to Jira, and what its answers mean for a delivery."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx2

from earshot.connectors.http.sender import Lost, Reply, Sender, judged
from earshot.connectors.jira.settings import JiraSettings
from earshot.connectors.lacks import found_or_lack
from earshot.connectors.lenient import Json, is_object, moment, obj
from earshot.connectors.secrets import needed
from earshot.connectors.verdicts import few
from earshot.domain.delivery import Outcome, Result
from earshot.ports.clock import Clock
from earshot.text.clean import one_line

API = "/rest/api/3"
TOKEN = "JIRA_API_TOKEN"  # noqa: S105 (the variable's name, not a secret)
_GET_ONE = "Make a token at id.atlassian.com > Security > API tokens."

_WHY = (
    ("cannot be set", "not on the screen"),
    ("required", "required"),
    ("not valid", "not valid"),
    ("is not", "not valid"),
    ("must", "not valid"),
)


class JiraWire:
    """One account at one site. Every method sends one request."""

    def __init__(
        self,
        settings: JiraSettings,
        secrets: Mapping[str, str],
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        token, self.lack = found_or_lack(lambda: needed(secrets, TOKEN, hint=_GET_ONE), otherwise="")
        signed = base64.b64encode(f"{settings.email}:{token}".encode()).decode()
        self.clock = clock
        self._sender = Sender(
            settings.base_url,
            headers={"Authorization": f"Basic {signed}", "Accept": "application/json"},
            clock=clock,
            secrets=(token, signed),
            timeout=settings.timeout_seconds,
            transport=transport,
        )

    async def get(self, path: str, **params: str) -> Reply | Lost:
        """Read something."""
        return await self._sender.send("GET", API + path, params=params or None)

    async def post(self, path: str, body: Json) -> Reply | Lost:
        """Make something, or ask something with a body."""
        return await self._sender.send("POST", API + path, json=body)

    async def put(self, path: str, body: Json) -> Reply | Lost:
        """Set something."""
        return await self._sender.send("PUT", API + path, json=body)

    def judge(self, answer: Reply | Lost, *, unsafe: bool = False, wants_json: bool = False) -> Outcome:
        """What the answer means; see `judged`."""
        outcome = judged(answer, unsafe=unsafe, wants_json=wants_json)
        if not isinstance(answer, Reply) or outcome.result is Result.DELIVERED:
            return outcome
        if answer.status == 409:
            return outcome.model_copy(
                update={"result": Result.RETRY, "reason": "somebody else was changing the ticket (409)"}
            )
        if answer.status == 408 and unsafe:
            return outcome.model_copy(update={"result": Result.UNKNOWN})
        if answer.status == 429:
            return _slowed(outcome, answer, now=self.clock.now())
        return outcome.model_copy(update={"reason": _reason(answer), "fields": few(refused(answer))})

    async def close(self) -> None:
        """Give connections back."""
        await self._sender.close()


def piece(value: str) -> str:
    """A value as one piece of a path."""
    return quote(value, safe="")


def refused(answer: Reply) -> dict[str, str]:
    """The fields that Jira refused, each with why in our words: its own may repeat a customer's."""
    errors: Mapping[str, Any] = obj(obj(answer.data).get("errors")) if is_object(answer.data) else {}
    return {one_line(name, limit=80): _why(str(text)) for name, text in errors.items()}


def _why(text: str) -> str:
    lower = text.lower()
    return next((ours for theirs, ours in _WHY if theirs in lower), "refused")


def _reason(answer: Reply) -> str:
    whys = refused(answer)
    fields = ", ".join(few(f"{name} ({why})" for name, why in whys.items()))
    advice = ": see [jira] fields and defaults" if "required" in whys.values() else ""
    match answer.status:
        case 400:
            return f"Jira refused these fields: {fields}{advice}" if fields else "Jira refused the request (400)"
        case 401:
            return "Jira refused the account or its token (401); a scoped token needs api.atlassian.com as base_url"
        case 403:
            return "the account may not do this in Jira (403)"
        case 404:
            return "Jira does not know it, or the account may not see it (404)"
        case 413:
            return "the text is too large for Jira (413)"
        case status:
            return f"Jira answered {status}"


def _slowed(outcome: Outcome, answer: Reply, *, now: datetime) -> Outcome:
    limit = one_line(answer.headers.get("ratelimit-reason", ""), limit=60) or "no limit named"
    wait = answer.retry_after
    if wait is None and (reset := moment(answer.headers.get("x-ratelimit-reset"))) is not None:
        wait = max(0.0, (reset - now).total_seconds())
    return outcome.model_copy(update={"reason": f"Jira asks to slow down ({limit})", "retry_after": wait})
