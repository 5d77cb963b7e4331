"""The tool `linear`: issues in Linear."""

import json
from collections.abc import Mapping, Sequence

import httpx2

from earshot.connectors.lenient import Json, first, is_array, moment, obj, objects, string
from earshot.connectors.linear.documents import (
    ATTACHMENTS,
    COMMENT,
    CREATE_ISSUE,
    FIND_COMMENT,
    ISSUE,
    MOVE,
    RAISE,
    STATUSES,
    VIEWER,
    attach_all,
)
from earshot.connectors.linear.ids import client_id, issue_id
from earshot.connectors.linear.issue import (
    anchor_of,
    attachments_of,
    input_of,
    labels_of,
    raised_to,
    receipt_of,
    standing_of,
    team_of,
)
from earshot.connectors.linear.names import Labels, Names
from earshot.connectors.linear.settings import LinearSettings
from earshot.connectors.linear.wire import KEY, LinearWire, Said
from earshot.connectors.tickets import noted, unanswered, unreadable
from earshot.domain.delivery import Op, Order, Outcome, Receipt, Remote, Result, Standing, Thing
from earshot.errors import Misconfigured, Transient
from earshot.ports.clock import Clock
from earshot.ports.tool import Abilities, Resend, ToolAccess
from earshot.text.escape import one_line
from earshot.text.render.markdown import to_markdown

SECRETS: tuple[str, ...] = (KEY,)
"""The environment variables that it reads."""

_OPS = frozenset({Op.CREATE, Op.UPDATE, Op.REOPEN})
_AT_ONCE = 50
_HINT = f"Check {KEY}, and [linear] oauth if it is an access token."
_FOR_GOOD = {"canceled": "it was canceled and stays so", "duplicate": "it was closed as a duplicate and stays so"}


class LinearTool:
    """Makes issues once (their id is ours), keeps their count current, reopens, reads them back."""

    name = "linear"

    def __init__(
        self,
        settings: LinearSettings,
        secrets: Mapping[str, str],
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._wire = LinearWire(settings, secrets, clock=clock, transport=transport)
        self._names = Names(self._wire, settings)

    def __repr__(self) -> str:
        return f"LinearTool({self._settings.base_url})"

    @property
    def abilities(self) -> Abilities:
        """Tickets; every request may be sent again, because ids and addresses are always the same.

        Two requests make an issue, and an hour's quota allows about one a second.
        """
        return Abilities(
            orders={Thing.TICKET: _OPS},
            resend={Thing.TICKET: Resend.SAME_KEY},
            per_second=0.5,
            reads_back=True,
        )

    def check(self, order: Order) -> str:
        """What is wrong with the order as far as can be seen without asking Linear."""
        if order.thing is not Thing.TICKET or order.op not in _OPS:
            return f"Linear does no {order.op} of a {order.thing}"
        if order.op is not Op.CREATE:
            return "" if order.receipt is not None and order.receipt.external_id else "the issue's id is not known"
        if not team_of(order.content, self._settings):
            return self._unready(order) or "the action's team must be a team's key, such as ENG"
        return "" if one_line(order.content.title) else "an issue needs a title"

    def preview(self, order: Order) -> str:
        """The inputs that would be sent; labels by name, because their ids are not known yet."""
        return json.dumps(self._inputs(order), ensure_ascii=False, indent=2)

    async def deliver(self, order: Order) -> Outcome:
        """Do it once."""
        stopped = self._stopped(order)
        if stopped is not None:
            return stopped
        match order.op, order.receipt:
            case Op.UPDATE, Receipt() as receipt:
                return await self._update(order, receipt)
            case Op.REOPEN, Receipt() as receipt:
                return await self._reopen(order, receipt)
            case _:
                return await self._create(order)

    async def find(self, order: Order) -> Outcome:
        """Whether it was done: the issue, the count's request or the comment is there."""
        stopped = self._stopped(order)
        if stopped is not None:
            return stopped
        match order.op, order.receipt:
            case Op.UPDATE, Receipt() as receipt:
                return await self._find_update(order, receipt)
            case Op.REOPEN, Receipt() as receipt:
                return _found(await self._wire.ask(FIND_COMMENT, id=_comment_id(order)), receipt)
            case _:
                return await self._read(order)

    async def statuses(self, external_ids: Sequence[str]) -> list[Remote]:
        """Where issues stand; one that is not listed any more is gone."""
        if self._wire.lack:
            raise self._wire.lack.error
        ids = list(dict.fromkeys(external_ids))
        found: dict[str, Remote] = {}
        for at in range(0, len(ids), _AT_ONCE):
            said = await self._wire.ask(STATUSES, ids=ids[at : at + _AT_ONCE])
            if not said.done:
                raise unreadable(said.outcome, "Linear", hint=_HINT)
            rows = obj(said.data.get("issues")).get("nodes")
            if not is_array(rows):
                raise Transient("Linear's answer about its issues could not be read.")
            found |= {key: _remote(row, key) for row in objects(rows) if (key := string(row.get("id")))}
        return [found.get(key, Remote(external_id=key, standing=Standing.GONE)) for key in ids]

    async def access(self) -> ToolAccess:
        """Whose key it is, and whether the team is there."""
        if self._wire.lack:
            raise self._wire.lack.error
        said = await self._wire.ask(VIEWER, key=self._settings.team)
        if not said.done:
            raise unreadable(said.outcome, "Linear", hint=_HINT)
        team = next(iter(objects(said.data.get("teams"), "nodes")), None)
        if team is None:
            raise Misconfigured(
                f"Linear has no team {self._settings.team or '(none is set)'}, or the key may not see it.",
                hint="Set [linear] team to the key that its issues begin with (ENG in ENG-12).",
            )
        who = string(obj(said.data.get("viewer")).get("name")) or "the key's owner"
        return ToolAccess(who=who, can=f"make issues in {string(team.get('name'))}")

    async def close(self) -> None:
        """Give connections back."""
        await self._wire.close()

    def _stopped(self, order: Order) -> Outcome | None:
        if self._wire.lack:
            return self._wire.lack.outcome
        if unready := self._unready(order):
            return Outcome(result=Result.PAUSED, reason=unready)
        wrong = self.check(order)
        return Outcome(result=Result.REJECTED, reason=wrong) if wrong else self._wire.held()

    def _unready(self, order: Order) -> str:
        """What the settings lack; "" when they are complete."""
        named = self._settings.team or order.content.parameters.get("team")
        return "" if named else "[linear] team must be set to a team's key, such as ENG"

    async def _create(self, order: Order) -> Outcome:
        team = await self._names.team(team_of(order.content, self._settings))
        if isinstance(team, Outcome):
            return team
        labels = await self._names.labels(team, labels_of(order.content, self._settings))
        if isinstance(labels, Outcome):
            return labels
        said, note = await self._make(order, team, labels=labels)
        if said.conflict:
            made = await self._read(order)
        elif said.done:
            made = _made(said, order)
        else:
            made = said.outcome
        if made.result is not Result.DELIVERED:
            return made
        return made.model_copy(update={"note": noted(note, await self._attach(order))})

    async def _make(self, order: Order, team: str, *, labels: Labels) -> tuple[Said, str]:
        """Make the issue; without its labels when it was refused with them (one may be gone)."""
        note = f"without {len(labels.unknown)} labels that Linear does not have" if labels.unknown else ""
        body = input_of(order, self._settings, team=team, labels=labels)
        said = await self._wire.ask(CREATE_ISSUE, input=body)
        if said.conflict or said.outcome.result is not Result.REJECTED:
            return said, note
        self._names.forget()
        if "labelIds" not in body:
            return said, note
        bare = input_of(order, self._settings, team=team, labels=Labels(()))
        return await self._wire.ask(CREATE_ISSUE, input=bare), "without labels: Linear refused them"

    async def _read(self, order: Order) -> Outcome:
        said = await self._wire.ask(ISSUE, id=issue_id(order.object_key))
        row = obj(said.data.get("issue"))
        if said.done and row:
            return said.outcome.model_copy(update={"receipt": receipt_of(row, order)})
        return _found(said._replace(absent=said.absent or said.done), None)

    async def _attach(self, order: Order) -> str:
        """Set the attachments; what stood in the way, "" when they stand: the issue is there all the same."""
        said = await self._set_attachments(order)
        return "" if said is None or said.done else f"the links were not set ({said.outcome.reason})"

    async def _set_attachments(self, order: Order) -> Said | None:
        inputs = attachments_of(order, self._settings)
        if not inputs:
            return None
        variables = {f"a{index}": one for index, one in enumerate(inputs)}
        return await self._wire.ask(attach_all(len(inputs)), **variables)

    async def _update(self, order: Order, receipt: Receipt) -> Outcome:
        priority = raised_to(order.content, self._settings)
        if priority is not None:
            raised = await self._wire.ask(RAISE, id=receipt.external_id, priority=priority)
            if not raised.done:
                return raised.outcome
        said = await self._set_attachments(order)
        if said is None:
            return Outcome(result=Result.DELIVERED, receipt=receipt, note="there is no link to show the count on")
        return said.outcome.model_copy(update={"receipt": _anchored(receipt, order)}) if said.done else said.outcome

    async def _find_update(self, order: Order, receipt: Receipt) -> Outcome:
        said = await self._wire.ask(ATTACHMENTS, id=receipt.external_id)
        rows = objects(obj(said.data.get("issue")).get("attachments"), "nodes")
        if any(obj(row.get("metadata")).get("request") == order.request_key for row in rows):
            return said.outcome.model_copy(update={"receipt": receipt})
        return _found(said._replace(absent=True) if said.done else said, receipt)

    async def _reopen(self, order: Order, receipt: Receipt) -> Outcome:
        said = await self._wire.ask(ISSUE, id=receipt.external_id)
        row = obj(said.data.get("issue"))
        if not said.done or not row:
            return _found(said._replace(absent=said.absent or said.done), None)
        note = await self._move_back(row, receipt.external_id)
        if isinstance(note, Outcome):
            return note
        body = {"id": _comment_id(order), "issueId": receipt.external_id, "body": to_markdown(order.content.body)}
        said = await self._wire.ask(COMMENT, input=body)
        if not said.done and not said.conflict:
            return said.outcome
        return Outcome(result=Result.DELIVERED, status=said.outcome.status, receipt=receipt, note=note)

    async def _move_back(self, row: Json, issue: str) -> str | Outcome:
        """Bring a completed issue back to an open state; a note where it is not moved."""
        kind = str(obj(row.get("state")).get("type"))
        if kind != "completed":
            return _FOR_GOOD.get(kind, "")
        state = await self._names.open_state(string(obj(row.get("team")).get("id")) or "")
        if isinstance(state, Outcome):
            return state
        if state is None:
            return "the team has no open state to go back to"
        said = await self._wire.ask(MOVE, id=issue, state=state)
        return "" if said.done else said.outcome

    def _inputs(self, order: Order) -> Json:
        if order.op is Op.REOPEN:
            return {"comment": {"id": _comment_id(order), "body": to_markdown(order.content.body)}}
        attached: Json = {"attachments": attachments_of(order, self._settings)}
        if order.op is Op.UPDATE:
            priority = raised_to(order.content, self._settings)
            return attached if priority is None else {"issue": {"priority": priority}, **attached}
        named = labels_of(order.content, self._settings)
        made = input_of(
            order, self._settings, team=team_of(order.content, self._settings), labels=Labels(tuple(named))
        )
        return {"issue": made, **attached}


def _comment_id(order: Order) -> str:
    return client_id("comment", order.request_key)


def _made(said: Said, order: Order) -> Outcome:
    made = obj(said.data.get("issueCreate"))
    row = obj(made.get("issue"))
    if made.get("success") is False:
        return Outcome(result=Result.REJECTED, status=said.outcome.status, reason="Linear did not make the issue")
    if not row:
        return Outcome(result=Result.UNKNOWN, status=said.outcome.status, reason="Linear did not name the issue")
    return said.outcome.model_copy(update={"receipt": receipt_of(row, order)})


def _found(said: Said, receipt: Receipt | None) -> Outcome:
    """A reading answer as the answer to "was it done?": what is absent surely was not."""
    if said.done and not said.absent:
        return said.outcome.model_copy(update={"receipt": receipt})
    if said.absent:
        reason = said.outcome.reason or "it is not there"
        return Outcome(result=Result.REJECTED, status=said.outcome.status, reason=reason)
    return unanswered(said.outcome)


def _anchored(receipt: Receipt, order: Order) -> Receipt:
    anchor = anchor_of(order)
    return receipt.model_copy(update={"extra": {**receipt.extra, "anchor": anchor}}) if anchor else receipt


def _remote(row: Json, key: str) -> Remote:
    state = obj(row.get("state"))
    kind = string(state.get("type")) or ""
    return Remote(
        external_id=key,
        standing=standing_of(row, kind),
        status=string(state.get("name")) or "",
        title=string(row.get("title")) or "",
        at=moment(first(row.get("completedAt"), row.get("canceledAt"), row.get("updatedAt"))),
    )
