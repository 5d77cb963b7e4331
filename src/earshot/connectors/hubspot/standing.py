"""Reading back where tasks stand."""

from earshot.connectors.http.sender import Sender
from earshot.connectors.hubspot.paths import task_path
from earshot.connectors.hubspot.searching import STANDING, tasks_by_id
from earshot.connectors.hubspot.verdict import verdict
from earshot.connectors.lenient import Json, moment, obj, string
from earshot.domain.delivery import Outcome, Remote, Result, Standing

_MOST = 100


async def remotes(sender: Sender, ids: list[str]) -> list[Remote] | Outcome:
    """Where the tasks stand, in the order asked; an outcome where HubSpot did not say.

    The search tells most of them at once. Those that it lacks are asked for one by one: it lags, and leaves
    archived ones out. One that HubSpot refuses to show is left out here.
    """
    found: dict[str, Remote] = {}
    for start in range(0, len(ids), _MOST):
        rows = await tasks_by_id(sender, ids[start : start + _MOST])
        if isinstance(rows, Outcome):
            return rows
        found |= {remote.external_id: remote for row in rows if (remote := _remote(row)) is not None}
    for missing in [one for one in ids if one not in found]:
        remote = await _single(sender, missing)
        if isinstance(remote, Remote):
            found[missing] = remote
        elif remote.result is not Result.REJECTED:
            return remote
    return [found[one] for one in ids if one in found]


async def _single(sender: Sender, task: str) -> Remote | Outcome:
    answer = await sender.send("GET", task_path(task), params={"properties": ",".join(STANDING)})
    outcome = verdict(answer, makes=False)
    if outcome.status == 404:
        return Remote(external_id=task, standing=Standing.GONE)
    if outcome.result is not Result.DELIVERED:
        return outcome
    remote = _remote(obj(getattr(answer, "data", None)))
    unread = Outcome(result=Result.RETRY, status=outcome.status, reason="the task could not be read")
    return remote if remote is not None and remote.external_id == task else unread


def _remote(row: Json) -> Remote | None:
    found, properties = string(row.get("id")), obj(row.get("properties"))
    if found is None:
        return None
    status = string(properties.get("hs_task_status")) or ""
    done = status == "COMPLETED"
    gone = row.get("archived") is True
    standing = Standing.GONE if gone else Standing.DONE if done else Standing.OPEN
    at = moment(properties.get("hs_lastmodifieddate")) or moment(row.get("updatedAt"))
    title = string(properties.get("hs_task_subject")) or ""
    return Remote(external_id=found, standing=standing, status=status, title=title, at=at)
