"""Changing a ticket that is there: its count, and reopening it. Never one comment for each conversation."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from earshot.connectors.http.sender import Lost, Reply
from earshot.connectors.jira.issue import PROPERTY, changed_fields, project_of, property_of, type_of
from earshot.connectors.jira.links import link_back
from earshot.connectors.jira.screens import Screen, Screens
from earshot.connectors.jira.search import standing_of
from earshot.connectors.jira.settings import JiraSettings
from earshot.connectors.jira.wire import JiraWire, piece, refused
from earshot.connectors.lenient import Json, obj, objects, string
from earshot.connectors.tickets import is_raised, noted, unanswered
from earshot.connectors.verdicts import few
from earshot.domain.delivery import Order, Outcome, Receipt, Result, Standing
from earshot.domain.document import Document, Paragraph, Span
from earshot.text.render.adf import to_adf

_MOST_COMMENTS = 100


class Changing:
    """Changes tickets at one site."""

    def __init__(self, wire: JiraWire, screens: Screens, *, settings: JiraSettings) -> None:
        self._wire = wire
        self._screens = screens
        self._settings = settings

    async def update(self, order: Order, receipt: Receipt) -> Outcome:
        """Bring fields, link and property up to date. The property comes last: it proves that all was done."""
        fields = await self._set_fields(order, receipt)
        if fields.result is not Result.DELIVERED:
            return fields
        link = await link_back(self._wire, order, key=receipt.external_id)
        if link.result is not Result.DELIVERED:
            return link
        kept = await self._keep_property(order, receipt.external_id)
        if kept.result is not Result.DELIVERED:
            return kept
        return kept.model_copy(update={"receipt": receipt, "note": noted(fields.note, link.note)})

    async def find_update(self, order: Order, receipt: Receipt) -> Outcome:
        """Whether the last request that was carried out whole is this one."""
        answer = await self._wire.get(f"/issue/{piece(receipt.external_id)}/properties/{PROPERTY}")
        outcome = self._wire.judge(answer, wants_json=True)
        if outcome.status == 404:
            return Outcome(result=Result.REJECTED, status=404, reason=outcome.reason)
        if not isinstance(answer, Reply) or outcome.result is not Result.DELIVERED:
            return _failed(outcome)
        if obj(obj(answer.data).get("value")).get("request") == order.request_key:
            return outcome.model_copy(update={"receipt": receipt})
        return Outcome(result=Result.REJECTED, status=answer.status, reason="the ticket shows an earlier count")

    async def reopen(self, order: Order, receipt: Receipt) -> Outcome:
        """Move the ticket back to an open status where that is possible, and say why in one comment."""
        if order.again:
            seen = await self.find_comment(order, receipt)
            if seen.result is not Result.REJECTED:
                return seen
        moved = await self._move_back(receipt.external_id)
        if moved.result is not Result.DELIVERED:
            return moved
        path = f"/issue/{piece(receipt.external_id)}/comment"
        answer = await self._wire.post(path, {"body": to_adf(comment_of(order))})
        outcome = self._permitted(answer)
        if outcome.result is not Result.DELIVERED:
            return outcome
        return outcome.model_copy(update={"receipt": receipt, "note": moved.note})

    async def find_comment(self, order: Order, receipt: Receipt) -> Outcome:
        """Whether the order's comment stands among the newest."""
        answer = await self._wire.get(
            f"/issue/{piece(receipt.external_id)}/comment", orderBy="-created", maxResults=str(_MOST_COMMENTS)
        )
        outcome = self._wire.judge(answer, wants_json=True)
        if not isinstance(answer, Reply) or outcome.result is not Result.DELIVERED:
            return _failed(outcome)
        mark = _mark(order)
        if any(mark in json.dumps(row.get("body")) for row in objects(answer.data, "comments")):
            return outcome.model_copy(update={"receipt": receipt})
        return Outcome(result=Result.REJECTED, status=answer.status, reason="the ticket has no such comment")

    async def _set_fields(self, order: Order, receipt: Receipt) -> Outcome:
        done = Outcome(result=Result.DELIVERED)
        if not self._settings.fields and not is_raised(order.content):
            return done
        content, key = order.content, receipt.external_id
        wanted = receipt.extra.get("type") or type_of(content, self._settings)
        found = await self._screens.of(receipt.extra.get("project") or project_of(content, self._settings), wanted)
        screen = found if isinstance(found, Screen) else Screen(wanted)
        fields, left_out = changed_fields(content, self._settings, screen=screen)
        answer = await self._put(key, fields)
        if not isinstance(answer, Reply) or answer.status != 400:
            return _with_note(done if answer is None else self._permitted(answer), left_out)
        why = refused(answer)
        rest = {name: value for name, value in fields.items() if name not in why}
        left_out += tuple(f"{name} was refused ({reason})" for name, reason in why.items())
        second = await self._put(key, rest) if why else answer
        return _with_note(done if second is None else self._permitted(second), left_out)

    async def _put(self, key: str, fields: Mapping[str, JsonValue]) -> Reply | Lost | None:
        """Set the fields; None where there are none."""
        return await self._wire.put(f"/issue/{piece(key)}", {"fields": dict(fields)}) if fields else None

    async def _keep_property(self, order: Order, key: str) -> Outcome:
        answer = await self._wire.put(f"/issue/{piece(key)}/properties/{PROPERTY}", dict(property_of(order)))
        return self._permitted(answer)

    def _permitted(self, answer: Reply | Lost) -> Outcome:
        """As judged; but a right that only changing needs stops this change, not the making of tickets."""
        outcome = self._wire.judge(answer, unsafe=True)
        if outcome.status != 403:
            return outcome
        reason = "the account needs the permissions Edit issues, Add comments and Transition issues (403)"
        return outcome.model_copy(update={"result": Result.REJECTED, "reason": reason})

    async def _move_back(self, key: str) -> Outcome:
        """Reopen by a transition; delivered with a note where there is none, or a person closed it for good."""
        answer = await self._wire.get(f"/issue/{piece(key)}", fields="status,resolution")
        outcome = self._wire.judge(answer, wants_json=True)
        if not isinstance(answer, Reply) or outcome.result is not Result.DELIVERED:
            return _failed(outcome)
        standing = standing_of(obj(obj(answer.data).get("fields")))
        if standing is not Standing.DONE:
            closed = "it was closed as a duplicate and stays so" if standing is Standing.DUPLICATE else ""
            return Outcome(result=Result.DELIVERED, note=closed)
        answer = await self._wire.get(f"/issue/{piece(key)}/transitions", expand="transitions.fields")
        outcome = self._wire.judge(answer, wants_json=True)
        if not isinstance(answer, Reply) or outcome.result is not Result.DELIVERED:
            return _failed(outcome)
        way = back(objects(answer.data, "transitions"), self._settings.reopen_transition)
        if way is None:
            return Outcome(result=Result.DELIVERED, note="no transition leads back to an open status")
        return self._permitted(
            await self._wire.post(f"/issue/{piece(key)}/transitions", {"transition": {"id": way}})
        )


def back(transitions: list[Json], named: str) -> str | None:
    """The id of the transition that reopens: the one so named, else the first to a new, else to an open status."""
    free = [row for row in transitions if row.get("isAvailable") is not False and not _asks(row)]
    if named:
        return next((_id(row) for row in free if str(row.get("name")).lower() == named.lower()), None)
    for category in ("new", "indeterminate"):
        for row in free:
            if string(obj(obj(row.get("to")).get("statusCategory")).get("key")) == category:
                return _id(row)
    return None


def comment_of(order: Order) -> Document:
    """The comment with a reference by which it is found again."""
    reference = Paragraph(spans=(Span(text=f"Reference: {_mark(order)}"),))
    return Document(blocks=(*order.content.body.blocks, reference))


def _mark(order: Order) -> str:
    return f"earshot-{order.request_key[:16]}"


def _id(row: Json) -> str | None:
    return string(row.get("id"))


def _asks(row: Json) -> bool:
    """Whether a transition wants a field filled."""
    fields: Mapping[str, Any] = obj(row.get("fields"))
    return any(
        obj(one).get("required") is True and obj(one).get("hasDefaultValue") is not True for one in fields.values()
    )


def _failed(outcome: Outcome) -> Outcome:
    """A question that failed; a ticket that is not there (any more) stays refused."""
    return outcome if outcome.status == 404 else unanswered(outcome)


def _with_note(outcome: Outcome, left_out: tuple[str, ...]) -> Outcome:
    return outcome.model_copy(update={"note": "; ".join(few(left_out))})
