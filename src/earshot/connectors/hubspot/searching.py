"""Looking contacts and tasks up in HubSpot. Its search lags a few moments behind what was written."""

from datetime import datetime, timedelta

from earshot.connectors.http.sender import Reply, Sender
from earshot.connectors.hubspot.paths import CONTACT_SEARCH, TASK_SEARCH
from earshot.connectors.hubspot.verdict import verdict
from earshot.connectors.lenient import Json, obj, objects, string
from earshot.connectors.tickets import unanswered
from earshot.domain.delivery import Outcome, Result

STANDING = ["hs_task_status", "hs_task_subject", "hs_lastmodifieddate"]
"""The properties that say where a task stands."""
_PAGE = 200
_PAGES = 10
_CLOCKS_DIFFER = timedelta(hours=1)
_NEWEST_FIRST = ["-hs_createdate"]


async def contact_of(sender: Sender, email: str) -> str | Outcome | None:
    """The id of the contact with that primary e-mail (the oldest, should there be several), None, or why not."""
    found = await _searched(sender, CONTACT_SEARCH, query=_query([_equal("email", email.lower())], ["email"]))
    if isinstance(found, Outcome):
        return found
    ids = [one for row in objects(found, "results") if (one := string(row.get("id"))) is not None]
    return min(ids, key=lambda one: (len(one), one), default=None)


async def task_marked(sender: Sender, mark: str, *, contact: str | None, since: datetime) -> str | Outcome | None:
    """The id of the task whose body holds the mark, None where there surely is none, or why that is not known.

    Among the contact's tasks since then, without a contact among all of them. The newest 2,000 are read at most.
    """
    begins = str(int((since - _CLOCKS_DIFFER).timestamp() * 1000))
    made_since = {"propertyName": "hs_createdate", "operator": "GTE", "value": begins}
    of_contact = [_equal("associations.contact", contact)] if contact else []
    query = _query([made_since, *of_contact], ["hs_task_body"])
    marked: list[str] = []
    for _ in range(_PAGES):
        found = await _searched(sender, TASK_SEARCH, query=query)
        if isinstance(found, Outcome):
            return found
        rows = objects(found, "results")
        marked += [one for row in rows if mark in _body(row) and (one := string(row.get("id"))) is not None]
        after = string(obj(obj(found.get("paging")).get("next")).get("after"))
        if marked or after is None:
            return min(marked, key=lambda one: (len(one), one), default=None)
        query = {**query, "after": after}
    return Outcome(result=Result.UNKNOWN, reason="there are more tasks than can be looked through (2,000)")


async def tasks_by_id(sender: Sender, ids: list[str]) -> list[Json] | Outcome:
    """Those of the tasks that the search finds, with status and subject."""
    clause = {"propertyName": "hs_object_id", "operator": "IN", "values": ids}
    query = _query([clause], STANDING)
    found = await _searched(sender, TASK_SEARCH, query=query)
    return found if isinstance(found, Outcome) else objects(found, "results")


def _query(filters: list[Json], properties: list[str]) -> Json:
    groups = [{"filters": filters}]
    return {"filterGroups": groups, "properties": properties, "sorts": _NEWEST_FIRST, "limit": _PAGE}


def _equal(name: str, value: str) -> Json:
    return {"propertyName": name, "operator": "EQ", "value": value}


def _body(row: Json) -> str:
    return string(obj(row.get("properties")).get("hs_task_body")) or ""


async def _searched(sender: Sender, path: str, *, query: Json) -> Json | Outcome:
    """What a search answers. Reading does nothing, so a lost or refused one is simply tried later."""
    answer = await sender.send("POST", path, json=query)
    outcome = verdict(answer, makes=False)
    if outcome.result is not Result.DELIVERED:
        return unanswered(outcome)
    data = obj(answer.data) if isinstance(answer, Reply) else {}
    if not isinstance(data.get("results"), list):
        return Outcome(result=Result.RETRY, status=outcome.status, reason="the search's answer could not be read")
    return data
