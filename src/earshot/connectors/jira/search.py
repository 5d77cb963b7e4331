"""Finding tickets again by their label, and reading where they stand."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from earshot.connectors.http.sender import Reply
from earshot.connectors.jira.rights import lacks_right
from earshot.connectors.jira.wire import JiraWire, piece
from earshot.connectors.lenient import Json, first, is_object, moment, obj, objects, string
from earshot.connectors.tickets import unanswered, unreadable
from earshot.domain.delivery import Outcome, Receipt, Remote, Result, Standing
from earshot.errors import Transient

_KEY = re.compile(r"[A-Z][A-Z0-9_]+-[0-9]{1,18}")
_AT_ONCE = 50
HINT = "Check [jira] base_url and email, and JIRA_API_TOKEN."
_STATUS_FIELDS = ("summary", "status", "resolution", "resolutiondate", "statuscategorychangedate")
_DUPLICATE = frozenset({"duplicate", "duplicated", "duplicate issue"})


async def labelled(wire: JiraWire, label: str, *, site: str) -> Outcome:
    """The ticket with this label, whatever its status; REJECTED when there is none. The oldest of several."""
    body: Json = {
        "jql": f'labels = "{label}" ORDER BY created ASC',
        "maxResults": 5,
        "fields": ["summary", "status"],
    }
    answer = await wire.post("/search/jql", body)
    outcome = wire.judge(answer, wants_json=True)
    if not isinstance(answer, Reply) or outcome.result is not Result.DELIVERED:
        return unanswered(outcome)
    if not is_object(answer.data) or "issues" not in answer.data:
        return Outcome(result=Result.RETRY, status=answer.status, reason="Jira's search answered something else")
    found = [row for row in objects(answer.data.get("issues")) if string(row.get("key"))]
    if not found:
        return Outcome(result=Result.REJECTED, status=answer.status, reason=f"no ticket has the label {label}")
    note = f"{len(found)} tickets carry the label {label}; the oldest is used" if len(found) > 1 else ""
    return Outcome(
        result=Result.DELIVERED, status=answer.status, receipt=receipt_of(found[0], site=site), note=note
    )


def receipt_of(row: Json, *, site: str) -> Receipt:
    """The receipt for a ticket's JSON."""
    key = string(row.get("key")) or ""
    return Receipt(external_id=key, url=f"{site}/browse/{piece(key)}", extra={"id": string(row.get("id")) or ""})


async def standings(wire: JiraWire, keys: Sequence[str]) -> list[Remote]:
    """Where tickets stand. A key that a search does not give is asked for alone: it may have moved, or be gone.

    Of a project that the account may not browse (any more) nothing is said.
    """
    known = [key for key in dict.fromkeys(keys) if _KEY.fullmatch(key)]
    found: dict[str, Remote] = {}
    for at in range(0, len(known), _AT_ONCE):
        found |= await _searched(wire, known[at : at + _AT_ONCE])
    alone = [await _alone(wire, key) for key in known if key not in found]
    hidden = await _hidden(wire, {_project(one.external_id) for one in alone if one.standing is Standing.GONE})
    found |= {one.external_id: one for one in alone if _project(one.external_id) not in hidden}
    return [found[key] for key in known if key in found]


def _project(key: str) -> str:
    return key.rpartition("-")[0]


async def _hidden(wire: JiraWire, projects: Collection[str]) -> set[str]:
    """The projects that the account may not browse: what it does not see there may stand all the same."""
    return {one for one in sorted(projects) if await lacks_right(wire, "BROWSE_PROJECTS", project=one) is not None}


async def _searched(wire: JiraWire, keys: Sequence[str]) -> dict[str, Remote]:
    body: Json = {"jql": f"key in ({', '.join(keys)})", "maxResults": _AT_ONCE, "fields": list(_STATUS_FIELDS)}
    answer = await wire.post("/search/jql", body)
    outcome = wire.judge(answer, wants_json=True)
    if outcome.status == 400:  # one of the keys does not exist any more: Jira refuses the whole query
        return {}
    if not isinstance(answer, Reply) or outcome.result is not Result.DELIVERED:
        raise unreadable(outcome, "Jira", hint=HINT)
    rows = objects(obj(answer.data).get("issues"))
    return {key: _remote(row, key) for row in rows if (key := string(row.get("key"))) in keys and key}


async def _alone(wire: JiraWire, key: str) -> Remote:
    answer = await wire.get(f"/issue/{piece(key)}", fields=",".join(_STATUS_FIELDS))
    outcome = wire.judge(answer, wants_json=True)
    if outcome.status == 404:
        return Remote(external_id=key, standing=Standing.GONE)
    if not isinstance(answer, Reply) or outcome.result is not Result.DELIVERED:
        raise unreadable(outcome, "Jira", hint=HINT)
    if not obj(obj(answer.data).get("fields")):
        raise Transient(f"Jira's answer about {key} could not be read.")
    return _remote(obj(answer.data), key)


def _remote(row: Json, key: str) -> Remote:
    fields: Mapping[str, Any] = obj(row.get("fields"))
    status = obj(fields.get("status"))
    return Remote(
        external_id=key,
        standing=standing_of(fields),
        status=string(status.get("name")) or "",
        title=string(fields.get("summary")) or "",
        at=moment(first(fields.get("statuscategorychangedate"), fields.get("resolutiondate"))),
    )


def standing_of(fields: Mapping[str, Any]) -> Standing:
    """Open, done, or closed as a duplicate."""
    category = string(obj(obj(fields.get("status")).get("statusCategory")).get("key"))
    if category != "done":
        return Standing.OPEN
    resolution = (string(obj(fields.get("resolution")).get("name")) or "").lower()
    return Standing.DUPLICATE if resolution in _DUPLICATE else Standing.DONE
