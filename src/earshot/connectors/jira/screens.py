"""What a project asks for when a ticket is made: its issue types and the fields of their create screens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from earshot.connectors.http.sender import Reply
from earshot.connectors.jira.wire import JiraWire, piece
from earshot.connectors.lenient import Json, is_object, obj, objects, string
from earshot.connectors.tickets import unanswered
from earshot.connectors.verdicts import few
from earshot.domain.delivery import Outcome, Result
from earshot.text.clean import one_line

_PAGE = 200
_MOST_PAGES = 10
_FRESH_SECONDS = 3600.0
_NAME = 255
_OFFERED_KEYS = ("name", "value", "key")


@dataclass(frozen=True)
class ScreenField:
    """A field of a create screen. `kind` and `items` are Jira's types, `long` a text of several lines.

    `offered` holds the names that it takes; empty: anything, or unknown.
    """

    id: str
    name: str
    required: bool
    kind: str = "any"
    items: str = ""
    long: bool = False
    offered: tuple[str, ...] = ()

    def offering(self, name: str) -> str | None:
        """The offered name that equals this one but for capitals; None when there is none."""
        if not self.offered:
            return name
        return next((known for known in self.offered if known.lower() == name.lower()), None)


@dataclass(frozen=True)
class Screen:
    """What one issue type of a project takes. Without `fields` nothing is known of the screen."""

    type_name: str
    type_id: str = ""
    fields: Mapping[str, ScreenField] = field(default_factory=dict[str, ScreenField])
    note: str = ""


class _Kept(NamedTuple):
    screen: Screen
    until: float


class Screens:
    """Screens that were asked for, kept for an hour or until a refusal says that they changed."""

    def __init__(self, wire: JiraWire) -> None:
        self._wire = wire
        self._kept: dict[tuple[str, str], _Kept] = {}

    async def of(self, project: str, type_name: str) -> Screen | Outcome:
        """The screen of a project's issue type; the outcome that says why there is none."""
        key = (project, type_name)
        now = self._wire.clock.monotonic()
        kept = self._kept.get(key)
        if kept is not None and now < kept.until:
            return kept.screen
        found = await self._ask(project, type_name)
        if isinstance(found, Screen):
            self._kept[key] = _Kept(found, now + _FRESH_SECONDS)
        return found

    def forget(self, project: str, type_name: str) -> None:
        """Ask anew the next time."""
        self._kept.pop((project, type_name), None)

    async def _ask(self, project: str, type_name: str) -> Screen | Outcome:
        path = f"/issue/createmeta/{piece(project)}/issuetypes"
        types = await self._pages(path, "issueTypes")
        if isinstance(types, Outcome):
            return _unknown_project(types, project)
        chosen = _chosen(types, project, type_name=type_name)
        if isinstance(chosen, Outcome):
            return chosen
        fields = await self._pages(f"{path}/{piece(chosen.type_id)}", "fields")
        if isinstance(fields, Outcome):
            return fields
        known = [_field(row) for row in fields]
        return Screen(chosen.type_name, chosen.type_id, {one.id: one for one in known if one.id}, chosen.note)

    async def _pages(self, path: str, key: str) -> list[Json] | Outcome:
        rows: list[Json] = []
        for _ in range(_MOST_PAGES):
            answer = await self._wire.get(path, startAt=str(len(rows)), maxResults=str(_PAGE))
            outcome = self._wire.judge(answer, wants_json=True)
            if not isinstance(answer, Reply) or outcome.result is not Result.DELIVERED:
                return outcome if outcome.status in (400, 404) else unanswered(outcome)
            page = objects(answer.data, key, "results", "createMetaIssueType")
            rows += page
            total = obj(answer.data).get("total")
            if not page or not isinstance(total, int) or len(rows) >= total:
                break
        return rows


def _unknown_project(outcome: Outcome, project: str) -> Outcome:
    if outcome.status not in (400, 404):
        return outcome
    reason = f"Jira has no project {project}, or the account may not make tickets in it: see [jira] project"
    return outcome.model_copy(update={"result": Result.REJECTED, "reason": reason, "fields": ("project",)})


def _chosen(types: list[Json], project: str, *, type_name: str) -> Screen | Outcome:
    """The wanted issue type, or Task where the project has no such type."""
    names = {
        name: str(row.get("id"))
        for row in types
        if row.get("subtask") is not True and (name := one_line(string(row.get("name")) or "", limit=_NAME))
    }
    if not names:
        reason = f"Jira offers no issue type in {project}: the account may not make tickets there"
        return Outcome(result=Result.REJECTED, reason=reason, fields=("issuetype",))
    for wanted in (type_name, "Task"):
        found = next((name for name in names if name.lower() == wanted.lower()), None)
        if found is not None:
            note = "" if wanted == type_name else f"{project} has no issue type {type_name}, so it became a {found}"
            return Screen(found, names[found], note=note)
    reason = (
        f"{project} has no issue type {type_name} (but {', '.join(few(sorted(names)))}): see [jira] issue_types"
    )
    return Outcome(result=Result.REJECTED, reason=reason, fields=("issuetype",))


def _field(row: Json) -> ScreenField:
    schema: Mapping[str, Any] = obj(row.get("schema"))
    kind, items = string(schema.get("type")) or "any", string(schema.get("items")) or ""
    custom, system = string(schema.get("custom")) or "", string(schema.get("system")) or ""
    return ScreenField(
        id=string(row.get("fieldId")) or string(row.get("key")) or "",
        name=one_line(string(row.get("name")) or "", limit=_NAME),
        required=row.get("required") is True and row.get("hasDefaultValue") is not True,
        kind=kind,
        items=items,
        long=custom.endswith(":textarea") or system in ("description", "environment"),
        offered=tuple(name for value in objects(row.get("allowedValues")) if (name := _offered(value))),
    )


def _offered(value: Json) -> str | None:
    return (
        next((found for key in _OFFERED_KEYS if (found := string(value.get(key)))), None)
        if is_object(value)
        else None
    )
