"""One line about a round of acting."""

from earshot.domain.delivery import Content, Delivery, DeliveryState, Op, Thing
from earshot.pipeline.acting.tally import Acted, Tally
from tests.contract.tools.case import NOW


def row(name: str, state: DeliveryState = DeliveryState.PENDING, *, cause: str = "") -> Delivery:
    """A ticket that is to be made."""
    return Delivery(
        id=name,
        object_key=name,
        action_key=name,
        destination="jira",
        thing=Thing.TICKET,
        op=Op.CREATE,
        subject_id="t",
        content=Content(title="A matter"),
        state=state,
        cause=cause,
        not_before=NOW,
        created_at=NOW,
    )


def test_the_last_state_of_each_delivery_counts() -> None:
    tally = Tally()
    tally.plan([row("a"), row("b"), row("c", DeliveryState.HELD)])
    tally.note([row("a", DeliveryState.DONE), row("b", DeliveryState.DEAD)])
    acted = tally.acted(waiting=4)
    assert (acted.planned, acted.done, acted.failed, acted.held, acted.waiting) == (3, 1, 1, 1, 4)
    assert not acted.ok
    assert acted.words.startswith("Actions: 1 done, 1 waiting for your approval")
    assert "4 waiting to be sent" in acted.words


def test_the_same_problem_is_told_once() -> None:
    tally = Tally()
    for name in ("a", "b"):
        tally.complain_of(row(name, DeliveryState.DEAD, cause="refused: priority"))
    tally.complain_of(row("c", DeliveryState.DONE))
    assert tally.acted().problems == ("jira: refused: priority (×2)",)


def test_nothing_to_do_is_said_so() -> None:
    assert Acted().words == "Actions: nothing to do."
    assert Acted().ok
