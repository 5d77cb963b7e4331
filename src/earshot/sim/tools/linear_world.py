"""The state of a simulated Linear workspace, and what people do in it."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from earshot.ports.clock import Clock
from earshot.sim.tools.linear_settings import LinearSpace
from earshot.sim.tools.tally import ToolTally
from earshot.sim.tools.wire import Json

_NAMESPACE = uuid.UUID("6f0d7c7e-5d1b-4a53-9f53-0f2f3a2f8a11")


@dataclass
class LinearIssue:
    """An issue with all that hangs on it."""

    id: str
    number: int
    team: str
    input: Json
    state: str
    created: datetime
    changed: datetime
    trashed: bool = False
    attachments: dict[str, Json] = field(default_factory=dict[str, Json])
    comments: dict[str, Json] = field(default_factory=dict[str, Json])


class LinearWorld:
    """Everything by id. Ids that the workspace gives are the same in every run."""

    def __init__(self, space: LinearSpace, clock: Clock) -> None:
        self.space = space
        self.clock = clock
        self.tally = ToolTally(0)
        self.issues: dict[str, LinearIssue] = {}
        self.labels: dict[str, Json] = {}
        self.markers: dict[str, str] = {}
        self.teams = {key: self._id("team", key) for key in space.teams}
        self.spent = 0
        self.full_at = clock.now() + timedelta(hours=1)
        self._plant_labels()

    def reset(self) -> None:
        """Empty the workspace."""
        self.issues.clear()
        self.markers.clear()
        self._plant_labels()

    def issue(self, name: str) -> LinearIssue | None:
        """An issue by id or identifier."""
        return self.issues.get(name) or next(
            (one for one in self.issues.values() if self.identifier(one) == name), None
        )

    def identifier(self, issue: LinearIssue) -> str:
        """What people call an issue."""
        return f"{issue.team}-{issue.number}"

    def add(self, given: Json, team: str) -> LinearIssue:
        """A new issue in the state that its input names, else in the team's first."""
        now = self.clock.now()
        number = 1 + sum(one.team == team for one in self.issues.values())
        state = str(given.get("stateId") or self.state_id(team, self.space.states[1][0]))
        made = LinearIssue(str(given["id"]), number, team, given, state, now, now)
        self.issues[made.id] = made
        return made

    def set_state(self, name: str, state: str) -> None:
        """Somebody puts an issue into a state, by the state's name."""
        issue = self.issues[name]
        issue.state, issue.changed = self.state_id(issue.team, state), self.clock.now()

    def trash(self, name: str) -> None:
        """Somebody deletes an issue: it stays in the bin for a while."""
        self.issues[name].trashed = True

    def delete(self, name: str) -> None:
        """An issue goes for good."""
        del self.issues[name]

    def state_id(self, team: str, name: str) -> str:
        """The id of a team's state."""
        return self._id("state", team, name)

    def states(self) -> Iterable[Json]:
        """The states of all teams."""
        for key in self.space.teams:
            for position, (name, kind) in enumerate(self.space.states):
                yield {
                    "id": self.state_id(key, name),
                    "name": name,
                    "type": kind,
                    "position": float(position),
                    "team": self.team_json(key),
                }

    def team_json(self, key: str) -> Json:
        """A team."""
        return {"id": self.teams[key], "key": key, "name": self.space.teams[key]}

    def issue_json(self, issue: LinearIssue) -> Json:
        """An issue as answers show it."""
        state = next(one for one in self.states() if one["id"] == issue.state)
        at = _stamp(issue.changed)
        return {
            "id": issue.id,
            "identifier": self.identifier(issue),
            "number": float(issue.number),
            "url": f"https://linear.app/sample/issue/{self.identifier(issue)}",
            "title": issue.input.get("title"),
            "description": issue.input.get("description"),
            "priority": float(issue.input.get("priority") or 0),
            "trashed": True if issue.trashed else None,
            "archivedAt": at if issue.trashed else None,
            "createdAt": _stamp(issue.created),
            "updatedAt": at,
            "completedAt": at if state["type"] == "completed" else None,
            "canceledAt": at if state["type"] in ("canceled", "duplicate") else None,
            "state": state,
            "team": self.team_json(issue.team),
            "labels": {"nodes": [self.labels[one] for one in issue.input.get("labelIds") or ()]},
            "attachments": {"nodes": list(issue.attachments.values())},
            "comments": {"nodes": list(issue.comments.values())},
        }

    def as_json(self) -> Json:
        """All issues, for the control paths."""
        return {
            "issues": [self.issue_json(one) for one in self.issues.values()],
            "labels": list(self.labels.values()),
        }

    def _plant_labels(self) -> None:
        self.labels.clear()
        for name in self.space.labels:
            self._plant(name, None)
        for group, names in self.space.groups.items():
            parent = self._plant(group, None, is_group=True)
            for name in names:
                self._plant(name, parent)

    def _plant(self, name: str, parent: Json | None, *, is_group: bool = False) -> Json:
        ident = self._id("label", name)
        made: Json = {"id": ident, "name": name, "isGroup": is_group, "team": None, "parent": parent}
        self.labels[ident] = made
        return made

    def _id(self, *words: str) -> str:
        """A version 4 UUID that these words always have."""
        return str(uuid.UUID(bytes=uuid.uuid5(_NAMESPACE, "/".join(words)).bytes, version=4))


def matches(row: Any, wanted: Json) -> bool:
    """Whether a row satisfies a filter of the schema: comparators, nested filters, `and`, `or`, `some`."""
    return all(_one(row, name, wanted=value) for name, value in wanted.items())


def _one(row: Any, name: str, *, wanted: Any) -> bool:
    if name == "and":
        return all(matches(row, one) for one in wanted)
    if name == "or":
        return any(matches(row, one) for one in wanted)
    if name == "some":
        return any(matches(one, wanted) for one in row["nodes"])
    if name in _COMPARE:
        return _COMPARE[name](row, wanted)
    return row is not None and matches(row[name], wanted)


def _folded(value: Any) -> str:
    return str(value).casefold()


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "neq": lambda value, wanted: value != wanted,
    "in": lambda value, wanted: value in wanted,
    "eqIgnoreCase": lambda value, wanted: _folded(value) == _folded(wanted),
}


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
