"""A simulated Productboard: notes of API v2, as strict as its documents, searchable by their source."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from earshot.ports.clock import Clock
from earshot.sim.tools.door import ToolDoor, ToolRoute
from earshot.sim.tools.productboard_notes import Mistake, wrong_change, wrong_note
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.wire import Json, ToolCall, ToolRefused, ToolReply, answer, refused

_PAGE = 100
_PRESENT_NAMES: dict[str, str] = {"simple": "textNote", "conversation": "conversationNote"}
_NAMES = uuid.UUID("5b0c2f4e-6d0a-4a8e-9f55-2d9f0f6f1a11")


@dataclass
class Note:
    """A note; `visible_at` is the moment (Unix) from which lists show it."""

    id: str
    type: str
    fields: Json
    source: Json
    customers: list[Json]
    created_at: str
    visible_at: float
    changes: int = 0
    tags: list[str] = field(default_factory=list[str])


class ProductboardSim:
    """One workspace. `lag` is how many seconds a new note stays out of lists; `members` may own notes.

    `tally` counts notes by the record that their source names.
    """

    def __init__(
        self, settings: ToolSimSettings | None = None, *, lag: float = 0.0, clock: Clock | None = None
    ) -> None:
        self.settings = settings or ToolSimSettings()
        self.lag = lag
        self.members = {"pm@example.com"}
        self.notes: dict[str, Note] = {}
        self._door = ToolDoor(
            self.settings,
            routes=(
                ToolRoute("GET", "/v2/notes/configurations", self._configurations),
                ToolRoute("POST", "/v2/notes", self._create),
                ToolRoute("GET", "/v2/notes", self._list),
                ToolRoute("GET", "/v2/notes/{id}", self._read),
                ToolRoute("PATCH", "/v2/notes/{id}", self._change),
                ToolRoute("DELETE", "/v2/notes/{id}", self._delete),
            ),
            authorised=self._authorised,
            refusal=_worded,
            state=self._state,
            reset=self.notes.clear,
            clock=clock,
        )
        self.app = self._door.app
        self.faults = self._door.faults
        self.tally = self._door.tally

    def _authorised(self, call: ToolCall) -> None:
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not given:
            raise refused(401, {"message": "Unauthorized"})
        if self.settings.token and given != self.settings.token:
            raise refused(401, {"message": "No credentials found for given 'iss'"})
        if "x-version" in call.headers:
            raise _wrong(Mistake("/", "X-Version is not known to this version"))

    def _configurations(self, _call: ToolCall) -> ToolReply:
        kinds = [
            {"type": kind, "fields": {"name": {"required": True}}} for kind in ("textNote", "conversationNote")
        ]
        return answer({"data": kinds})

    def _create(self, call: ToolCall) -> ToolReply:
        body = call.json()
        mistakes = wrong_note(body)
        if mistakes:
            raise _wrong(*mistakes)
        data = body["data"]
        owner = data["fields"].get("owner", {}).get("email")
        if owner is not None and owner not in self.members:
            raise _wrong(Mistake("/data/fields/owner", "there is no such member"))
        note = self._put(data)
        self.tally.store("note", str(note.source.get("recordId", note.id)))
        return answer({"data": _shown(note)}, status=201)

    def _put(self, data: Json) -> Note:
        now = self._door.clock.now()
        fields: Json = dict(data["fields"])
        tags = [str(tag["name"]) for tag in fields.pop("tags", []) if "name" in tag]
        note = Note(
            id=str(uuid.uuid5(_NAMES, f"{self.settings.seed}:{len(self.notes)}")),
            type=_PRESENT_NAMES.get(str(data["type"]), str(data["type"])),
            fields=fields,
            source=data.get("metadata", {}).get("source", {}),
            customers=data.get("relationships", []),
            created_at=(now + timedelta(microseconds=len(self.notes))).isoformat(),
            visible_at=now.timestamp() + self.lag,
            tags=tags,
        )
        self.notes[note.id] = note
        return note

    def _list(self, call: ToolCall) -> ToolReply:
        now = self._door.clock.now().timestamp()
        unknown = [name for name in call.query if name not in _FILTERS and name != "pageCursor"]
        if unknown:
            raise _wrong(Mistake(f"/{unknown[0]}", "unknown parameter"))
        wanted = {part: call.query[name] for name, part in _FILTERS.items() if name in call.query}
        found = [
            note
            for note in self.notes.values()
            if note.visible_at <= now and all(note.source.get(part) == value for part, value in wanted.items())
        ]
        start = int(call.query.get("pageCursor", "0"))
        more = start + _PAGE < len(found)
        link = f"{call.address}/v2/notes?pageCursor={start + _PAGE}" if more else None
        page = [_shown(note, whole=True) for note in found[start : start + _PAGE]]
        return answer({"data": page, "links": {"next": link}})

    def _read(self, call: ToolCall) -> ToolReply:
        return answer({"data": _shown(self._note(call), whole=True)})

    def _change(self, call: ToolCall) -> ToolReply:
        note, body = self._note(call), call.json()
        mistakes = wrong_change(body, kind=note.type)
        if mistakes:
            raise _wrong(*mistakes)
        note.fields.update(body["data"].get("fields", {}))
        for patch in body["data"].get("patch", []):
            if patch["op"] == "set":
                note.fields[patch["path"]] = patch.get("value")
        note.changes += 1
        return answer({"data": _shown(note)})

    def _delete(self, call: ToolCall) -> ToolReply:
        del self.notes[self._note(call).id]
        return ToolReply(204)

    def _note(self, call: ToolCall) -> Note:
        note = self.notes.get(call.path["id"])
        if note is None:
            raise _said(404, "resource.notFound", detail="no such note")
        return note

    def _state(self) -> object:
        return [{"id": note.id, "source": note.source, "changes": note.changes} for note in self.notes.values()]


_FILTERS = {"metadata[source][system]": "system", "metadata[source][recordId]": "recordId"}


def _shown(note: Note, *, whole: bool = False) -> Json:
    links = {
        "self": f"https://api.productboard.com/v2/notes/{note.id}",
        "html": f"https://sim.productboard.com/all-notes/notes/{note.id}",
    }
    shown: Json = {"id": note.id, "type": note.type, "links": links}
    if whole:
        shown |= {"fields": note.fields, "metadata": {"source": note.source}, "createdAt": note.created_at}
    return shown


def _wrong(*mistakes: Mistake) -> ToolRefused:
    errors = [
        {
            "code": "request.invalid",
            "title": "Request invalid",
            "detail": one.detail,
            "source": {"pointer": one.pointer},
        }
        for one in mistakes
    ]
    return refused(400, {"id": "req-sim", "errors": errors})


def _said(status: int, code: str, *, detail: str) -> ToolRefused:
    return refused(status, {"id": "req-sim", "errors": [{"code": code, "title": detail, "detail": detail}]})


def _worded(status: int, /, *, retry_after: float) -> ToolReply | None:
    if status == 401:
        return answer({"message": "Unauthorized"}, status=401)
    if status == 429:
        errors = [{"code": "rateLimit.exceeded", "title": "Too many requests", "detail": "slow down"}]
        headers = {"Retry-After": f"{retry_after:g}", "X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0"}
        return answer({"id": "req-sim", "errors": errors}, status=429, headers=headers)
    return None
