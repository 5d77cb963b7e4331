"""Linear's tool against the simulated Linear on a real socket, and both against Linear's own schema."""

import json
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import parse

from earshot.connectors.linear.documents import EVERY, attach_all
from earshot.connectors.linear.ids import issue_id
from earshot.connectors.linear.settings import LinearSettings
from earshot.connectors.linear.tool import LinearTool
from earshot.domain.delivery import RAISED, Op, Order, Receipt, Result, Standing, Thing, WebLink
from earshot.domain.document import Document, Paragraph, Span
from earshot.errors import Misconfigured, Transient
from earshot.sim.tools import server
from earshot.sim.tools.linear import LinearSim
from earshot.sim.tools.linear_settings import LinearSpace
from earshot.sim.tools.linear_world import LinearIssue
from earshot.sim.tools.settings import ToolFault, ToolFaultSettings, ToolSimSettings
from tests.contract import linear_spec
from tests.contract.eavesdropper import Eavesdropper
from tests.contract.tools.case import HOSTILE, KEY, SECRET, order
from tests.still import StillClock

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FACTS: dict[str, Any] = {"customer_evidence_count": 12, "rice_score": 85.3}
SAID = Document(blocks=(Paragraph(spans=(Span(text="It is back."),)),))
ID = issue_id(KEY)
LINKS = tuple(
    WebLink(text=f"Conversation {number}", href=f"https://app.example.com/c/{number}") for number in range(9)
)
described = pytest.mark.skipif(not linear_spec.SPEC.exists(), reason="Linear's schema is not there")


@dataclass
class Desk:
    """A tool, its simulator, and what passes between them."""

    sim: LinearSim
    tool: LinearTool
    clock: StillClock
    between: Eavesdropper

    def create(self, **changes: Any) -> Order:
        given: dict[str, Any] = {"facts": FACTS, **changes}
        return order(Thing.TICKET, **given)

    def later(self, op: Op, receipt: Receipt | None, **changes: Any) -> Order:
        given: dict[str, Any] = {"op": op, "receipt": receipt, "request_key": "a" * 32, "body": SAID, **changes}
        return order(Thing.TICKET, **given)

    async def made(self, **changes: Any) -> Receipt:
        outcome = await self.tool.deliver(self.create(**changes))
        assert outcome.result is Result.DELIVERED, outcome
        assert outcome.receipt is not None
        return outcome.receipt

    async def warmed(self) -> None:
        """Let the tool learn team and labels, so that its next request is the create."""
        await self.made(object_key="f" * 32)

    @property
    def issue(self) -> LinearIssue:
        return self.sim.issues[ID]

    def asked(self) -> list[str]:
        return [json.loads(one.body)["operationName"] for one in self.between.heard]


@asynccontextmanager
async def desk(space: LinearSpace | None = None, secret: str = SECRET, **settings: Any) -> AsyncGenerator[Desk]:
    clock = StillClock(NOW)
    sim = LinearSim(
        ToolSimSettings(faults=ToolFaultSettings(hang_seconds=5, retry_after=7)), space=space, clock=clock
    )
    between = Eavesdropper(sim.app)
    async with server.running({"linear": between}) as address:
        given: dict[str, Any] = {
            "enabled": True,
            "base_url": f"{address}/linear",
            "team": "ENG",
            "timeout_seconds": 10,
            **settings,
        }
        tool = LinearTool(LinearSettings(**given), {"LINEAR_API_KEY": secret}, clock=clock)
        try:
            yield Desk(sim, tool, clock, between)
        finally:
            await tool.close()


def wait(fault: ToolFault) -> float:
    """How long to wait for answers: not long for one that never comes."""
    return 1.0 if fault in (ToolFault.HANG, ToolFault.LATE_HANG) else 10.0


async def test_an_issue_has_all_that_is_known() -> None:
    async with desk() as at:
        receipt = await at.made(labels=("customer-reported",), links=LINKS)
        assert receipt.external_id == ID
        assert receipt.url == "https://linear.app/sample/issue/ENG-1"
        assert receipt.extra == {"identifier": "ENG-1", "anchor": "https://app.example.com/c/1"}
        issue = at.sim.issue_json(at.issue)
        assert (issue["title"], issue["priority"]) == ("Export stops at 10,000 rows", 1.0)
        assert {one["name"] for one in issue["labels"]["nodes"]} == {"earshot", "Bug"}
        assert issue["description"].startswith("### What customers say")
        attached = at.issue.attachments
        assert len(attached) == 6
        assert attached["https://app.example.com/c/1"]["subtitle"] == "12 conversations"
        assert attached["https://app.example.com/c/1"]["metadata"]["rice_score"] == 85.3


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    "fault", [ToolFault.LOST, ToolFault.LATE_HANG, ToolFault.LATE_ERROR, ToolFault.GARBAGE, ToolFault.HUGE]
)
async def test_a_repeat_is_refused_and_counts_as_done(fault: ToolFault, status: int) -> None:
    async with desk(LinearSpace(conflict_status=status), timeout_seconds=wait(fault)) as at:
        await at.warmed()
        at.sim.faults.script(fault)
        wanted = at.create()
        assert (await at.tool.deliver(wanted)).result is Result.UNKNOWN
        again = await at.tool.deliver(wanted.model_copy(update={"again": True}))
        assert again.result is Result.DELIVERED
        assert again.receipt is not None
        assert again.receipt.external_id == ID
        assert (await at.tool.find(wanted)).receipt == again.receipt
        assert len(at.sim.issues) == 2
        assert at.sim.tally.duplicates == {}
        assert len(at.issue.attachments) == 1


@pytest.mark.parametrize("fault", [ToolFault.RESET, ToolFault.SERVER_ERROR, ToolFault.HTML, ToolFault.HANG])
async def test_what_did_not_arrive_is_made_by_the_repeat(fault: ToolFault) -> None:
    async with desk(timeout_seconds=wait(fault)) as at:
        await at.warmed()
        at.sim.faults.script(fault)
        wanted = at.create()
        first = await at.tool.deliver(wanted)
        assert first.result in (Result.UNKNOWN, Result.RETRY)
        assert ID not in at.sim.issues
        assert (await at.tool.find(wanted)).result is Result.REJECTED
        assert (await at.tool.deliver(wanted.model_copy(update={"again": True}))).result is Result.DELIVERED
        assert at.sim.tally.duplicates == {}


@pytest.mark.parametrize("fault", [ToolFault.LOST, ToolFault.SERVER_ERROR, ToolFault.TOO_MANY])
async def test_a_question_that_fails_changes_nothing(fault: ToolFault) -> None:
    async with desk() as at:
        at.sim.faults.script(fault)
        assert (await at.tool.deliver(at.create())).result is Result.RETRY
        assert at.sim.issues == {}


async def test_a_limit_is_no_refusal() -> None:
    async with desk() as at:
        at.sim.faults.script(ToolFault.TOO_MANY)
        outcome = await at.tool.deliver(at.create())
        assert (outcome.result, outcome.status, outcome.retry_after) == (Result.RETRY, 400, 7.0)


async def test_the_last_tenth_of_the_quota_is_left_to_others() -> None:
    async with desk(LinearSpace(requests_limit=50)) as at:
        at.sim.spent = 40
        await at.made()
        wanted = at.create(object_key="b" * 32)
        await at.tool.deliver(wanted)
        outcome = await at.tool.deliver(at.create(object_key="c" * 32))
        assert outcome.result is Result.RETRY
        assert outcome.retry_after == 3600
        spent = at.sim.spent
        assert spent <= 50
        at.clock.pass_by(3601)
        assert (await at.tool.deliver(at.create(object_key="c" * 32))).result is Result.DELIVERED


async def test_a_spent_quota_names_when_it_is_full_again() -> None:
    async with desk(LinearSpace(requests_limit=50)) as at:
        at.sim.spent = 50
        outcome = await at.tool.deliver(at.create())
        assert (outcome.result, outcome.retry_after) == (Result.RETRY, 3600)


@pytest.mark.parametrize(
    ("settings", "secret", "result"),
    [
        ({"team": "NONE"}, SECRET, Result.REJECTED),
        ({}, "wrong", Result.AUTH_FAILED),
        ({}, "", Result.AUTH_FAILED),
        ({"oauth": True}, SECRET, Result.AUTH_FAILED),
    ],
)
async def test_what_is_set_up_wrongly_is_told(settings: dict[str, Any], secret: str, result: Result) -> None:
    async with desk(None, secret, **settings) as at:
        assert (await at.tool.deliver(at.create())).result is result
        with pytest.raises(Misconfigured):
            await at.tool.access()


async def test_an_access_token_comes_as_a_bearer() -> None:
    async with desk(LinearSpace(oauth=True), oauth=True) as at:
        await at.made()
        assert "Engineering" in (await at.tool.access()).can


async def test_labels_are_found_whatever_their_capitals_and_made_when_allowed() -> None:
    async with desk(create_labels=True) as at:
        await at.made(labels=("BUG", "exports", "exports"))
        names = [str(one["name"]) for one in at.sim.issue_json(at.issue)["labels"]["nodes"]]
        assert names == ["earshot", "Bug", "exports"]
        asked = at.asked().count("CreateLabel")
        await at.made(object_key="b" * 32, labels=("exports",))
        assert at.asked().count("CreateLabel") == asked == 2


async def test_a_label_that_could_not_be_made_for_the_moment_is_made_later() -> None:
    async with desk(create_labels=True) as at:
        at.between.when(3, lambda: at.sim.faults.script(ToolFault.SERVER_ERROR))
        assert (await at.tool.deliver(at.create(labels=("exports",)))).result is Result.RETRY
        assert at.asked() == ["Team", "Labels", "CreateLabel"]
        await at.made(labels=("exports",))
        names = [str(one["name"]) for one in at.sim.issue_json(at.issue)["labels"]["nodes"]]
        assert names == ["earshot", "Bug", "exports"]


async def test_labels_that_may_not_be_made_are_left_out() -> None:
    async with desk(LinearSpace(may_make_labels=False), create_labels=True) as at:
        outcome = await at.tool.deliver(at.create(labels=("exports",)))
        assert outcome.result is Result.DELIVERED
        assert "without 2 labels" in outcome.note


async def test_one_label_of_a_group_is_taken() -> None:
    async with desk(LinearSpace(groups={"Kind": ("Crash", "Hang")})) as at:
        await at.made(labels=("Hang", "Crash"))
        names = [str(one["name"]) for one in at.sim.issue_json(at.issue)["labels"]["nodes"]]
        assert "Hang" in names
        assert "Crash" not in names


async def test_a_label_that_went_meanwhile_costs_no_issue() -> None:
    async with desk() as at:
        await at.warmed()
        at.sim.labels.clear()
        outcome = await at.tool.deliver(at.create())
        assert outcome.result is Result.DELIVERED
        assert "without labels" in outcome.note


async def test_an_update_changes_the_attachment_and_comments_nothing() -> None:
    async with desk() as at:
        receipt = await at.made()
        wanted = at.later(Op.UPDATE, receipt, facts={"customer_evidence_count": 50}, url=None, links=LINKS[2:4])
        assert (await at.tool.find(wanted)).result is Result.REJECTED
        assert (await at.tool.deliver(wanted)).result is Result.DELIVERED
        assert (await at.tool.find(wanted)).result is Result.DELIVERED
        assert at.issue.attachments["https://app.example.com/c/1"]["subtitle"] == "50 conversations"
        assert len(at.issue.attachments) == 3
        assert at.issue.comments == {}


async def test_an_issue_is_reopened_with_one_comment() -> None:
    async with desk() as at:
        receipt = await at.made()
        at.sim.set_state(ID, "Done")
        wanted = at.later(Op.REOPEN, receipt)
        assert (await at.tool.find(wanted)).result is Result.REJECTED
        assert (await at.tool.deliver(wanted)).result is Result.DELIVERED
        assert (await at.tool.find(wanted)).result is Result.DELIVERED
        assert (await at.tool.deliver(wanted.model_copy(update={"again": True}))).result is Result.DELIVERED
        assert at.sim.issue_json(at.issue)["state"]["name"] == "Todo"
        assert len(at.issue.comments) == 1


@pytest.mark.parametrize("state", ["Canceled", "Duplicate"])
async def test_what_a_person_closed_for_good_stays_closed(state: str) -> None:
    async with desk() as at:
        receipt = await at.made()
        at.sim.set_state(ID, state)
        outcome = await at.tool.deliver(at.later(Op.REOPEN, receipt))
        assert outcome.result is Result.DELIVERED
        assert "stays so" in outcome.note
        assert at.sim.issue_json(at.issue)["state"]["name"] == state


@pytest.mark.parametrize("op", [Op.UPDATE, Op.REOPEN])
async def test_an_issue_that_is_gone_is_not_asked_for_again(op: Op) -> None:
    async with desk() as at:
        receipt = await at.made()
        at.sim.delete(ID)
        for again in (False, True):
            outcome = await at.tool.deliver(at.later(op, receipt, again=again))
            assert outcome.result is Result.REJECTED, outcome


async def test_where_issues_stand_is_read_back() -> None:
    async with desk() as at:
        keys = [f"{number:032x}" for number in range(5)]
        ids = [(await at.made(object_key=key)).external_id for key in keys]
        at.sim.set_state(ids[1], "Done")
        at.sim.set_state(ids[2], "Duplicate")
        at.sim.set_state(ids[3], "Canceled")
        at.sim.trash(ids[4])
        stray = str(uuid.UUID(int=1, version=4))
        found = await at.tool.statuses([*ids, stray])
        wanted = [Standing.OPEN, Standing.DONE, Standing.DUPLICATE, Standing.DONE, Standing.GONE, Standing.GONE]
        assert [one.standing for one in found] == wanted
        assert [one.external_id for one in found] == [*ids, stray]
        assert found[1].at == NOW
        at.sim.faults.script(ToolFault.SERVER_ERROR)
        with pytest.raises(Transient):
            await at.tool.statuses(ids)


@pytest.mark.shared
@described
@pytest.mark.parametrize("text", [*EVERY.values(), attach_all(1), attach_all(6)], ids=[*EVERY, "one", "six"])
def test_every_document_is_in_linears_schema(text: str) -> None:
    assert linear_spec.document_troubles(parse(text)) == []


@pytest.mark.shared
@described
async def test_every_request_and_answer_is_as_linear_describes_it() -> None:
    async with desk(create_labels=True) as at:
        receipt = await at.made(words=HOSTILE, labels=("exports",), links=LINKS)
        await at.tool.deliver(at.create(again=True))
        await at.tool.deliver(at.later(Op.UPDATE, receipt, facts={RAISED: True}))
        await at.tool.find(at.later(Op.UPDATE, receipt))
        at.sim.set_state(ID, "Done")
        await at.tool.deliver(at.later(Op.REOPEN, receipt))
        await at.tool.find(at.later(Op.REOPEN, receipt))
        await at.tool.statuses([ID])
        await at.tool.access()
        assert set(at.asked()) == {*EVERY, "AttachAll"}
        assert [one for exchange in at.between.heard for one in linear_spec.troubles(exchange)] == []


@pytest.mark.shared
@described
async def test_the_schema_would_notice() -> None:
    async with desk() as at:
        await at.made()
        made = next(one for one in at.between.heard if b"issueCreate" in one.body)
        assert linear_spec.troubles(made) == []
        made.answer = made.answer.replace(b'"identifier": "ENG-1"', b'"identifier": null')
        assert linear_spec.troubles(made)
        made.body = made.body.replace(b'"labelIds"', b'"labels"')
        assert "labels" in linear_spec.troubles(made)[0]
