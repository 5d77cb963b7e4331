"""A simulated Linear: teams, labels, states, issues under ids of the client, attachments, comments, filters."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, cast

from earshot.errors import BadInput
from earshot.ports.clock import Clock, SystemClock
from earshot.sim.tools.door import Authorised, ToolDoor, ToolRoute
from earshot.sim.tools.graphql_text import Selection, filled, read_operation
from earshot.sim.tools.linear_inputs import (
    LinearRefused,
    check_address,
    check_issue,
    checked,
    client_id,
    conflict,
    no_such,
    unfit,
    wrong_input,
)
from earshot.sim.tools.linear_settings import LinearSpace
from earshot.sim.tools.linear_world import LinearIssue, LinearWorld, matches
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.wire import Json, ToolCall, ToolReply, answer, refused

Resolver = Callable[[Json], Any]


class LinearSim(LinearWorld):
    """`app` serves the workspace; the methods of `LinearWorld` change it from the same process."""

    def __init__(
        self,
        settings: ToolSimSettings | None = None,
        *,
        space: LinearSpace | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(space or LinearSpace(), clock or SystemClock())
        self.settings = settings or ToolSimSettings()
        door = ToolDoor(
            self.settings,
            routes=[ToolRoute("POST", "/graphql", self.serve)],
            authorised=_keyed(self.settings.token, oauth=self.space.oauth),
            refusal=_refusal,
            state=self.as_json,
            reset=self.reset,
            clock=self.clock,
        )
        self.app = door.app
        self.faults = door.faults
        self.tally = door.tally
        self._fields: dict[str, dict[str, Resolver]] = {
            "query": {
                "viewer": lambda _args: {"id": "sample-user", "name": "Earshot Bot"},
                "teams": self._teams,
                "issueLabels": self._labels,
                "workflowStates": self._states,
                "issue": self._issue,
                "issues": self._issues,
                "comment": self._comment,
                "attachmentsForURL": self._attachments,
            },
            "mutation": {
                "issueCreate": self._create,
                "issueUpdate": self._update,
                "issueLabelCreate": self._create_label,
                "attachmentCreate": self._attach,
                "commentCreate": self._add_comment,
            },
        }

    def serve(self, call: ToolCall) -> ToolReply:
        """Answer one document."""
        headers = self._count()
        body = call.json()
        try:
            data = self._run(str(body.get("query")), cast("Json", body.get("variables") or {}))
        except LinearRefused as error:
            return answer({"data": None, "errors": [error.error]}, status=error.status, headers=headers)
        return answer({"data": data}, headers=headers)

    def _count(self) -> dict[str, str]:
        """Take one request of the quota; the headers that tell of it. Raises ToolRefused when it is spent."""
        now = self.clock.now()
        if now >= self.full_at:
            self.spent, self.full_at = 0, now + timedelta(hours=1)
        self.spent += 1
        limit = self.space.requests_limit
        headers = {
            "X-RateLimit-Requests-Limit": str(limit),
            "X-RateLimit-Requests-Remaining": str(max(0, limit - self.spent)),
            "X-RateLimit-Requests-Reset": str(int(self.full_at.timestamp() * 1000)),
            "X-Complexity": "10",
        }
        if self.spent > limit:
            raise refused(400, _rate_limited(), headers=headers)
        return headers

    def _run(self, text: str, variables: Json) -> Json:
        try:
            operation = read_operation(text)
        except BadInput as error:
            raise unfit(str(error)) from error
        for name, must in operation.variables.items():
            if must and variables.get(name) is None:
                raise unfit(f'Variable "${name}" of required type was not provided.')
        found: Json = {}
        for one in operation.selections:
            resolve = self._fields[operation.kind].get(one.name)
            if resolve is None:
                raise unfit(f'Cannot query field "{one.name}" on type "{operation.kind.capitalize()}".')
            found[one.key] = project(resolve(filled(one.arguments, variables)), one)
        return found

    def _teams(self, args: Json) -> Json:
        return _connection(map(self.team_json, self.space.teams), args)

    def _labels(self, args: Json) -> Json:
        return _connection(self.labels.values(), args)

    def _states(self, args: Json) -> Json:
        return _connection(self.states(), args)

    def _issues(self, args: Json) -> Json:
        rows = [one for one in self.issues.values() if args.get("includeArchived") or not one.trashed]
        return _connection(map(self.issue_json, rows), args)

    def _issue(self, args: Json) -> Json:
        return self.issue_json(self._known(args["id"]))

    def _known(self, name: Any) -> LinearIssue:
        found = self.issue(str(name))
        if found is None:
            raise no_such("Issue")
        return found

    def _comment(self, args: Json) -> Json:
        for one in self.issues.values():
            if args["id"] in one.comments:
                return one.comments[args["id"]]
        raise no_such("Comment")

    def _attachments(self, args: Json) -> Json:
        rows = [
            row for one in self.issues.values() for row in one.attachments.values() if row["url"] == args["url"]
        ]
        return _connection(rows, args)

    def _create(self, args: Json) -> Json:
        given = checked(args["input"], "IssueCreateInput")
        team = next((key for key, ident in self.teams.items() if ident == given["teamId"]), None)
        if team is None:
            raise no_such("Team")
        brought = "id" in given
        given["id"] = client_id(given)
        if given["id"] in self.issues:
            raise conflict("Issue", given["id"], status=self.space.conflict_status)
        check_issue(self, given)
        made = self.add(given, team)
        self.tally.store("issue", given["id"] if brought else f"{given['title']} {given.get('description')}")
        return {"success": True, "lastSyncId": 1.0, "issue": self.issue_json(made)}

    def _update(self, args: Json) -> Json:
        issue = self._known(args["id"])
        given = checked(args["input"], "IssueUpdateInput")
        state = given.pop("stateId", None)
        if state is not None:
            if not any(one["id"] == state and one["team"]["key"] == issue.team for one in self.states()):
                raise no_such("WorkflowState")
            issue.state, issue.changed = str(state), self.clock.now()
        issue.input |= given
        return {"success": True, "lastSyncId": 1.0, "issue": self.issue_json(issue)}

    def _create_label(self, args: Json) -> Json:
        given = checked(args["input"], "IssueLabelCreateInput")
        if not self.space.may_make_labels:
            raise LinearRefused("You don't have permission", code="FORBIDDEN", kind="forbidden", status=403)
        ident = client_id(given)
        if ident in self.labels:
            raise conflict("IssueLabel", ident, status=self.space.conflict_status)
        if any(str(one["name"]).casefold() == str(given["name"]).casefold() for one in self.labels.values()):
            raise wrong_input("duplicate label name", "A label with this name already exists.")
        team = next((self.team_json(key) for key, one in self.teams.items() if one == given.get("teamId")), None)
        self.labels[ident] = {"id": ident, "name": given["name"], "isGroup": False, "team": team, "parent": None}
        return {"success": True, "lastSyncId": 1.0, "issueLabel": self.labels[ident]}

    def _attach(self, args: Json) -> Json:
        given = checked(args["input"], "AttachmentCreateInput")
        issue = self._known(given["issueId"])
        check_address(given["url"])
        known = issue.attachments.get(given["url"], {})
        made: Json = {
            "id": known.get("id") or client_id(given),
            "url": given["url"],
            "title": given["title"],
            "subtitle": given.get("subtitle"),
            "metadata": given.get("metadata") or known.get("metadata") or {},
        }
        issue.attachments[given["url"]] = made
        self._marked(issue, str(made["metadata"].get("object") or issue.id))
        return {"success": True, "lastSyncId": 1.0, "attachment": made}

    def _marked(self, issue: LinearIssue, marker: str) -> None:
        """Count an issue as a duplicate when another one bears the same marker."""
        if self.markers.setdefault(marker, issue.id) != issue.id:
            self.tally.stored["issue", marker] = 2

    def _add_comment(self, args: Json) -> Json:
        given = checked(args["input"], "CommentCreateInput")
        issue = self._known(given.get("issueId"))
        ident = client_id(given)
        if any(ident in one.comments for one in self.issues.values()):
            raise conflict("Comment", ident, status=self.space.conflict_status)
        if not str(given.get("body") or "").strip():
            raise wrong_input("Argument Validation Error - body should not be empty.")
        issue.comments[ident] = {"id": ident, "body": given["body"]}
        self.tally.store("comment", ident if "id" in given else f"{issue.id} {given['body']}")
        return {"success": True, "lastSyncId": 1.0, "comment": issue.comments[ident]}


def project(value: Any, wanted: Selection) -> Any:
    """What a selection asks for of a value. Raises LinearRefused for a field that is not there."""
    if isinstance(value, list):
        return [project(one, wanted) for one in cast("list[Any]", value)]
    if not wanted.parts or value is None:
        return value
    row = cast("Mapping[str, Any]", value)
    found: Json = {}
    for part in wanted.parts:
        if part.name not in row:
            raise unfit(f'Cannot query field "{part.name}" on what {wanted.name} gives.')
        found[part.key] = project(row[part.name], part)
    return found


def _connection(rows: Any, args: Json) -> Json:
    first = args.get("first") or 50
    if not 0 < first <= 250:
        raise wrong_input("Argument Validation Error - first must be between 1 and 250.")
    try:
        found = [row for row in rows if matches(row, args.get("filter") or {})]
    except (KeyError, TypeError) as error:
        raise unfit(f"the filter names what is not there: {error}") from error
    return {"nodes": found[:first], "pageInfo": {"hasNextPage": len(found) > first}}


def _keyed(token: str, *, oauth: bool) -> Authorised:
    def check(call: ToolCall) -> None:
        given = call.headers.get("authorization", "")
        wanted = f"Bearer {token}" if oauth else token
        bare = given.removeprefix("Bearer ") if oauth else given
        if not bare or (token and given != wanted) or (not oauth and given.startswith("Bearer ")):
            raise refused(
                401, _error("Authentication required", "AUTHENTICATION_ERROR", kind="authentication error")
            )

    return check


def _refusal(status: int, *, retry_after: float) -> ToolReply | None:
    if status == 429:
        return answer(_rate_limited(), status=400, headers={"Retry-After": f"{retry_after:g}"})
    if status == 401:
        return answer(
            _error("Authentication required", "AUTHENTICATION_ERROR", kind="authentication error"), status=401
        )
    return answer(_error("Internal server error", "INTERNAL_SERVER_ERROR", kind="internal error"), status=status)


def _rate_limited() -> Json:
    return _error("Rate limit exceeded", "RATELIMITED", kind="ratelimited")


def _error(message: str, code: str, *, kind: str) -> Json:
    return {"errors": [{"message": message, "extensions": {"code": code, "type": kind}}]}
