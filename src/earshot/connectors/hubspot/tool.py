"""The tool `hubspot`: tasks about a customer, tied to the contact, found again by a mark in their text."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

import httpx2

from earshot.connectors.addresses import is_email
from earshot.connectors.http.sender import Reply, Sender
from earshot.connectors.hubspot.paths import CONTACT_SEARCH, TASKS, task_path
from earshot.connectors.hubspot.searching import contact_of, task_marked
from earshot.connectors.hubspot.settings import HubSpotSettings
from earshot.connectors.hubspot.standing import remotes
from earshot.connectors.hubspot.task import changed_task, mark, new_task
from earshot.connectors.hubspot.verdict import verdict
from earshot.connectors.lacks import found_or_lack
from earshot.connectors.lenient import Json, obj, string
from earshot.connectors.orders import misfit
from earshot.connectors.secrets import needed
from earshot.connectors.verdicts import error_of
from earshot.domain.delivery import Op, Order, Outcome, Receipt, Remote, Result, Thing
from earshot.ports.clock import Clock
from earshot.ports.tool import Abilities, Resend, ToolAccess

TOKEN = "HUBSPOT_TOKEN"  # noqa: S105 (the name of one)
SECRETS: tuple[str, ...] = (TOKEN,)
_HINT = (
    f"Set {TOKEN} to a service key with the scopes crm.objects.contacts.read and crm.objects.contacts.write "
    "(HubSpot: Settings > Integrations > Service Keys; legacy private apps can no longer be made)."
)
_SETTLES = 60.0
_LOOK_BACK = timedelta(days=30)
_OPTIONAL = frozenset({"hubspot_owner_id", "hs_task_type", "hs_task_priority"})
_NOBODY = "HubSpot has no contact with the customer's e-mail; the task stands alone"


class HubSpotTool:
    """Makes tasks, keeps their text up to date, reads whether they are done.

    HubSpot folds nothing, so a task of which nobody knows whether it was made is looked for by its mark.
    """

    def __init__(
        self,
        settings: HubSpotSettings,
        secrets: Mapping[str, str],
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        token, self._lack = found_or_lack(lambda: needed(secrets, TOKEN, hint=_HINT), otherwise="")
        self._sender = Sender(
            settings.base_url,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            clock=clock,
            secrets=(token,),
            timeout=settings.timeout_seconds,
            transport=transport,
        )

    @property
    def name(self) -> str:
        """The destination's name."""
        return "hubspot"

    @property
    def abilities(self) -> Abilities:
        """Tasks. An order searches its contact; a look-up is at least four searches, of 5 allowed a second."""
        return Abilities(
            orders={Thing.TASK: frozenset({Op.CREATE, Op.UPDATE, Op.REOPEN})},
            resend={Thing.TASK: Resend.LOOK_UP},
            settle_after=_SETTLES,
            per_second=1.0,
            reads_back=True,
        )

    def check(self, order: Order) -> str:
        """What is wrong with it, "" when nothing is."""
        found = misfit(order, self.abilities)
        if found:
            return found
        if order.op is not Op.CREATE and order.receipt is None:
            return "it is not known which task is meant"
        return ""

    def preview(self, order: Order) -> str:
        """The task as JSON; which contact it is tied to is known only when it is sent."""
        body = self._new(order, contact=None) if order.op is Op.CREATE else changed_task(order)
        return json.dumps(body, ensure_ascii=False, indent=2)

    async def deliver(self, order: Order) -> Outcome:
        """Make the task, or bring it up to date; `again` looks for it first."""
        if self._lack:
            return self._lack.outcome
        wrong = self.check(order)
        if wrong:
            return Outcome(result=Result.REJECTED, reason=wrong)
        if order.op is not Op.CREATE:
            return await self._change(order)
        contact = await self._contact(order)
        if isinstance(contact, Outcome):
            return contact
        if order.again:
            found = await self._look(order, contact=contact)
            if found.result is not Result.REJECTED:
                return found
        return await self._make(order, contact=contact)

    async def find(self, order: Order) -> Outcome:
        """The task that bears the mark: among those of its contact, else among all since it was planned."""
        if self._lack:
            return self._lack.outcome
        if order.op is not Op.CREATE:
            return Outcome(result=Result.REJECTED, reason="a change of a task is made again, not looked up")
        contact = await self._contact(order)
        return contact if isinstance(contact, Outcome) else await self._look(order, contact=contact)

    async def statuses(self, external_ids: Sequence[str]) -> list[Remote]:
        """Where these tasks stand. Raises Misconfigured, Transient, Rejected."""
        if self._lack:
            raise self._lack.error
        found = await remotes(self._sender, list(external_ids))
        if isinstance(found, Outcome):
            raise error_of(found, tool="HubSpot", hint=_HINT)
        return found

    async def access(self) -> ToolAccess:
        """Search one contact. Raises Misconfigured, Transient, Rejected."""
        if self._lack:
            raise self._lack.error
        query = {"filterGroups": [], "properties": ["email"], "limit": 1}
        outcome = verdict(await self._sender.send("POST", CONTACT_SEARCH, json=query), makes=False)
        if outcome.result is not Result.DELIVERED:
            raise error_of(outcome, tool="HubSpot", hint=_HINT)
        return ToolAccess(
            who="a HubSpot service key",
            can="read contacts; whether it may write tasks shows with the first one",
        )

    async def close(self) -> None:
        """Give connections back."""
        await self._sender.close()

    async def _contact(self, order: Order) -> str | Outcome | None:
        email = order.content.email.strip()
        return await contact_of(self._sender, email) if is_email(email) else None

    async def _look(self, order: Order, *, contact: str | None) -> Outcome:
        since = order.since or self._clock.now() - _LOOK_BACK
        found = await task_marked(self._sender, mark(order), contact=contact, since=since)
        if found is None and contact:
            # The contact may be younger than the task, which then stands alone.
            alone = await task_marked(self._sender, mark(order), contact=None, since=since)
            found = None if isinstance(alone, Outcome) and alone.result is Result.UNKNOWN else alone
        if isinstance(found, Outcome):
            return found
        if found is None:
            return Outcome(result=Result.REJECTED, reason="there is no such task")
        return Outcome(result=Result.DELIVERED, receipt=self._receipt(found, contact))

    async def _make(self, order: Order, *, contact: str | None) -> Outcome:
        body = self._new(order, contact=contact)
        answer = await self._sender.send("POST", TASKS, json=body)
        outcome = verdict(answer, makes=True)
        note = "" if contact or not order.content.email else _NOBODY
        if outcome.result is Result.REJECTED and outcome.fields and _OPTIONAL.issuperset(outcome.fields):
            note = f"HubSpot refused {', '.join(outcome.fields)}; the task was made without"
            answer = await self._sender.send("POST", TASKS, json=_without(body, outcome.fields))
            outcome = verdict(answer, makes=True)
        if outcome.result is not Result.DELIVERED:
            return outcome
        made = string(obj(answer.data).get("id")) if isinstance(answer, Reply) else None
        if made is None:
            return Outcome(result=Result.UNKNOWN, status=outcome.status, reason="the answer names no task")
        return outcome.model_copy(update={"receipt": self._receipt(made, contact), "note": note})

    async def _change(self, order: Order) -> Outcome:
        assert order.receipt is not None
        path = task_path(order.receipt.external_id)
        outcome = verdict(await self._sender.send("PATCH", path, json=changed_task(order)), makes=False)
        if outcome.status in (404, 410):
            return Outcome(result=Result.REJECTED, status=outcome.status, reason="the task is no longer there")
        return (
            outcome.model_copy(update={"receipt": order.receipt}) if outcome.result is Result.DELIVERED else outcome
        )

    def _new(self, order: Order, *, contact: str | None) -> Json:
        return new_task(order, settings=self._settings, now=self._clock.now(), contact=contact)

    def _receipt(self, task: str, contact: str | None) -> Receipt:
        """Where the task is: HubSpot shows tasks at their contact, so that is where the link leads."""
        portal = self._settings.portal_id
        url = f"{self._settings.app_url}/contacts/{portal}/record/0-1/{contact}" if portal and contact else None
        return Receipt(external_id=task, url=url)


def _without(body: Json, names: Sequence[str]) -> Json:
    properties = {name: value for name, value in body["properties"].items() if name not in names}
    return {**body, "properties": properties}
