"""Intercom as a destination: internal notes, tags, assignments, attributes. Nothing here can reach a customer."""

import json
from collections.abc import Mapping, Sequence

import httpx2

from earshot.connectors.http.sender import Reply, Sender
from earshot.connectors.intercom.client import Token, part_of_path
from earshot.connectors.intercom.looking import Looking, Stop, refuse, verdict
from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.intercom.writing import assignment, complaint, is_assigned, lacks, note, noted, typed
from earshot.connectors.lacks import found_or_lack
from earshot.connectors.lenient import Json, obj, string
from earshot.connectors.orders import misfit
from earshot.connectors.tickets import unanswered
from earshot.connectors.verdicts import error_of
from earshot.domain.delivery import Op, Order, Outcome, Receipt, Remote, Result, Thing
from earshot.ports.clock import Clock
from earshot.ports.tool import Abilities, Resend, ToolAccess

SECRETS = ("INTERCOM_ACCESS_TOKEN",)
"""The environment variables that writing back reads."""
_MOST_BYTES = 20_000_000
"""Answers hold whole conversations."""
_STALE = frozenset({"tag_not_found", "assignee_not_found", "admin_not_found"})
"""An id that we keep is gone: it is asked for anew at the next try."""
_ONCE = frozenset({Op.CREATE})
_RESEND = {
    Thing.NOTE: Resend.LOOK_UP,
    Thing.TAG: Resend.SAME_KEY,
    Thing.ASSIGNMENT: Resend.LOOK_UP,
    Thing.ATTRIBUTE: Resend.SAME_KEY,
}
_HINT = "Check INTERCOM_ACCESS_TOKEN and that its app may write conversations (Developer Hub > Authentication)."


class IntercomTool:
    """Writes back to conversations of the workspace that is read."""

    def __init__(
        self,
        settings: IntercomSettings,
        secrets: Mapping[str, str],
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        given = secrets.get(SECRETS[0], "").strip()
        authorization, self._lack = found_or_lack(lambda: Token(given).header(), otherwise="")
        self._settings = settings.write
        self._clock = clock
        self._sender = Sender(
            settings.api,
            headers={"Authorization": authorization, "Intercom-Version": settings.version},
            clock=clock,
            secrets=[given],
            timeout=settings.timeout_seconds,
            transport=transport,
        )
        self._sender.most_bytes = _MOST_BYTES
        self._looking = Looking(self._sender, settings.write, clock=clock)

    def __repr__(self) -> str:
        return "IntercomTool()"

    @property
    def name(self) -> str:
        """`intercom`."""
        return "intercom"

    @property
    def abilities(self) -> Abilities:
        """Things inside a conversation; notes and assignments are looked up before they are made again."""
        return Abilities(orders=dict.fromkeys(_RESEND, _ONCE), resend=_RESEND, per_second=self._settings.per_second)

    def check(self, order: Order) -> str:
        """What is wrong with it, "" when nothing is. Whether names exist only Intercom knows."""
        return misfit(order, self.abilities) or lacks(order)

    def preview(self, order: Order) -> str:
        """What would be written, with names instead of ids."""
        given = order.content.parameters
        shown: dict[Thing, Json] = {
            Thing.NOTE: note(order, self._settings.admin_id or "(owner of the token)"),
            Thing.TAG: {"tag": given.get("tag")},
            Thing.ASSIGNMENT: {key: given[key] for key in ("team", "admin") if key in given},
            Thing.ATTRIBUTE: {"custom_attributes": {given.get("attribute", ""): given.get("value")}},
        }
        what = {"conversation": order.content.conversation, **shown.get(order.thing, {})}
        return json.dumps(what, ensure_ascii=False, indent=2)

    async def deliver(self, order: Order) -> Outcome:
        """Write it once."""
        wrong = self._wrong(order)
        if wrong is not None:
            return wrong
        acts = {
            Thing.NOTE: self._note,
            Thing.TAG: self._tag,
            Thing.ASSIGNMENT: self._assign,
            Thing.ATTRIBUTE: self._set,
        }
        try:
            return await acts[order.thing](order)
        except Stop as stop:
            return stop.outcome

    async def find(self, order: Order) -> Outcome:
        """Read the conversation back and look for what was to be done."""
        wrong = self._wrong(order)
        if wrong is not None:
            return wrong
        try:
            return await self._found(order)
        except Stop as stop:
            # A refusal says that nothing was written only where the conversation is not there, or it is our own.
            return stop.outcome if stop.outcome.status in (404, None) else unanswered(stop.outcome)

    async def statuses(self, external_ids: Sequence[str]) -> list[Remote]:
        """Nothing is read back."""
        del external_ids
        return []

    async def access(self) -> ToolAccess:
        """Whose token it is, and whether it may write (tried on a conversation that cannot exist)."""
        if self._lack:
            raise self._lack.error
        try:
            owner = await self._looking.ask("/me")
        except Stop as stop:
            raise error_of(stop.outcome, tool="Intercom", hint=_HINT) from None
        answer = await self._sender.send("PUT", "/conversations/0", json={"read": True})
        if isinstance(answer, Reply) and answer.status in (401, 403):
            raise error_of(verdict(answer, clock=self._clock), tool="Intercom", hint=_HINT)
        return ToolAccess(
            who=string(owner.get("name")) or "the token's owner", can="write notes, tags, assignments, attributes"
        )

    async def close(self) -> None:
        """Give connections back."""
        await self._sender.close()

    def _wrong(self, order: Order) -> Outcome | None:
        if self._lack:
            return self._lack.outcome
        wrong = self.check(order)
        return Outcome(result=Result.REJECTED, reason=wrong) if wrong else None

    async def _note(self, order: Order) -> Outcome:
        body = note(order, await self._looking.admin())
        answer = await self._sender.send("POST", f"{_path(order)}/reply", json=body)
        outcome = verdict(answer, clock=self._clock, unsafe=True)
        if outcome.result is not Result.DELIVERED or not isinstance(answer, Reply):
            return outcome
        part = noted(obj(answer.data), order)
        if part is None:
            return Outcome(result=Result.UNKNOWN, status=answer.status, reason="its answer does not show the note")
        return _done(outcome, order, external_id=part)

    async def _tag(self, order: Order) -> Outcome:
        tag = await self._looking.tag(order.content.parameters["tag"].strip())
        body = {"id": tag, "admin_id": await self._looking.admin()}
        return await self._write("POST", f"{_path(order)}/tags", body=body, order=order, external_id=tag)

    async def _assign(self, order: Order) -> Outcome:
        assignee, is_team = await self._assignee(order)
        body = assignment(assignee, await self._looking.admin(), is_team=is_team)
        return await self._write(
            "POST", f"{_path(order)}/parts", body=body, order=order, external_id=assignee, unsafe=True
        )

    async def _set(self, order: Order) -> Outcome:
        given = order.content.parameters
        name = given["attribute"].strip()
        attribute = await self._looking.attribute(name)
        value = typed(given["value"], attribute)
        if value is None:
            kind = string(attribute.get("data_type")) or "unknown"
            raise refuse(f"the attribute {name} takes no such value (its type is {kind})", name)
        body = {"custom_attributes": {string(attribute.get("name")) or name: value}}
        return await self._write("PUT", _path(order), body=body, order=order, external_id=name)

    async def _write(
        self, method: str, path: str, *, body: Json, order: Order, external_id: str, unsafe: bool = False
    ) -> Outcome:
        answer = await self._sender.send(method, path, json=body)
        outcome = verdict(answer, clock=self._clock, unsafe=unsafe)
        if isinstance(answer, Reply) and answer.status == 404 and complaint(answer.data) in _STALE:
            self._looking.forget()
            return outcome.model_copy(update={"result": Result.RETRY})
        return _done(outcome, order, external_id=external_id) if outcome.result is Result.DELIVERED else outcome

    async def _found(self, order: Order) -> Outcome:
        """Whether a note or an assignment was made; the others are simply made again."""
        if _RESEND[order.thing] is not Resend.LOOK_UP:
            return Outcome(result=Result.UNKNOWN, reason="making it again is safe")
        conversation = await self._looking.ask(f"{_path(order)}?display_as=plaintext")
        if order.thing is Thing.NOTE:
            there = noted(conversation, order)
        else:
            assignee, is_team = await self._assignee(order)
            ours = is_assigned(conversation, assignee, by=await self._looking.admin(), is_team=is_team)
            there = assignee if ours else None
        if there is None:
            return Outcome(result=Result.REJECTED, reason="it is not there")
        return _done(Outcome(result=Result.DELIVERED), order, external_id=there)

    async def _assignee(self, order: Order) -> tuple[str, bool]:
        given = order.content.parameters
        if given.get("team"):
            return await self._looking.team(given["team"]), True
        return await self._looking.person(given["admin"]), False


def _path(order: Order) -> str:
    return f"/conversations/{part_of_path(order.content.conversation)}"


def _done(outcome: Outcome, order: Order, *, external_id: str) -> Outcome:
    receipt = Receipt(external_id=external_id, url=order.content.url)
    return outcome.model_copy(update={"receipt": receipt, "reason": ""})
