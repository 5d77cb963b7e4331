"""The link from a ticket back to where it came from, with the count that people see."""

from earshot.connectors.jira.wire import JiraWire, piece
from earshot.connectors.lenient import Json
from earshot.connectors.tickets import counted, main_link
from earshot.domain.delivery import Order, Outcome, Result


async def link_back(wire: JiraWire, order: Order, *, key: str) -> Outcome:
    """Set the link (the same one every time). A link that Jira refuses for good is only noted."""
    body = link_body(order)
    if body is None:
        return Outcome(result=Result.DELIVERED)
    outcome = wire.judge(await wire.post(f"/issue/{piece(key)}/remotelink", body))
    if outcome.status in (403, 404):
        return Outcome(result=Result.DELIVERED, note="no link back: the account needs the permission Link issues")
    if outcome.result is Result.REJECTED:
        return Outcome(result=Result.DELIVERED, note=f"no link back: {outcome.reason}")
    return outcome


def link_body(order: Order) -> Json | None:
    """The link's body; None where there is nothing to link to."""
    link = main_link(order.content)
    if link is None:
        return None
    return {
        "globalId": f"earshot={order.object_key}",
        "application": {"type": "earshot", "name": "Earshot"},
        "relationship": "reported in",
        "object": {"url": link.href, "title": link.text, "summary": counted(order.content)},
    }
