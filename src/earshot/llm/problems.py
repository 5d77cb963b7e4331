"""Errors of the SDKs and of pydantic-ai, named for what to do.

Providers echo what they were sent, so nothing of their messages is kept: type, status and code only.
"""

import re
from typing import NamedTuple, Protocol

import httpx2
from pydantic_ai.exceptions import (
    AgentRunError,
    ModelAPIError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelOverloadedError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelTimeoutError,
    UserError,
)

from earshot.domain.call import Outcome
from earshot.errors import EarshotError, Misconfigured, Rejected
from earshot.llm.catalogue import provider_entry
from earshot.llm.fields import fields
from earshot.ports.model import Unanswered

_FAULTS: tuple[type[Exception], ...] = (
    AgentRunError,
    UserError,
    httpx2.HTTPError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a call can raise beside the SDK's own errors: a provider's body can break an SDK anywhere."""

_UNSENT = ("connect", "pool")
_QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "billing_error", "credit_balance_exhausted")
_UNKNOWN_MODEL = ("model_not_found", "not_found_error", "NOT_FOUND")
_MAYBE_DONE = frozenset({408, 502, 504, *range(520, 528)})
"""Statuses of a proxy in between: the provider may have worked, and may charge."""


_IN_A_200 = {ModelRateLimitError: 429, ModelOverloadedError: 529}
"""OpenAI's responses can fail inside a successful answer."""

_A_CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")


class StatusError(Protocol):
    """An SDK's error that carries a provider's answer."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        ...

    @property
    def body(self) -> object:
        """The answer, decoded where it is JSON."""
        ...

    @property
    def response(self) -> httpx2.Response:
        """The answer itself."""
        ...


class SdkErrors(NamedTuple):
    """The exceptions of a company's SDK; empty where pydantic-ai hides them all."""

    every: tuple[type[Exception], ...] = ()
    status: tuple[type[StatusError], ...] = ()
    timeout: tuple[type[Exception], ...] = ()
    connection: tuple[type[Exception], ...] = ()


class Asked(NamedTuple):
    """Who was asked, for messages; `setting` is where a person changes the model, `sdk` what it was asked with."""

    provider: str
    model: str
    setting: str
    sdk: SdkErrors

    @property
    def faults(self) -> tuple[type[Exception], ...]:
        """All that a call can raise."""
        return _FAULTS + self.sdk.every


class Told(NamedTuple):
    """An error answer, without its words."""

    status: int
    code: str = ""
    retry_after: float | None = None
    quota: bool = False
    too_long: bool = False


def problem(error: Exception, *, asked: Asked) -> EarshotError:
    """What an error of a call means to us. The error itself is not chained: its text may hold customers' words."""
    if isinstance(error, (TimeoutError, ModelTimeoutError, httpx2.TimeoutException, *asked.sdk.timeout)):
        return _connection(error, asked=asked, outcome=Outcome.TIMEOUT)
    told = _told(error, sdk=asked.sdk)
    if told is not None:
        return answered(told, asked=asked)
    if isinstance(error, UserError):
        return Misconfigured(
            f"{asked.provider}:{asked.model} cannot be asked this way.",
            hint=f"Choose another model: {asked.setting}.",
        )
    if isinstance(error, (ModelConnectionError, httpx2.HTTPError, OSError, *asked.sdk.connection)):
        return _connection(error, asked=asked, outcome=Outcome.LOST)
    return undecodable(asked)


def undecodable(asked: Asked) -> Unanswered:
    """An answer came that nobody can read: it was worked on, and its usage is unknown."""
    return Unanswered(
        f"{asked.provider}:{asked.model} answered with something unreadable.", outcome=Outcome.LOST, lost=True
    )


def redirected(asked: Asked) -> Misconfigured:
    """The address leads elsewhere; a key does not follow."""
    return Misconfigured(
        f"{asked.provider} answered that it is somewhere else.",
        hint="Check the address of the server, http or https.",
    )


def answered(told: Told, *, asked: Asked) -> EarshotError:
    """What an error status of a provider means."""
    code = f", {told.code}" if told.code else ""
    says = f"{asked.provider}:{asked.model} answered {told.status}{code}."
    if told.quota:
        return Misconfigured(says, hint=f"The account at {asked.provider} has no credit or quota left; top it up.")
    if told.too_long:
        return Rejected(says, hint="The conversation is longer than the model can read.")
    if told.status in {401, 403}:
        key = provider_entry(asked.provider).key
        return Misconfigured(says, hint=f"Check {key} and what it may use: earshot doctor.")
    if told.status == 404 or told.code in _UNKNOWN_MODEL:
        return Misconfigured(says, hint=f"Check the model's name and the server's address: {asked.setting}.")
    return _passing(told, says=says)


def _passing(told: Told, *, says: str) -> EarshotError:
    if told.status == 429:
        return Unanswered(says, outcome=Outcome.RATE_LIMITED, retry_after=told.retry_after)
    if told.status in {503, 529} or "overloaded" in told.code:
        return Unanswered(says, outcome=Outcome.OVERLOADED, retry_after=told.retry_after)
    if told.status in _MAYBE_DONE:
        outcome = Outcome.TIMEOUT if told.status in {408, 504, 524} else Outcome.LOST
        return Unanswered(says, outcome=outcome, lost=True, retry_after=told.retry_after)
    if told.status >= 500 or told.status == 409:
        return Unanswered(says, outcome=Outcome.ERROR, retry_after=told.retry_after)
    return Rejected(says)


def _connection(error: Exception, *, asked: Asked, outcome: Outcome) -> Unanswered:
    if _phase(error) in _UNSENT:
        return Unanswered(
            f"{asked.provider} cannot be reached.",
            outcome=Outcome.ERROR,
            hint="Check the network, and the address if you set one.",
        )
    how = "did not answer in time" if outcome is Outcome.TIMEOUT else "broke the connection off"
    return Unanswered(f"{asked.provider}:{asked.model} {how}.", outcome=outcome, lost=True)


def _told(error: Exception, *, sdk: SdkErrors) -> Told | None:
    if isinstance(error, ModelAPIError):
        return _told_by_model(error)
    if isinstance(error, sdk.status):
        body = fields(error.body)
        inner = fields(body.get("error")) or body
        code = _code(inner.get("code")) or _code(inner.get("type"))
        told = Told(error.status_code, code, _seconds(error.response.headers.get("retry-after")))
        return _with_quota(told, message=str(inner.get("message", "")))
    return None


def _told_by_model(error: ModelAPIError) -> Told | None:
    code = _code(error.provider_error_code) or _code(error.provider_error_type)
    if isinstance(error, ModelHTTPError):
        return Told(
            status=error.status_code,
            code=code,
            retry_after=error.retry_after,
            quota=isinstance(error, ModelQuotaExceededError),
            too_long=isinstance(error, ModelContextWindowExceededError),
        )
    return next((Told(status, code) for kind, status in _IN_A_200.items() if isinstance(error, kind)), None)


def _with_quota(told: Told, *, message: str) -> Told:
    """Anthropic tells an empty account as an ordinary 400, known only by its words."""
    return told._replace(quota=told.code in _QUOTA or told.status == 402 or "credit balance" in message.lower())


def _code(value: object) -> str:
    """A provider's error code; anything that does not look like one is left out, it could be anybody's words."""
    return value if isinstance(value, str) and _A_CODE.fullmatch(value) else ""


def _seconds(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value < float("inf") else None


def _phase(error: BaseException) -> str:
    """How far the call came: connect and pool mean that nothing was sent."""
    if isinstance(error, ModelConnectionError) and error.phase:
        return error.phase
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
            return "connect"
        cause = cause.__cause__
    return ""
