"""The state of a simulated Jira site, and what people do in it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from earshot.ports.clock import Clock
from earshot.sim.tools.jira_settings import JiraSite
from earshot.sim.tools.tally import ToolTally
from earshot.sim.tools.wire import Json, ToolRefused, refused

STATUSES: tuple[tuple[str, str, str], ...] = (
    ("10000", "To Do", "new"),
    ("10001", "In Progress", "indeterminate"),
    ("10002", "Done", "done"),
)
"""Id, name and category of every status."""


@dataclass
class SimIssue:
    """An issue with all that hangs on it."""

    id: str
    key: str
    fields: Json
    created: datetime
    changed: datetime
    status: str = "To Do"
    resolution: str | None = None
    properties: dict[str, Any] = field(default_factory=dict[str, Any])
    links: dict[str, Json] = field(default_factory=dict[str, Json])
    comments: list[Json] = field(default_factory=list[Json])


class JiraWorld:
    """Issues by key. `moved` maps old keys to new ones."""

    def __init__(self, site: JiraSite, clock: Clock) -> None:
        self.site = site
        self.clock = clock
        self.tally = ToolTally(0)
        self.issues: dict[str, SimIssue] = {}
        self.moved: dict[str, str] = {}
        self._number = 0

    def issue(self, key: str) -> SimIssue:
        """An issue by key, old key or id. Raises ToolRefused (404)."""
        key = self.moved.get(key, key)
        found = self.issues.get(key) or next((one for one in self.issues.values() if one.id == key), None)
        if found is None or "BROWSE_PROJECTS" not in self.site.rights:
            raise complaint(404, "Issue does not exist or you do not have permission to see it.")
        return found

    def add(self, fields: Json, properties: dict[str, Any]) -> SimIssue:
        """A new issue."""
        self._number += 1
        now = self.clock.now()
        key = f"{self.site.project}-{self._number}"
        made = SimIssue(str(9999 + self._number), key, fields, now, now, properties=properties)
        self.issues[key] = made
        return made

    def visible(self) -> list[SimIssue]:
        """What a search sees by now, oldest first."""
        seen_until = self.clock.now() - timedelta(seconds=self.site.search_lag_seconds)
        return [one for one in self.issues.values() if one.created <= seen_until]

    def close(self, key: str, resolution: str = "Done") -> None:
        """Somebody closes an issue."""
        self.set_status(self.issue(key), "Done", resolution=resolution)

    def start(self, key: str) -> None:
        """Somebody begins to work on it."""
        self.set_status(self.issue(key), "In Progress")

    def delete(self, key: str) -> None:
        """Somebody deletes an issue."""
        del self.issues[self.issue(key).key]

    def move(self, key: str, project: str) -> str:
        """Somebody moves an issue to another project; its new key. The old one still leads there."""
        issue = self.issue(key)
        del self.issues[issue.key]
        self.moved[issue.key] = f"{project}-{issue.id}"
        issue.key = self.moved[issue.key]
        self.issues[issue.key] = issue
        return issue.key

    def set_status(self, issue: SimIssue, name: str, *, resolution: str | None = None) -> None:
        """Put an issue into a status."""
        issue.status, issue.resolution, issue.changed = name, resolution, self.clock.now()

    def need(self, right: str) -> None:
        """Raises ToolRefused (403) when the account lacks a right."""
        if right not in self.site.rights:
            raise complaint(403, "You do not have permission to do this.")

    def reset(self) -> None:
        """Empty the site."""
        self.issues.clear()
        self.moved.clear()

    def as_json(self) -> Json:
        """All issues, for the control paths."""
        return {
            "issues": [
                shown(one) | {"properties": one.properties, "links": one.links} for one in self.issues.values()
            ]
        }


def shown(issue: SimIssue, wanted: frozenset[str] | None = None) -> Json:
    """An issue as Jira's answers show it; `wanted` names the fields (None: all)."""
    ident, name, category = next(row for row in STATUSES if row[1] == issue.status)
    fields: Json = {
        **issue.fields,
        "status": {"id": ident, "name": name, "statusCategory": {"key": category, "name": name}},
        "resolution": None if issue.resolution is None else {"name": issue.resolution},
        "resolutiondate": stamp(issue.changed) if issue.resolution else None,
        "statuscategorychangedate": stamp(issue.changed),
        "created": stamp(issue.created),
    }
    if wanted is not None:
        fields = {key: value for key, value in fields.items() if key in wanted}
    return {"id": issue.id, "key": issue.key, "fields": fields}


def stamp(at: datetime) -> str:
    """A time in Jira's form."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def complaint(status: int, *messages: str, fields: Json | None = None) -> ToolRefused:
    """A refusal in Jira's words, to be raised."""
    return refused(status, {"errorMessages": list(messages), "errors": fields or {}})
