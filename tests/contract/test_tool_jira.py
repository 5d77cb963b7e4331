"""Jira's tool against the simulated Jira on a real socket, and both against Jira's own description."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from earshot.connectors.jira.settings import JiraSettings
from earshot.connectors.jira.tool import JiraTool
from earshot.domain.delivery import Op, Order, Outcome, Receipt, Result, Standing, Thing
from earshot.domain.document import Document, Heading, Paragraph, Span
from earshot.errors import Misconfigured, Transient
from earshot.sim.tools import server
from earshot.sim.tools.adf_check import adf_text
from earshot.sim.tools.jira import JiraSim
from earshot.sim.tools.jira_settings import EVERY_RIGHT, JiraSite, SimField
from earshot.sim.tools.settings import ToolFault, ToolFaultSettings, ToolSimSettings
from tests.contract import jira_spec
from tests.contract.eavesdropper import Eavesdropper
from tests.contract.tools.case import HOSTILE, SECRET, order
from tests.still import StillClock

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MAPPED = {
    "rice_score": "customfield_10050",
    "customer_evidence_count": "customfield_10051",
    "first_reported": "customfield_10052",
}
FACTS: dict[str, Any] = {"customer_evidence_count": 12, "rice_score": 85.3, "first_reported": "2026-01-01"}
SAID = Document(blocks=(Paragraph(spans=(Span(text="It is back."),)),))


@dataclass
class Desk:
    """A tool, its simulator, and what passes between them."""

    sim: JiraSim
    tool: JiraTool
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

    def issue(self, key: str) -> dict[str, Any]:
        return self.sim.issues[key].fields


@asynccontextmanager
async def desk(site: JiraSite | None = None, secret: str = SECRET, **settings: Any) -> AsyncGenerator[Desk]:
    clock = StillClock(NOW)
    faults = ToolFaultSettings(hang_seconds=5, retry_after=7)
    sim = JiraSim(ToolSimSettings(faults=faults), site=site, clock=clock)
    between = Eavesdropper(sim.app)
    async with server.running({"jira": between}) as address:
        given: dict[str, Any] = {
            "enabled": True,
            "base_url": f"{address}/jira",
            "site_url": "https://acme.atlassian.net",
            "email": "bot@acme.test",
            "project": "ENG",
            "fields": MAPPED,
            "timeout_seconds": 10,
            **settings,
        }
        tool = JiraTool(JiraSettings(**given), {"JIRA_API_TOKEN": secret}, clock=clock)
        try:
            yield Desk(sim, tool, clock, between)
        finally:
            await tool.close()


def wait(fault: ToolFault) -> float:
    """How long to wait for answers: not long for one that never comes."""
    return 1.0 if fault in (ToolFault.HANG, ToolFault.LATE_HANG) else 10.0


def said(outcome: Outcome) -> str:
    return f"{outcome.reason} {outcome.note}"


async def test_a_ticket_has_all_that_is_known() -> None:
    async with desk() as at:
        receipt = await at.made(components=("Integrations", "Unheard of"), labels=("customer reported", "p0"))
        fields = at.issue("ENG-1")
        assert receipt.external_id == "ENG-1"
        assert receipt.url == "https://acme.atlassian.net/browse/ENG-1"
        assert fields["summary"] == "Export stops at 10,000 rows"
        assert fields["issuetype"] == {"id": "10004"}
        assert fields["priority"] == {"name": "Highest"}
        assert fields["components"] == [{"name": "Integrations"}]
        assert fields["labels"] == ["earshot", "earshot-0123456789abcdef", "customer-reported", "p0"]
        assert fields["customfield_10050"] == 85.3
        assert fields["customfield_10051"] == 12
        assert fields["customfield_10052"] == "2026-01-01"
        issue = at.sim.issues["ENG-1"]
        assert issue.properties["earshot"]["facts"]["rice_score"] == 85.3
        [link] = issue.links.values()
        assert link["object"] == {
            "url": "https://app.example.com/c/1",
            "title": "The conversation",
            "summary": "12 conversations",
        }


async def test_the_guides_sample_item_becomes_the_ticket_that_it_shows() -> None:
    said = ("Customer Impact", "Enterprise customers unable to sync contacts from Salesforce.")
    body = Document(blocks=(Heading(spans=(Span(text=said[0]),)), Paragraph(spans=(Span(text=said[1]),))))
    async with desk(fields={**MAPPED, "estimated_mrr_impact": "customfield_10053"}) as at:
        await at.made(
            title="Salesforce sync fails for contacts with custom fields",
            body=body,
            priority="P1",
            labels=("customer-reported", "integrations", "salesforce", "enterprise"),
            components=("Integrations",),
            facts={**FACTS, "estimated_mrr_impact": 45000},
        )
        fields = at.issue("ENG-1")
        assert fields["project"] == {"key": "ENG"}
        assert fields["issuetype"] == {"id": "10004"}
        assert fields["priority"] == {"name": "High"}
        assert fields["labels"][2:] == ["customer-reported", "integrations", "salesforce", "enterprise"]
        assert fields["components"] == [{"name": "Integrations"}]
        custom = [fields[f"customfield_1005{number}"] for number in range(4)]
        assert custom == [85.3, 12, "2026-01-01", 45000]
        assert adf_text(fields["description"]) == "".join(said)


@pytest.mark.parametrize(
    "fault", [ToolFault.LOST, ToolFault.LATE_HANG, ToolFault.LATE_ERROR, ToolFault.GARBAGE, ToolFault.HUGE]
)
async def test_a_lost_answer_is_looked_up_once_the_search_has_seen_it(fault: ToolFault) -> None:
    async with desk(JiraSite(search_lag_seconds=45), timeout_seconds=wait(fault)) as at:
        await at.tool.access()
        at.sim.faults.script(fault, path="/rest/api/3/issue")
        wanted = at.create()
        assert (await at.tool.deliver(wanted)).result is Result.UNKNOWN
        assert (await at.tool.find(wanted)).result is Result.REJECTED, "the search must lag for this test"
        at.clock.pass_by(at.tool.abilities.settle_after)
        found = await at.tool.find(wanted)
        assert found.result is Result.DELIVERED
        assert found.receipt is not None
        assert found.receipt.external_id == "ENG-1"
        again = await at.tool.deliver(wanted.model_copy(update={"again": True}))
        assert again.receipt == found.receipt
        assert at.sim.tally.duplicates == {}
        assert len(at.sim.issues["ENG-1"].links) == 1


async def test_a_ticket_that_was_closed_meanwhile_is_found_all_the_same() -> None:
    async with desk() as at:
        await at.made()
        at.sim.close("ENG-1", "Duplicate")
        again = await at.tool.deliver(at.create().model_copy(update={"again": True}))
        assert again.receipt is not None
        assert again.receipt.external_id == "ENG-1"
        assert at.sim.tally.objects == 1


@pytest.mark.parametrize("fault", [ToolFault.TOO_MANY, ToolFault.SERVER_ERROR, ToolFault.HTML, ToolFault.HANG])
async def test_a_search_that_fails_makes_nothing(fault: ToolFault) -> None:
    async with desk(timeout_seconds=wait(fault)) as at:
        await at.made()
        at.sim.faults.script(fault, path="/rest/api/3/search")
        outcome = await at.tool.deliver(at.create().model_copy(update={"again": True}))
        assert outcome.result is Result.RETRY, outcome
        assert at.sim.tally.objects == 1


async def test_a_limit_is_named_and_waited_for() -> None:
    async with desk() as at:
        at.sim.faults.script(ToolFault.TOO_MANY)
        outcome = await at.tool.deliver(at.create())
        assert (outcome.result, outcome.retry_after) == (Result.RETRY, 7.0)
        assert "jira-burst-based" in outcome.reason


async def test_fields_that_a_screen_lacks_are_left_out_and_told() -> None:
    hidden = frozenset({"priority", "customfield_10050"})
    async with desk(JiraSite(hidden=hidden)) as at:
        outcome = await at.tool.deliver(at.create())
        assert outcome.result is Result.DELIVERED
        assert "priority" in outcome.note
        assert "customfield_10050" in outcome.note
        assert "priority" not in at.issue("ENG-1")
        assert at.issue("ENG-1")["customfield_10051"] == 12


async def test_fields_that_are_refused_are_dropped_once() -> None:
    async with desk(JiraSite(hidden_from_meta=frozenset({"priority", "components"}))) as at:
        outcome = await at.tool.deliver(at.create(components=("Export",)))
        assert outcome.result is Result.DELIVERED
        assert "priority was refused (not on the screen)" in outcome.note
        assert at.sim.tally.requests["POST /rest/api/3/issue"] == 2
        assert at.sim.tally.objects == 1


async def test_a_refused_field_that_is_needed_ends_it() -> None:
    async with desk(JiraSite(hidden_from_meta=frozenset({"labels"}))) as at:
        outcome = await at.tool.deliver(at.create())
        assert (outcome.result, outcome.fields) == (Result.REJECTED, ("labels",))
        assert at.sim.tally.requests["POST /rest/api/3/issue"] == 1


async def test_a_required_field_is_named_with_where_to_map_it() -> None:
    team = SimField(
        id="customfield_10060", name="Squad", type="option", custom="select", options=("A", "B"), required=True
    )
    async with desk(JiraSite(fields=(team,)), fields={}) as at:
        outcome = await at.tool.deliver(at.create())
        assert (outcome.result, outcome.fields) == (Result.REJECTED, ("customfield_10060",))
        assert "Squad (customfield_10060)" in outcome.reason
        assert "[jira] defaults" in outcome.reason
        assert any("Squad" in one for one in (await at.tool.access()).warnings)
        assert at.sim.tally.objects == 0
    async with desk(JiraSite(fields=(team,)), fields={}, defaults={"customfield_10060": {"value": "A"}}) as at:
        await at.made()
        assert at.issue("ENG-1")["customfield_10060"] == {"value": "A"}


async def test_a_screen_without_labels_makes_no_ticket_that_could_not_be_found_again() -> None:
    async with desk(JiraSite(hidden=frozenset({"labels"}))) as at:
        outcome = await at.tool.deliver(at.create())
        assert (outcome.result, outcome.fields) == (Result.REJECTED, ("labels",))


async def test_a_screen_that_changed_is_asked_anew_after_a_refusal() -> None:
    async with desk() as at:
        await at.tool.access()
        squad = SimField(id="customfield_10060", name="Squad", required=True)
        at.sim.site = at.sim.site.model_copy(update={"fields": (*at.sim.site.fields, squad)})
        first = await at.tool.deliver(at.create())
        second = await at.tool.deliver(at.create())
        assert first.result is second.result is Result.REJECTED
        assert "Squad" not in first.reason
        assert "Squad" in second.reason


async def test_a_type_that_the_project_lacks_becomes_a_task() -> None:
    async with desk(JiraSite(issue_types=("Epic", "Task"))) as at:
        outcome = await at.tool.deliver(at.create())
        assert at.issue("ENG-1")["issuetype"] == {"id": "10002"}
        assert "Bug" in outcome.note
    async with desk(JiraSite(issue_types=("Epic",))) as at:
        outcome = await at.tool.deliver(at.create())
        assert outcome.result is Result.REJECTED
        assert "[jira] issue_types" in outcome.reason


async def test_facts_take_the_form_of_their_fields() -> None:
    mapped = {"team": "customfield_10054", "impact": "customfield_10055", "rice_score": "customfield_10050"}
    async with desk(fields=mapped) as at:
        await at.made(facts={"team": "support", "impact": "Two lines\nof text", "rice_score": None})
        fields = at.issue("ENG-1")
        assert fields["customfield_10054"] == {"value": "Support"}
        assert fields["customfield_10055"]["type"] == "doc"
        assert "customfield_10050" not in fields
        outcome = await at.tool.deliver(at.create(facts={"team": "Nobody", "rice_score": "high"}))
        assert "team does not fit the field customfield_10054" in outcome.note
        assert "rice_score does not fit" in outcome.note


async def test_without_the_right_to_link_the_ticket_is_made_and_told() -> None:
    async with desk(JiraSite(rights=EVERY_RIGHT - {"LINK_ISSUES"})) as at:
        outcome = await at.tool.deliver(at.create())
        assert outcome.result is Result.DELIVERED
        assert "Link issues" in outcome.note
        assert "Link issues" in " ".join((await at.tool.access()).warnings)


@pytest.mark.parametrize(
    ("settings", "secret", "result"),
    [
        ({"project": "NONE"}, SECRET, Result.REJECTED),
        ({}, "wrong", Result.AUTH_FAILED),
        ({}, "", Result.AUTH_FAILED),
    ],
)
async def test_what_is_set_up_wrongly_is_told(settings: dict[str, Any], secret: str, result: Result) -> None:
    async with desk(None, secret, **settings) as at:
        assert (await at.tool.deliver(at.create())).result is result
        with pytest.raises(Misconfigured):
            await at.tool.access()


async def test_an_update_changes_what_is_there_and_comments_nothing() -> None:
    async with desk() as at:
        receipt = await at.made()
        grown = {**FACTS, "customer_evidence_count": 50}
        wanted = at.later(Op.UPDATE, receipt, facts=grown)
        assert (await at.tool.find(wanted)).result is Result.REJECTED
        outcome = await at.tool.deliver(wanted)
        assert (outcome.result, outcome.receipt) == (Result.DELIVERED, receipt)
        assert (await at.tool.find(wanted)).result is Result.DELIVERED
        issue = at.sim.issues["ENG-1"]
        assert issue.fields["customfield_10051"] == 50
        assert issue.properties["earshot"]["facts"]["customer_evidence_count"] == 50
        [link] = issue.links.values()
        assert link["object"]["summary"] == "50 conversations"
        assert issue.comments == []


async def test_an_account_that_may_not_browse_does_not_take_nothing_for_an_answer() -> None:
    async with desk() as at:
        await at.made()
        at.sim.site = at.sim.site.model_copy(update={"rights": EVERY_RIGHT - {"BROWSE_PROJECTS"}})
        outcome = await at.tool.deliver(at.create().model_copy(update={"again": True}))
        assert outcome.result is Result.AUTH_FAILED
        assert "browse" in outcome.reason
        assert at.sim.tally.objects == 1


@pytest.mark.parametrize(("right", "op"), [("EDIT_ISSUES", Op.UPDATE), ("ADD_COMMENTS", Op.REOPEN)])
async def test_a_right_that_only_changes_need_stops_only_changes(right: str, op: Op) -> None:
    async with desk(JiraSite(rights=EVERY_RIGHT - {right})) as at:
        receipt = await at.made()
        outcome = await at.tool.deliver(at.later(op, receipt, facts=FACTS))
        assert outcome.result is Result.REJECTED
        assert "Edit issues" in outcome.reason


async def test_an_update_leaves_out_what_the_edit_screen_refuses() -> None:
    async with desk() as at:
        receipt = await at.made()
        at.sim.site = at.sim.site.model_copy(update={"hidden_from_meta": frozenset({"customfield_10050"})})
        outcome = await at.tool.deliver(
            at.later(Op.UPDATE, receipt, facts={**FACTS, "customer_evidence_count": 50})
        )
        assert outcome.result is Result.DELIVERED
        assert "customfield_10050 was refused" in outcome.note
        assert at.issue("ENG-1")["customfield_10051"] == 50


@pytest.mark.parametrize("op", [Op.UPDATE, Op.REOPEN])
async def test_a_ticket_that_is_gone_is_not_asked_for_again(op: Op) -> None:
    async with desk() as at:
        receipt = await at.made()
        at.sim.delete("ENG-1")
        for again in (False, True):
            outcome = await at.tool.deliver(at.later(op, receipt, again=again))
            assert outcome.result is Result.REJECTED, outcome
            assert "may not see it" in outcome.reason


async def test_a_ticket_is_reopened_with_one_comment() -> None:
    async with desk() as at:
        receipt = await at.made()
        at.sim.close("ENG-1")
        wanted = at.later(Op.REOPEN, receipt)
        at.sim.faults.script(ToolFault.LOST, path="/rest/api/3/issue/ENG-1/comment")
        assert (await at.tool.deliver(wanted)).result is Result.UNKNOWN
        assert (await at.tool.find(wanted)).result is Result.DELIVERED
        assert (await at.tool.deliver(wanted.model_copy(update={"again": True}))).result is Result.DELIVERED
        issue = at.sim.issues["ENG-1"]
        assert issue.status == "To Do"
        assert len(issue.comments) == 1
        assert at.sim.tally.duplicates == {}


async def test_a_duplicate_stays_closed_and_a_closed_way_is_told() -> None:
    async with desk(JiraSite(reopenable=False)) as at:
        receipt = await at.made()
        at.sim.close("ENG-1")
        assert "no transition" in said(await at.tool.deliver(at.later(Op.REOPEN, receipt)))
    async with desk() as at:
        receipt = await at.made()
        at.sim.close("ENG-1", "Duplicate")
        assert "duplicate" in said(await at.tool.deliver(at.later(Op.REOPEN, receipt)))
        assert at.sim.issues["ENG-1"].status == "Done"
        assert len(at.sim.issues["ENG-1"].comments) == 1


async def test_where_tickets_stand_is_read_back() -> None:
    async with desk() as at:
        for number in range(4):
            await at.made(object_key=f"{number:032x}")
        at.sim.close("ENG-2")
        at.sim.close("ENG-3", "Duplicate")
        found = await at.tool.statuses(["ENG-1", "ENG-2", "ENG-3", "no key"])
        assert [one.standing for one in found] == [Standing.OPEN, Standing.DONE, Standing.DUPLICATE]
        assert found[1].at == NOW
        at.sim.delete("ENG-1")
        at.sim.move("ENG-4", "OPS")
        found = await at.tool.statuses(["ENG-1", "ENG-2", "ENG-4"])
        assert [one.standing for one in found] == [Standing.GONE, Standing.DONE, Standing.OPEN]
        assert [one.external_id for one in found] == ["ENG-1", "ENG-2", "ENG-4"]


async def test_statuses_that_cannot_be_read_are_no_statuses() -> None:
    async with desk() as at:
        await at.made()
        at.sim.faults.script(ToolFault.SERVER_ERROR, path="/rest/api/3/search")
        with pytest.raises(Transient):
            await at.tool.statuses(["ENG-1"])


async def test_a_token_that_ends_is_told_before() -> None:
    async with desk(token_expires=date(2026, 12, 10)) as at:
        assert any("2026-12-10" in one for one in (await at.tool.access()).warnings)
    async with desk(token_expires=date(2027, 2, 10)) as at:
        assert (await at.tool.access()).warnings == ()


@pytest.mark.shared
@pytest.mark.skipif(not jira_spec.SPECS.exists(), reason="Jira's description is not there")
async def test_every_request_and_answer_is_as_jira_describes_it() -> None:
    async with desk(JiraSite(hidden_from_meta=frozenset({"components"}))) as at:
        receipt = await at.made(components=("Export",), words=HOSTILE)
        await at.tool.deliver(at.create().model_copy(update={"again": True}))
        await at.tool.deliver(at.later(Op.UPDATE, receipt, facts=FACTS))
        await at.tool.find(at.later(Op.UPDATE, receipt))
        at.sim.close("ENG-1")
        await at.tool.deliver(at.later(Op.REOPEN, receipt, again=True))
        await at.tool.statuses(["ENG-1", "ENG-99"])
        await at.tool.access()
        assert len({(one.method, one.path) for one in at.between.heard}) > 12
        assert [one for exchange in at.between.heard for one in jira_spec.troubles(exchange)] == []


@pytest.mark.shared
@pytest.mark.skipif(not jira_spec.SPECS.exists(), reason="Jira's description is not there")
async def test_the_description_would_notice() -> None:
    async with desk() as at:
        await at.made()
        made = next(one for one in at.between.heard if one.method == "POST" and one.path.endswith("/issue"))
        body = json.loads(made.body)
        body["fields"]["description"]["content"][0]["content"][0]["text"] = ""
        body["properties"][0]["stray"] = 1
        made.body = json.dumps(body).encode()
        assert len(jira_spec.troubles(made)) >= 2
