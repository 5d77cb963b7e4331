"""What the account may do in a project."""

from collections.abc import Collection

from earshot.connectors.http.sender import Reply
from earshot.connectors.jira.wire import JiraWire
from earshot.connectors.lenient import obj
from earshot.connectors.tickets import unanswered
from earshot.domain.delivery import Outcome, Result


async def lacking(wire: JiraWire, rights: Collection[str], *, project: str) -> set[str] | Outcome:
    """The rights that the account lacks; the outcome that says why they cannot be read."""
    answer = await wire.get("/mypermissions", projectKey=project, permissions=",".join(rights))
    outcome = wire.judge(answer, wants_json=True)
    if not isinstance(answer, Reply) or outcome.result is not Result.DELIVERED:
        return outcome if outcome.status in (400, 404) else unanswered(outcome)
    have = obj(obj(answer.data).get("permissions"))
    return {name for name in rights if obj(have.get(name)).get("havePermission") is not True}


async def lacks_right(wire: JiraWire, right: str, *, project: str) -> Outcome | None:
    """The outcome for a right that is missing or cannot be read; None where the account has it."""
    found = await lacking(wire, (right,), project=project)
    if isinstance(found, Outcome):
        gone = found.status in (400, 404)
        return unanswered(found) if not gone else found.model_copy(update={"result": Result.AUTH_FAILED})
    if not found:
        return None
    return Outcome(
        result=Result.AUTH_FAILED, reason=f"the account lacks the permission to browse {project} in Jira"
    )
