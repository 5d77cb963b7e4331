"""One receiver of signed events. It keeps our id, so sending the same event again is safe."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2

from earshot.connectors.http.sender import Lost, Reply, Sender, judged
from earshot.connectors.lacks import found_or_lack
from earshot.connectors.orders import misfit
from earshot.connectors.secrets import needed
from earshot.connectors.webhook.event import MOST_BYTES, event
from earshot.connectors.webhook.settings import WebhookSettings, address_problem
from earshot.connectors.webhook.signing import signature, signing_key
from earshot.domain.delivery import Op, Order, Outcome, Receipt, Remote, Result, Thing
from earshot.errors import Misconfigured
from earshot.ports.clock import Clock
from earshot.ports.tool import Abilities, Resend, ToolAccess

_NOBODY_THERE = frozenset({404, 405})


class _Line(NamedTuple):
    """How a receiver is reached: its host and whole address, what goes along, the keys that sign."""

    host: str
    url: str
    headers: Mapping[str, str]
    keys: tuple[bytes, ...]


_NOWHERE = _Line("nowhere.invalid", "https://nowhere.invalid/", {}, ())
"""Stands for a receiver that is not known."""


class WebhookTool:
    """A `[[webhooks]]` entry as a destination. `own_hosts` are names of our own server, never called (a loop)."""

    def __init__(
        self,
        settings: WebhookSettings,
        secrets: Mapping[str, str],
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
        own_hosts: Sequence[str] = (),
    ) -> None:
        self._settings = settings
        self._clock = clock
        line, self._lack = found_or_lack(lambda: _line(settings, secrets, own_hosts=own_hosts), otherwise=_NOWHERE)
        self._host, self._path, self._keys = line.host, urlsplit(line.url).path, line.keys
        hidden = [secrets.get(name, "") for name in settings.secrets]
        self._sender = Sender(
            line.url,
            headers=line.headers,
            clock=clock,
            secrets=hidden,
            timeout=settings.timeout_seconds,
            guard=True,
            allow=[self._host] if settings.allow_private else [],
            transport=transport,
        )

    def __repr__(self) -> str:
        return f"WebhookTool({self._settings.name})"

    @property
    def name(self) -> str:
        """`webhook:` and the entry's name."""
        return f"webhook:{self._settings.name}"

    @property
    def abilities(self) -> Abilities:
        """Events of every kind; receivers fold an id that they know."""
        return Abilities(
            orders={Thing.EVENT: frozenset(Op)},
            resend={Thing.EVENT: Resend.SAME_KEY},
            per_second=self._settings.per_second,
        )

    def check(self, order: Order) -> str:
        """What is wrong with it, "" when nothing is."""
        wrong = misfit(order, self.abilities)
        if not wrong and len(self._body(order)) > MOST_BYTES:
            return f"the event is larger than {MOST_BYTES // 1000} kB"
        return wrong

    def preview(self, order: Order) -> str:
        """The body as it would be sent."""
        return self._body(order).decode()

    async def deliver(self, order: Order) -> Outcome:
        """Post the event once, signed at this moment under the order's own id."""
        if self._lack:
            return self._lack.outcome
        wrong = self.check(order)
        if wrong:
            return Outcome(result=Result.REJECTED, reason=wrong)
        body = self._body(order)
        answer = await self._sender.send("POST", "", content=body, headers=self._signed(order.request_key, body))
        outcome = _judged(answer)
        if outcome.result is not Result.DELIVERED:
            return outcome
        return outcome.model_copy(update={"receipt": Receipt(external_id=order.request_key)})

    async def find(self, order: Order) -> Outcome:
        """Receivers tell nothing: it stays unknown, and sending it again is safe."""
        del order
        return Outcome(result=Result.UNKNOWN, reason="a webhook's receiver cannot be asked")

    async def statuses(self, external_ids: Sequence[str]) -> list[Remote]:
        """Nothing is read back."""
        del external_ids
        return []

    async def access(self) -> ToolAccess:
        """Nothing can be tried without causing an event; says what is set up, and what looks wrong."""
        if self._lack:
            raise self._lack.error
        warnings: list[str] = []
        if "/webhook-test/" in self._path:
            warnings.append(
                "the address is n8n's Test URL, which answers only while somebody listens; use the other"
            )
        if not self._keys:
            warnings.append("events are not signed: set secret_env, so that the receiver can know they are ours")
        return ToolAccess(who=self._host, can="post events (not tried)", warnings=tuple(warnings))

    async def close(self) -> None:
        """Give connections back."""
        await self._sender.close()

    def _body(self, order: Order) -> bytes:
        return event(order, at=self._clock.now().astimezone(UTC).isoformat().replace("+00:00", "Z"))

    def _signed(self, message_id: str, body: bytes) -> dict[str, str]:
        seconds = int(self._clock.now().timestamp())
        headers = {"webhook-id": message_id, "webhook-timestamp": str(seconds)}
        if self._keys:
            headers["webhook-signature"] = signature(self._keys, message_id, seconds=seconds, body=body)
        return headers


def _line(settings: WebhookSettings, secrets: Mapping[str, str], *, own_hosts: Sequence[str]) -> _Line:
    """How the receiver of an entry is reached. Raises Misconfigured."""
    host, url = _address(settings, secrets, own_hosts=own_hosts)
    return _Line(host, url, _headers(settings, secrets), _keys(settings, secrets))


def _address(settings: WebhookSettings, secrets: Mapping[str, str], *, own_hosts: Sequence[str]) -> tuple[str, str]:
    """The receiver's host and whole address. Raises Misconfigured."""
    where = f"[[webhooks]] {settings.name}"
    url = settings.url or needed(secrets, settings.url_env or "", hint=f"{where} takes its address from there.")
    problem = address_problem(url, allow_private=settings.allow_private)
    if problem:
        raise Misconfigured(f"The address of {where} {problem}.", hint=f"Correct {settings.url_env or 'url'}.")
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host in {own.lower().rstrip(".") for own in own_hosts}:
        raise Misconfigured(f"{where} points at Earshot itself.", hint="Events would come back for ever.")
    return host, url


def _headers(settings: WebhookSettings, secrets: Mapping[str, str]) -> dict[str, str]:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    name = settings.api_key_env
    if name:
        headers[settings.api_key_header] = needed(secrets, name, hint="Set it, or leave api_key_env out.")
    return headers


def _keys(settings: WebhookSettings, secrets: Mapping[str, str]) -> tuple[bytes, ...]:
    names = [name for name in (settings.secret_env, settings.previous_secret_env) if name]
    hint = f"[[webhooks]] {settings.name} signs with it."
    return tuple(signing_key(needed(secrets, name, hint=hint), name=name) for name in names)


def _judged(answer: Reply | Lost) -> Outcome:
    outcome = judged(answer, done=range(200, 300))
    if isinstance(answer, Lost):
        return outcome
    if answer.status in _NOBODY_THERE:
        reason = (
            f"nobody listens there ({answer.status}): is the workflow active, and is it the production address?"
        )
        return outcome.model_copy(update={"result": Result.PAUSED, "reason": reason})
    if answer.status == 400 and b"queue is full" in answer.body[:1000].lower():
        return outcome.model_copy(update={"result": Result.RETRY, "reason": "its queue is full"})
    if answer.status >= 300 and answer.headers.get("webhook-delivery") == "abort-message":
        return outcome.model_copy(update={"result": Result.REJECTED, "reason": "it wants no more of this event"})
    return outcome
