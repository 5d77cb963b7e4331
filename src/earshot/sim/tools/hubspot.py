"""A simulated HubSpot: contacts and tasks, a search that lags, nothing folded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from earshot.ports.clock import Clock
from earshot.sim.intercom.peek import mapping, sequence
from earshot.sim.tools.door import ToolDoor, ToolRoute
from earshot.sim.tools.hubspot_tasks import Mistake, wrong_change, wrong_search, wrong_task
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.wire import Json, ToolCall, ToolRefused, ToolReply, answer, refused

_OBJECTS = "/crm/objects/2026-09"
_PAGE = 10
_COMPARED: Mapping[str, Callable[[str, Json], bool]] = {
    "EQ": lambda held, one: held.lower() == str(one.get("value")).lower(),
    "IN": lambda held, one: held in (sequence(one.get("values")) or ()),
    "GTE": lambda held, one: int(held) >= int(one["value"]),
    "CONTAINS_TOKEN": lambda held, one: str(one.get("value")).lower() in held.lower().split(),
}


@dataclass
class Held:
    """A task (or a contact); `visible_at` is the moment (Unix) from which searches show it."""

    id: str
    properties: dict[str, str]
    contacts: list[str]
    created_at: datetime
    updated_at: datetime
    visible_at: float
    archived: bool = False


class HubSpotSim:
    """One account. `contacts` maps ids to e-mails, `owners` are users, `rules` are properties its admins forbid.

    `lag` is how many seconds new tasks stay out of searches. `tally` counts tasks by the mark in their body.
    """

    def __init__(
        self, settings: ToolSimSettings | None = None, *, lag: float = 0.0, clock: Clock | None = None
    ) -> None:
        self.settings = settings or ToolSimSettings()
        self.lag = lag
        self.contacts = {"101": "customer@example.com"}
        self.owners = {"64492917"}
        self.rules: set[str] = set()
        self.tasks: dict[str, Held] = {}
        self._made = 0
        self._door = ToolDoor(
            self.settings,
            routes=(
                ToolRoute("POST", f"{_OBJECTS}/contacts/search", self._search_contacts),
                ToolRoute("POST", f"{_OBJECTS}/tasks/search", self._search_tasks),
                ToolRoute("POST", f"{_OBJECTS}/tasks", self._create),
                ToolRoute("GET", f"{_OBJECTS}/tasks/{{id}}", self._read),
                ToolRoute("PATCH", f"{_OBJECTS}/tasks/{{id}}", self._change),
                ToolRoute("DELETE", f"{_OBJECTS}/tasks/{{id}}", self._archive),
            ),
            authorised=self._authorised,
            refusal=_worded,
            state=self._state,
            reset=self.tasks.clear,
            clock=clock,
        )
        self.app = self._door.app
        self.faults = self._door.faults
        self.tally = self._door.tally

    def complete(self, task: str) -> None:
        """What a person does in the app."""
        self.tasks[task].properties["hs_task_status"] = "COMPLETED"

    def archive(self, task: str) -> None:
        """What a person does in the app: it is gone from searches and by its id."""
        self.tasks[task].archived = True

    def _authorised(self, call: ToolCall) -> None:
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not given or (self.settings.token and given != self.settings.token):
            raise _said(401, "INVALID_AUTHENTICATION", message="Authentication credentials not found")

    def _search_contacts(self, call: ToolCall) -> ToolReply:
        now = self._door.clock.now()
        return self._searched(
            call, [Held(one, {"email": email}, [], now, now, 0.0) for one, email in self.contacts.items()]
        )

    def _search_tasks(self, call: ToolCall) -> ToolReply:
        now = self._door.clock.now().timestamp()
        held = [task for task in self.tasks.values() if task.visible_at <= now and not task.archived]
        held.sort(key=lambda task: task.created_at, reverse="-hs_createdate" in (call.json().get("sorts") or ()))
        return self._searched(call, held)

    def _searched(self, call: ToolCall, rows: list[Held]) -> ToolReply:
        body = call.json()
        mistakes = wrong_search(body)
        if mistakes:
            raise _wrong(*mistakes)
        groups = [sequence(mapping(group).get("filters")) or [] for group in sequence(body["filterGroups"]) or ()]
        found = [row for row in rows if not groups or any(_meets(row, group) for group in groups)]
        start, limit = int(body.get("after", "0")), int(body.get("limit", _PAGE))
        told: Json = {"total": len(found), "results": [_shown(row) for row in found[start : start + limit]]}
        if start + limit < len(found):
            told["paging"] = {"next": {"after": str(start + limit)}}
        return answer(told)

    def _create(self, call: ToolCall) -> ToolReply:
        body = call.json()
        contacts = [
            str(mapping(mapping(one).get("to")).get("id")) for one in sequence(body.get("associations")) or ()
        ]
        mistakes = wrong_task(body) + self._forbidden(mapping(body.get("properties")))
        mistakes += [Mistake("associated object does not exist") for one in contacts if one not in self.contacts]
        if mistakes:
            raise _wrong(*mistakes)
        now = self._door.clock.now()
        self._made += 1
        task = Held(str(511 + self._made), body["properties"], contacts, now, now, now.timestamp() + self.lag)
        self.tasks[task.id] = task
        self.tally.store("task", _mark(task))
        return answer(_shown(task), status=201)

    def _read(self, call: ToolCall) -> ToolReply:
        return answer(_shown(self._task(call)))

    def _change(self, call: ToolCall) -> ToolReply:
        task, body = self._task(call), call.json()
        mistakes = wrong_change(body) + self._forbidden(mapping(body.get("properties")))
        if mistakes:
            raise _wrong(*mistakes)
        task.properties = {**task.properties, **body["properties"]}
        task.updated_at = self._door.clock.now()
        return answer(_shown(task))

    def _archive(self, call: ToolCall) -> ToolReply:
        self._task(call).archived = True
        return ToolReply(204)

    def _task(self, call: ToolCall) -> Held:
        task = self.tasks.get(call.path["id"])
        if task is None or task.archived:
            raise _said(404, "OBJECT_NOT_FOUND", message="No object found")
        return task

    def _forbidden(self, properties: Json) -> list[Mistake]:
        owner = properties.get("hubspot_owner_id")
        found = [Mistake(f"a rule forbids {name}", name) for name in properties if name in self.rules]
        if owner is not None and owner not in self.owners:
            found.append(Mistake("owner does not exist", "hubspot_owner_id"))
        return found

    def _state(self) -> object:
        return [{"id": task.id, "mark": _mark(task), "contacts": task.contacts} for task in self.tasks.values()]


def _meets(row: Held, group: list[object]) -> bool:
    return all(_holds(row, mapping(one)) for one in group)


def _holds(row: Held, one: Json) -> bool:
    name, compared = str(one["propertyName"]), _COMPARED.get(str(one["operator"]))
    if compared is None:
        raise _wrong(Mistake(f"the simulator does not know {one['operator']}"))
    if name == "associations.contact":
        return one.get("value") in row.contacts
    held = row.properties[name] if name in row.properties else _stamps(row).get(name)
    return held is not None and compared(held, one)


def _stamps(row: Held) -> dict[str, str]:
    return {
        "hs_object_id": row.id,
        "hs_createdate": str(int(row.created_at.timestamp() * 1000)),
        "hs_lastmodifieddate": row.updated_at.isoformat(),
    }


def _shown(row: Held) -> Json:
    return {
        "id": row.id,
        "properties": {**row.properties, **_stamps(row)},
        "createdAt": row.created_at.isoformat(),
        "updatedAt": row.updated_at.isoformat(),
        "archived": row.archived,
    }


def _mark(task: Held) -> str:
    """The 16 digits behind the last “Earshot ” of the body; the id where there are none."""
    tail = task.properties.get("hs_task_body", "").rpartition("Earshot ")[2]
    return tail[:16] if len(tail) >= 16 else task.id


def _wrong(*mistakes: Mistake) -> ToolRefused:
    errors = [
        {"message": one.message, "context": {"propertyName": [one.name]} if one.name else {}} for one in mistakes
    ]
    return _said(400, "VALIDATION_ERROR", message="Property values were not valid", errors=errors)


def _said(status: int, category: str, *, message: str, errors: list[Json] | None = None) -> ToolRefused:
    body: Json = {"status": "error", "message": message, "correlationId": "sim", "category": category}
    return refused(status, {**body, "errors": errors} if errors else body)


def _worded(status: int, /, *, retry_after: float) -> ToolReply | None:
    """HubSpot names the window of its limit, but no wait."""
    if status == 429:
        headers = {"X-HubSpot-RateLimit-Interval-Milliseconds": str(int(retry_after * 1000))}
        body = {"status": "error", "message": "You have reached your ten_secondly_rolling limit."}
        body |= {"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING", "correlationId": "sim"}
        return answer(body, status=429, headers=headers)
    if status == 401:
        return _said(401, "EXPIRED_AUTHENTICATION", message="The key expired").answer
    return None
