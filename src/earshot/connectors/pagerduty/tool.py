"""The tool `pagerduty`: pages, folded by their key, so that sending twice never pages twice."""

import json
import re
from collections.abc import Mapping, Sequence

import httpx2

from earshot.connectors.http.sender import Lost, Reply, Sender, judged
from earshot.connectors.lacks import found_or_lack
from earshot.connectors.lenient import Json, is_array, obj
from earshot.connectors.orders import misfit
from earshot.connectors.pagerduty.event import MOST_BYTES, dedup_key, event, size
from earshot.connectors.pagerduty.settings import PagerDutySettings
from earshot.connectors.secrets import needed
from earshot.connectors.verdicts import error_of, few
from earshot.domain.delivery import Op, Order, Outcome, Receipt, Remote, Result, Thing
from earshot.ports.clock import Clock
from earshot.ports.tool import Abilities, Resend, ToolAccess

KEY = "PAGERDUTY_ROUTING_KEY"
SECRETS: tuple[str, ...] = (KEY,)
_HINT = (
    f"Set {KEY} to the 32 characters of an “Events API V2” integration (PagerDuty: Services > your service > "
    "Integrations), and [pagerduty] region to the account's."
)
_KEY_SHAPE = re.compile(r"[0-9A-Za-z]{32}")
_FIELD = re.compile(r"payload\.[a-z_]{1,40}|event_action|dedup_key|client_url|links|images|payload")
_WRONG_KEY = re.compile(r"routing[ _]key|service key|integration key", re.IGNORECASE)
_PROBE = "earshot-access-check"


class PagerDutyTool:
    """Triggers and resolves alerts. An update triggers again with the same key: no second page while it is open."""

    def __init__(
        self,
        settings: PagerDutySettings,
        secrets: Mapping[str, str],
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._key, self._lack = found_or_lack(lambda: needed(secrets, KEY, hint=_HINT), otherwise="")
        self._sender = Sender(
            settings.api,
            headers={"Accept": "application/json"},
            clock=clock,
            secrets=(self._key,),
            timeout=settings.timeout_seconds,
            transport=transport,
        )

    @property
    def name(self) -> str:
        """The destination's name."""
        return "pagerduty"

    @property
    def abilities(self) -> Abilities:
        """Pages, all operations, folded by key; half of the 120 events a minute that one integration may get."""
        return Abilities(orders={Thing.PAGE: frozenset(Op)}, resend={Thing.PAGE: Resend.SAME_KEY}, per_second=1.0)

    def check(self, order: Order) -> str:
        """What is wrong with it, "" when nothing is."""
        found = misfit(order, self.abilities)
        if found:
            return found
        if not order.content.title.strip() and order.op is not Op.RESOLVE:
            return "a page needs a title"
        return "" if size(self._event(order)) <= MOST_BYTES else "the event is larger than PagerDuty takes (512 KB)"

    def preview(self, order: Order) -> str:
        """The event as JSON, the routing key hidden."""
        return json.dumps({"routing_key": "…", **self._event(order)}, ensure_ascii=False, indent=2)

    async def deliver(self, order: Order) -> Outcome:
        """Send the event; sending it again is folded."""
        if self._lack:
            return self._lack.outcome
        wrong = self.check(order)
        if wrong:
            return Outcome(result=Result.REJECTED, reason=wrong)
        return _judged(await self._send(self._event(order)), key=dedup_key(order.object_key))

    async def find(self, order: Order) -> Outcome:
        """Events cannot be read back."""
        del order
        return Outcome(
            result=Result.UNKNOWN, reason="PagerDuty's events cannot be looked up; they can be sent again"
        )

    async def statuses(self, external_ids: Sequence[str]) -> list[Remote]:
        """Nothing: the events API only takes."""
        del external_ids
        return []

    async def access(self) -> ToolAccess:
        """Resolve an alert that never was, which PagerDuty drops. Raises Misconfigured, Transient."""
        if self._lack:
            raise self._lack.error
        outcome = _judged(await self._send({"event_action": "resolve", "dedup_key": _PROBE}), key=_PROBE)
        if outcome.result is not Result.DELIVERED:
            raise error_of(outcome, tool="PagerDuty", hint=_HINT)
        warnings = ["PagerDuty takes events of unknown keys too; only a test page shows who is paged"]
        if not _KEY_SHAPE.fullmatch(self._key):
            warnings.insert(0, f"{KEY} is not 32 letters and digits, as integration keys are")
        return ToolAccess(who="an integration key", can="page, and resolve pages", warnings=tuple(warnings))

    async def close(self) -> None:
        """Give connections back."""
        await self._sender.close()

    def _event(self, order: Order) -> Json:
        return event(order, source=self._settings.source)

    async def _send(self, body: Json) -> Reply | Lost:
        return await self._sender.send("POST", "/enqueue", json={"routing_key": self._key, **body})


def _judged(answer: Reply | Lost, *, key: str) -> Outcome:
    outcome = judged(answer, done=(202,), wants_json=True)
    if isinstance(answer, Lost):
        return outcome
    said = obj(answer.data)
    if outcome.result is Result.DELIVERED:
        if said.get("status") != "success":
            return Outcome(result=Result.UNKNOWN, status=202, reason="it answered 202 without “success”")
        return Outcome(result=Result.DELIVERED, status=202, receipt=Receipt(external_id=key))
    return _refused(outcome, said) if outcome.result is Result.REJECTED else outcome


def _refused(outcome: Outcome, said: Json) -> Outcome:
    """Why it was refused: only names of fields are repeated, never the words around them."""
    errors = said.get("errors")
    words = " ".join(str(one) for one in errors) if is_array(errors) else ""
    if _WRONG_KEY.search(f"{words} {said.get('message')}"):
        return Outcome(result=Result.AUTH_FAILED, status=outcome.status, reason="it refused the routing key")
    fields = few(_FIELD.findall(words))
    named = f", naming {', '.join(fields)}" if fields else ""
    return Outcome(result=Result.REJECTED, status=outcome.status, reason=outcome.reason + named, fields=fields)
