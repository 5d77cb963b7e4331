"""The piece of JQL that the simulated Jira understands; anything else is refused rather than guessed."""

import re
from collections.abc import Callable

from earshot.sim.tools.jira_world import STATUSES, JiraWorld, SimIssue, complaint, shown
from earshot.sim.tools.wire import Json

_KEYS = frozenset(
    {"expand", "fields", "fieldsByKeys", "jql", "maxResults", "nextPageToken", "properties", "reconcileIssues"}
)
_ORDER = re.compile(r"\s*ORDER BY created (ASC|DESC)\s*$", re.IGNORECASE)
_LABEL = re.compile(r'labels = "([^"\s]+)"')
_PROJECT = re.compile(r'project = "?([A-Z][A-Z0-9_]*)"?')
_KEY_IN = re.compile(r"(?:key|issuekey|id) in \(([^)]*)\)", re.IGNORECASE)
_NOT_DONE = re.compile(r"statusCategory != Done", re.IGNORECASE)

Test = Callable[[SimIssue], bool]


def search(world: JiraWorld, body: Json) -> Json:
    """A page of issues. Raises ToolRefused (400)."""
    unknown = set(body) - _KEYS
    if unknown:
        raise complaint(400, f"Invalid request payload: {min(unknown)}")
    limit = body.get("maxResults", 50)
    if not isinstance(limit, int) or not 0 < limit <= 5000:
        raise complaint(400, "maxResults must be between 1 and 5000")
    jql, descending = _ordered(str(body.get("jql") or ""))
    tests = [_test(world, clause) for clause in re.split(r"\s+AND\s+", jql.strip()) if clause]
    if not tests:
        raise complaint(400, "Unbounded JQL queries are not allowed here. Add a search restriction.")
    found = [one for one in world.visible() if all(test(one) for test in tests)]
    found = list(reversed(found)) if descending else found
    start = int(body.get("nextPageToken") or 0)
    page = found[start : start + limit]
    wanted = frozenset(map(str, body.get("fields") or ()))
    rows = [shown(one, wanted) if wanted else {"id": one.id} for one in page]
    more = start + limit < len(found)
    return {"issues": rows, "isLast": not more} | ({"nextPageToken": str(start + limit)} if more else {})


def _ordered(jql: str) -> tuple[str, bool]:
    found = _ORDER.search(jql)
    return (jql[: found.start()], found[1].upper() == "DESC") if found else (jql, False)


def _test(world: JiraWorld, clause: str) -> Test:
    if found := _LABEL.fullmatch(clause):
        label = found[1]
        return lambda issue: label in issue.fields.get("labels", [])
    if found := _PROJECT.fullmatch(clause):
        prefix = f"{found[1]}-"
        return lambda issue: issue.key.startswith(prefix)
    if _NOT_DONE.fullmatch(clause):
        done = {name for _, name, category in STATUSES if category == "done"}
        return lambda issue: issue.status not in done
    if found := _KEY_IN.fullmatch(clause):
        return _keys(world, [part.strip().strip('"') for part in found[1].split(",")])
    raise complaint(400, f"Error in the JQL Query: the clause {clause!r} is not understood.")


def _keys(world: JiraWorld, keys: list[str]) -> Test:
    wanted = {world.moved.get(key, key) for key in keys}
    for key in wanted:
        if key not in world.issues:
            raise complaint(400, f"An issue with key '{key}' does not exist for field 'key'.")
    return lambda issue: issue.key in wanted
