"""A simulated Jira Cloud (REST v3): one project, with screens, search, properties, links, comments, transitions."""

import base64
import binascii
import json
import re
from typing import Any, cast

from earshot.ports.clock import Clock, SystemClock
from earshot.sim.tools.adf_check import adf_text, adf_trouble
from earshot.sim.tools.door import Authorised, ToolDoor, ToolRoute
from earshot.sim.tools.jira_screen import fields_json, refusals, types_json
from earshot.sim.tools.jira_search import search
from earshot.sim.tools.jira_settings import EVERY_RIGHT, JiraSite
from earshot.sim.tools.jira_world import STATUSES, JiraWorld, SimIssue, complaint, shown, stamp
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.wire import Json, ToolCall, ToolReply, answer

_API = "/rest/api/3"
_ISSUE = _API + "/issue/{key}"
_MARK = re.compile(r"earshot-[0-9a-f]{16}")
_CREATE_KEYS = frozenset({"fields", "update", "properties", "historyMetadata", "transition"})
_LINK_KEYS = frozenset({"globalId", "application", "relationship", "object"})


class JiraSim(JiraWorld):
    """`app` serves the site; the methods of `JiraWorld` change it from the same process."""

    def __init__(
        self,
        settings: ToolSimSettings | None = None,
        *,
        site: JiraSite | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(site or JiraSite(), clock or SystemClock())
        self.settings = settings or ToolSimSettings()
        door = ToolDoor(
            self.settings,
            routes=_routes(self),
            authorised=_basic(self.settings.token, self.site.email),
            refusal=_refusal,
            state=self.as_json,
            reset=self.reset,
            clock=self.clock,
        )
        self.app = door.app
        self.faults = door.faults
        self.tally = door.tally

    def create(self, call: ToolCall) -> ToolReply:
        """Make an issue."""
        self.need("CREATE_ISSUES")
        body = _body(call, _CREATE_KEYS)
        fields = _object(body.get("fields"))
        troubles = refusals(self.site, fields, creating=True)
        if troubles:
            raise complaint(400, fields=troubles)
        made = self.add(fields, _properties(body.get("properties")))
        marks = [label for label in fields.get("labels", []) if _MARK.fullmatch(label)]
        self.tally.store("issue", marks[0] if marks else made.key)
        return answer({"id": made.id, "key": made.key, "self": f"{call.address}{_API}/issue/{made.id}"}, status=201)

    def read(self, call: ToolCall) -> ToolReply:
        """An issue's fields."""
        named = call.query.get("fields", "")
        wanted = frozenset(named.split(",")) if named and named != "*all" else None
        return answer(shown(self.issue(call.path["key"]), wanted))

    def edit(self, call: ToolCall) -> ToolReply:
        """Set fields."""
        self.need("EDIT_ISSUES")
        issue = self.issue(call.path["key"])
        fields = _object(_body(call, _CREATE_KEYS).get("fields"))
        troubles = refusals(self.site, fields, creating=False)
        if troubles:
            raise complaint(400, fields=troubles)
        issue.fields.update(fields)
        return ToolReply(204)

    def types(self, call: ToolCall) -> ToolReply:
        """The issue types that the account may create."""
        self._own_project(call)
        return _page(call, types_json(self.site), key="issueTypes")

    def screen(self, call: ToolCall) -> ToolReply:
        """The fields of one issue type's create screen."""
        self._own_project(call)
        if call.path["type"] not in {row["id"] for row in types_json(self.site)}:
            raise complaint(404, "Issue type not found.")
        return _page(call, fields_json(self.site), key="fields")

    def get_property(self, call: ToolCall) -> ToolReply:
        """One property."""
        issue, name = self.issue(call.path["key"]), call.path["name"]
        if name not in issue.properties:
            raise complaint(404, f"The property {name} does not exist.")
        return answer({"key": name, "value": issue.properties[name]})

    def put_property(self, call: ToolCall) -> ToolReply:
        """Set one property."""
        self.need("EDIT_ISSUES")
        issue, name = self.issue(call.path["key"]), call.path["name"]
        known = name in issue.properties
        issue.properties |= _properties([{"key": name, "value": _body(call, None)}])
        return ToolReply(200 if known else 201)

    def comments_of(self, call: ToolCall) -> ToolReply:
        """The comments."""
        issue = self.issue(call.path["key"])
        rows = list(reversed(issue.comments)) if call.query.get("orderBy") == "-created" else issue.comments
        return _page(call, rows, key="comments")

    def comment(self, call: ToolCall) -> ToolReply:
        """Add a comment."""
        self.need("ADD_COMMENTS")
        issue = self.issue(call.path["key"])
        body = _body(call, frozenset({"body", "visibility", "properties"})).get("body")
        trouble = adf_trouble(body)
        if trouble:
            raise complaint(400, fields={"comment": trouble})
        number = len(issue.comments) + 1
        made: Json = {"id": f"{issue.id}{number:03d}", "body": body, "created": stamp(self.clock.now())}
        issue.comments.append(made)
        marks = _MARK.findall(adf_text(body))
        self.tally.store("comment", marks[-1] if marks else made["id"])
        return answer(made, status=201)

    def links_of(self, call: ToolCall) -> ToolReply:
        """The remote links."""
        return answer(list(self.issue(call.path["key"]).links.values()))

    def link(self, call: ToolCall) -> ToolReply:
        """Set a remote link: the same globalId changes it in place, fields that are left out become null."""
        self.need("LINK_ISSUES")
        issue = self.issue(call.path["key"])
        body = _body(call, _LINK_KEYS)
        target = _object(body.get("object"))
        lacking = {name: f"{name} is required." for name in ("title", "url") if not target.get(name)}
        if lacking:
            raise complaint(400, fields=lacking)
        ident = str(body.get("globalId") or f"link-{len(issue.links) + 1}")
        if len(ident) > 255:
            raise complaint(400, fields={"globalId": "The global ID is too long."})
        known = ident in issue.links
        number = list(issue.links).index(ident) if known else len(issue.links)
        issue.links[ident] = {**body, "id": 10000 + number}
        return answer(
            {"id": 10000 + number, "self": f"{call.address}{call.url}/{10000 + number}"},
            status=200 if known else 201,
        )

    def ways(self, call: ToolCall) -> ToolReply:
        """The transitions that are open now."""
        rows = [
            {
                "id": ident[-2:],
                "name": f"Move to {name}",
                "isAvailable": True,
                "fields": {},
                "to": {"id": ident, "name": name, "statusCategory": {"key": category}},
            }
            for ident, name, category in self._open_ways(self.issue(call.path["key"]))
        ]
        return answer({"transitions": rows})

    def go(self, call: ToolCall) -> ToolReply:
        """Take a transition."""
        self.need("TRANSITION_ISSUES")
        issue = self.issue(call.path["key"])
        wanted = str(_object(_body(call, _CREATE_KEYS).get("transition")).get("id"))
        name = next((row[1] for row in self._open_ways(issue) if row[0][-2:] == wanted), None)
        if name is None:
            raise complaint(400, "It seems that you have tried to perform an illegal workflow operation.")
        self.set_status(issue, name, resolution="Done" if name == "Done" else None)
        return ToolReply(204)

    def search(self, call: ToolCall) -> ToolReply:
        """Search by JQL."""
        if "BROWSE_PROJECTS" not in self.site.rights:
            return answer({"issues": [], "isLast": True})
        return answer(search(self, _body(call, None)))

    def myself(self, _call: ToolCall) -> ToolReply:
        """Whose token it is."""
        return answer({"accountId": "5b10a2844c20165700ede21g", "displayName": "Earshot Bot", "active": True})

    def rights(self, call: ToolCall) -> ToolReply:
        """What the account may do."""
        asked = [name for name in call.query.get("permissions", "").split(",") if name]
        if not asked or not EVERY_RIGHT.issuperset(asked):
            raise complaint(400, "The permissions query parameter is missing or names an unknown permission.")
        if call.query.get("projectKey", self.site.project) != self.site.project:
            raise complaint(404, "No project could be found with this key.")
        rows = {name: {"key": name, "havePermission": name in self.site.rights} for name in asked}
        return answer({"permissions": rows})

    def _open_ways(self, issue: SimIssue) -> list[tuple[str, str, str]]:
        if issue.status == "Done" and not self.site.reopenable:
            return []
        return [row for row in STATUSES if row[1] != issue.status]

    def _own_project(self, call: ToolCall) -> None:
        if call.path["project"] != self.site.project or "CREATE_ISSUES" not in self.site.rights:
            raise complaint(404, "No project could be found with this key.")


def _routes(sim: JiraSim) -> list[ToolRoute]:
    meta = _API + "/issue/createmeta/{project}/issuetypes"
    return [
        ToolRoute("POST", _API + "/issue", sim.create),
        ToolRoute("GET", meta, sim.types),
        ToolRoute("GET", meta + "/{type}", sim.screen),
        ToolRoute("GET", _ISSUE, sim.read),
        ToolRoute("PUT", _ISSUE, sim.edit),
        ToolRoute("GET", _ISSUE + "/properties/{name}", sim.get_property),
        ToolRoute("PUT", _ISSUE + "/properties/{name}", sim.put_property),
        ToolRoute("GET", _ISSUE + "/comment", sim.comments_of),
        ToolRoute("POST", _ISSUE + "/comment", sim.comment),
        ToolRoute("GET", _ISSUE + "/remotelink", sim.links_of),
        ToolRoute("POST", _ISSUE + "/remotelink", sim.link),
        ToolRoute("GET", _ISSUE + "/transitions", sim.ways),
        ToolRoute("POST", _ISSUE + "/transitions", sim.go),
        ToolRoute("POST", _API + "/search/jql", sim.search),
        ToolRoute("GET", _API + "/myself", sim.myself),
        ToolRoute("GET", _API + "/mypermissions", sim.rights),
    ]


def _basic(token: str, email: str) -> Authorised:
    def check(call: ToolCall) -> None:
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        try:
            who, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            who, secret = "", ""
        known = who and secret and (not token or secret == token) and (not email or who == email)
        if scheme != "Basic" or not known:
            raise complaint(401, "Client must be authenticated to access this resource.")

    return check


def _refusal(status: int, *, retry_after: float) -> ToolReply | None:
    if status != 429:
        return answer({"errorMessages": [f"simulated {status}"], "errors": {}}, status=status)
    headers = {"Retry-After": f"{retry_after:g}", "RateLimit-Reason": "jira-burst-based"}
    return answer({"errorMessages": ["Rate limit exceeded."], "errors": {}}, status=429, headers=headers)


def _body(call: ToolCall, known: frozenset[str] | None) -> Json:
    """The body's object. Raises ToolRefused (400) for an unknown key; `known` None: any."""
    body = call.json()
    unknown = set(body) - known if known is not None else set[str]()
    if unknown:
        raise complaint(400, f'Unrecognized field "{min(unknown)}"')
    return body


def _object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise complaint(400, "Invalid request payload. Refer to the REST API documentation and try again.")
    return cast("Json", value)


def _properties(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in cast("list[Any]", value) if isinstance(value, list) else []:
        row = _object(one)
        if set(row) != {"key", "value"} or len(str(row["key"])) > 255:
            raise complaint(400, "A property has a key of at most 255 characters and a value.")
        if len(json.dumps(row["value"])) > 32_768:
            raise complaint(400, "The property value is too long.")
        found[str(row["key"])] = row["value"]
    return found


def _page(call: ToolCall, rows: list[Json], *, key: str) -> ToolReply:
    start, size = int(call.query.get("startAt", 0)), int(call.query.get("maxResults", 50))
    if not 0 < size <= 200:
        raise complaint(400, "maxResults must be between 1 and 200")
    shown_rows = rows[start : start + size]
    return answer({key: shown_rows, "startAt": start, "maxResults": size, "total": len(rows)})
