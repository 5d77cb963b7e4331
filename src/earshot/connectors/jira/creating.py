"""Making a ticket once: look first when an earlier try may have arrived, then make it, then link it back."""

from collections.abc import Mapping

from pydantic import JsonValue

from earshot.connectors.http.sender import Lost, Reply
from earshot.connectors.jira.issue import NEEDED, PROPERTY, draft, marker, missing, project_of, property_of, type_of
from earshot.connectors.jira.links import link_back
from earshot.connectors.jira.rights import lacks_right
from earshot.connectors.jira.screens import Screen, Screens
from earshot.connectors.jira.search import labelled, receipt_of
from earshot.connectors.jira.settings import JiraSettings
from earshot.connectors.jira.wire import JiraWire, refused
from earshot.connectors.lenient import Json, is_object, string
from earshot.connectors.tickets import noted
from earshot.connectors.verdicts import few
from earshot.domain.delivery import Order, Outcome, Result
from earshot.text.clean import one_line


class Creating:
    """Makes tickets at one site."""

    def __init__(self, wire: JiraWire, screens: Screens, *, settings: JiraSettings) -> None:
        self._wire = wire
        self._screens = screens
        self._settings = settings

    async def create(self, order: Order) -> Outcome:
        """Make the ticket, or find the one that an earlier try made."""
        if order.again:
            seen = await self.find(order)
            if seen.result is not Result.REJECTED:
                return await self._linked(order, seen)
        project, wanted = project_of(order.content, self._settings), type_of(order.content, self._settings)
        screen = await self._screens.of(project, wanted)
        if isinstance(screen, Outcome):
            return screen
        made = await self._make(order, screen)
        if made.result is Result.REJECTED:
            self._screens.forget(project, wanted)
        return await self._linked(order, made)

    async def find(self, order: Order) -> Outcome:
        """The ticket that carries the order's label."""
        found = await labelled(self._wire, marker(order, self._settings), site=self._settings.site)
        if found.result is Result.REJECTED:
            return await self._surely_not(order, found)
        return _told(found, order, settings=self._settings)

    async def _surely_not(self, order: Order, found: Outcome) -> Outcome:
        """That nothing was found, where the account may browse: else Jira answers every search with nothing."""
        missing_right = await lacks_right(
            self._wire, "BROWSE_PROJECTS", project=project_of(order.content, self._settings)
        )
        return missing_right or found

    async def _make(self, order: Order, screen: Screen) -> Outcome:
        ticket = draft(order, self._settings, screen=screen)
        lacking = missing(ticket.fields, screen)
        if lacking:
            return _lacks(lacking, screen)
        if screen.fields and "labels" not in screen.fields:
            return _without_labels(screen)
        left_out = list(ticket.left_out)
        answer, outcome = await self._post(order, ticket.fields)
        again = _without_refused(ticket.fields, answer)
        if again is not None:
            why = refused(answer) if isinstance(answer, Reply) else {}
            left_out += [f"{name} was refused ({reason})" for name, reason in why.items()]
            answer, outcome = await self._post(order, again)
        if not isinstance(answer, Reply) or outcome.result is not Result.DELIVERED:
            return outcome
        made = _made(answer, outcome, site=self._settings.site, left_out=left_out)
        return _told(made, order, settings=self._settings)

    async def _post(self, order: Order, fields: Mapping[str, JsonValue]) -> tuple[Reply | Lost, Outcome]:
        body: Json = {"fields": dict(fields), "properties": [{"key": PROPERTY, "value": property_of(order)}]}
        answer = await self._wire.post("/issue", body)
        return answer, self._wire.judge(answer, unsafe=True, wants_json=True)

    async def _linked(self, order: Order, outcome: Outcome) -> Outcome:
        """The outcome with the link back set; that it could not be set is only noted: the ticket is there."""
        if outcome.result is not Result.DELIVERED or outcome.receipt is None:
            return outcome
        link = await link_back(self._wire, order, key=outcome.receipt.external_id)
        lost = "" if link.result is Result.DELIVERED else f"the link back is not set yet ({link.reason})"
        return outcome.model_copy(update={"note": noted(outcome.note, link.note, lost)})


def _without_refused(fields: Mapping[str, JsonValue], answer: Reply | Lost) -> dict[str, JsonValue] | None:
    """The fields without those that were refused, when only such were refused as a ticket can do without."""
    if not isinstance(answer, Reply) or answer.status != 400:
        return None
    names = set(refused(answer))
    if not names or names & NEEDED or not names <= set(fields):
        return None
    return {name: value for name, value in fields.items() if name not in names}


def _made(answer: Reply, outcome: Outcome, *, site: str, left_out: list[str]) -> Outcome:
    if not is_object(answer.data) or string(answer.data.get("key")) is None:
        return Outcome(
            result=Result.UNKNOWN, status=answer.status, reason="Jira accepted the ticket but did not name it"
        )
    note = f"made without some fields: {'; '.join(few(left_out))}" if left_out else ""
    return outcome.model_copy(update={"receipt": receipt_of(answer.data, site=site), "note": note})


def _told(outcome: Outcome, order: Order, *, settings: JiraSettings) -> Outcome:
    """The outcome whose receipt also names the project and type whose screen was filled."""
    if outcome.receipt is None:
        return outcome
    of = {"project": project_of(order.content, settings), "type": type_of(order.content, settings)}
    receipt = outcome.receipt.model_copy(update={"extra": {**outcome.receipt.extra, **of}})
    return outcome.model_copy(update={"receipt": receipt})


def _lacks(lacking: Mapping[str, str], screen: Screen) -> Outcome:
    named = ", ".join(few(f"{one_line(name, limit=80)} ({field_id})" for field_id, name in lacking.items()))
    reason = (
        f"Jira requires {named} for a {screen.type_name}: map a fact to it in [jira] fields, "
        "or give it a fixed value in [jira] defaults"
    )
    return Outcome(result=Result.REJECTED, reason=reason, fields=few(lacking))


def _without_labels(screen: Screen) -> Outcome:
    reason = (
        f"Labels are not on the create screen of {screen.type_name}: add them there, "
        "Earshot finds its tickets again by a label"
    )
    return Outcome(result=Result.REJECTED, reason=reason, fields=("labels",))
