"""The guide's sample conversation, rules and backlog item, from the database to what each tool receives."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from earshot.decide.packs import pack
from earshot.domain.backlog import ItemStatus
from earshot.domain.delivery import DeliveryState, Remote, Standing, Thing
from earshot.errors import BadInput, Misconfigured
from earshot.pipeline.acting.acting import act
from earshot.pipeline.backlog.drafting import draft
from earshot.pipeline.backlog.editing import set_field
from earshot.pipeline.backlog.looking import backlog
from earshot.pipeline.backlog.pushing import Draft, How, push
from earshot.pipeline.backlog.tracking import keep_in_step
from earshot.pipeline.deciding import decide
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.group import group
from earshot.ports.tool import Tool
from earshot.store import PostgresStore
from tests.contract.tools.case import Bench
from tests.flow.vendors import PatientClock, all_cases
from tests.integration.pipeline.ruling_world import rule, switched_on, world
from tests.integration.store.store_samples import NOW, conversation, customer, insight, keep, read

TALK = "t-1"
"""The one conversation of the simulated workspace."""
INBOX = "https://app.intercom.com/a/inbox/conv_12345"
BUG_TYPE = "10004"
"""The simulated project's issue type Bug, as its createmeta tells it."""
SUMMARY = "User unable to sync contacts with Salesforce CRM integration"
WORDS = "We've been trying to sync our Salesforce contacts for 3 days now. Every time it fails with a vague error."


@asynccontextmanager
async def desk(store: PostgresStore, *names: str) -> AsyncGenerator[tuple[Parts, Mapping[str, Bench]]]:
    """Parts with these tools at their simulators, and rules of the guide's second and third pattern."""
    async with AsyncExitStack() as stack:
        benches = {
            case.name: await stack.enter_async_context(case.bench()) for case in all_cases() if case.name in names
        }
        tools: dict[str, Tool] = {name: bench.tool for name, bench in benches.items()}
        rules = [*pack("realtime"), *pack("hybrid")]
        parts = replace(world(store, rules), make_tools=lambda: tools, clock=PatientClock(NOW))
        await switched_on(parts, *rules)
        yield parts, benches


async def hear(parts: Parts, store: PostgresStore, *, number: int = 1, **labels: Any) -> None:
    """The sample conversation, read with the sample's labels and these instead."""
    who = customer(number, segment="enterprise", email=f"ann{number}@acme.example", company="Acme", mrr=45_000.0)
    talk = TALK if number == 1 else f"{1000 + number}"
    said = conversation(number, WORDS, external_id=talk, url=INBOX, customer=who)
    values = {"priority": "HIGH", "score": -0.65, "churn_risk": "MEDIUM", "affected_feature": "integrations"}
    await keep(store, said)
    await read(store, insight(said, summary=SUMMARY, confidence=0.9, **{**values, **labels}))
    await group(parts)


async def acted(parts: Parts) -> None:
    await decide(parts)
    told = await act(parts, settled=True, patience=10_000)
    assert told.failed == 0, told.problems
    assert told.waiting == 0
    assert told.done == told.planned


def sent(bench: Bench) -> list[Any]:
    return [json.loads(body) for body in bench.bodies()]


async def test_a_critical_bug_becomes_the_guides_ticket(store: PostgresStore) -> None:
    async with desk(store, "jira", "pagerduty") as (parts, benches):
        await hear(parts, store, priority="CRITICAL")
        await acted(parts)
        (issue,) = [
            body["fields"] for body in sent(benches["jira"]) if "fields" in body and "summary" in body["fields"]
        ]
        assert issue["summary"] == f"P0: {SUMMARY}"
        assert issue["issuetype"] == {"id": BUG_TYPE}
        assert issue["project"] == {"key": "ENG"}
        assert issue["priority"] == {"name": "Highest"}
        assert {"p0", "customer-reported", "integrations"} <= set(issue["labels"])
        assert issue["description"]["type"] == "doc"
        told = json.dumps(issue["description"])
        assert all(word in told for word in ("CRITICAL", "NEGATIVE", INBOX, SUMMARY))
        assert benches["pagerduty"].objects() == 0, "the churn risk is not high"


async def test_high_churn_becomes_the_guides_message_and_task(store: PostgresStore) -> None:
    async with desk(store, "slack", "hubspot") as (parts, benches):
        await hear(parts, store, churn_risk="HIGH", sentiment="VERY_NEGATIVE", score=-0.9)
        await acted(parts)
        (message,) = sent(benches["slack"])
        said = json.dumps(message, ensure_ascii=False)
        assert "🚨 HIGH CHURN RISK" in said
        assert all(word in said for word in (TALK, SUMMARY, "-0.9", INBOX, "View in Intercom"))
        assert benches["hubspot"].objects() == 1


async def test_a_feature_request_becomes_the_guides_note(store: PostgresStore) -> None:
    async with desk(store, "productboard") as (parts, benches):
        await hear(parts, store, issue_type="FEATURE_REQUEST")
        await acted(parts)
        (note,) = sent(benches["productboard"])
        fields = note["data"]["fields"]
        assert fields["name"] == SUMMARY
        assert {tag["name"] for tag in fields["tags"]} >= {"customer-request", "integrations"}
        told = json.dumps(note)
        assert all(word in told for word in ("FEATURE_REQUEST", "NEGATIVE", "1 mention", TALK, INBOX))


async def test_every_conversation_is_marked_in_intercom(store: PostgresStore) -> None:
    async with desk(store, "intercom") as (parts, benches):
        await hear(parts, store, issue_type="UX_FRICTION")
        await acted(parts)
        bodies = sent(benches["intercom"])
        attributes: dict[str, str] = {}
        for body in bodies:
            attributes |= body.get("custom_attributes", {})
        assert attributes == {"llm_classification": "UX_FRICTION", "llm_priority": "HIGH"}
        assert [body for body in bodies if body.get("message_type") == "note"]
        before = len(bodies)
        await acted(parts)
        assert len(sent(benches["intercom"])) == before, "once"


async def approved(parts: Parts, store: PostgresStore) -> str:
    for number in (1, 2, 3):
        await hear(parts, store, number=number)
    await draft(parts, top=1)
    (one,) = await backlog(parts)
    await set_field(parts, one.item.id, field="status", values=["approved"])
    return one.item.id


async def test_an_approved_item_becomes_one_ticket_with_links_both_ways(store: PostgresStore) -> None:
    async with desk(store, "jira") as (parts, benches):
        item = await approved(parts, store)
        dry = await push(parts, item, dry_run=True)
        assert (dry.how, benches["jira"].objects()) == (How.DRY, 0)
        shown: list[Draft] = []
        refused = await push(parts, item, agree=lambda draft: bool(shown.append(draft)))
        assert (refused.how, benches["jira"].objects()) == (How.REFUSED, 0)
        done = await push(parts, item)
        assert (done.how, done.why) == (How.CREATED, "")
        assert done.key.startswith("ENG-")
        assert done.url
        assert benches["jira"].objects() == 1
        (issue,) = [
            body["fields"] for body in sent(benches["jira"]) if "fields" in body and "summary" in body["fields"]
        ]
        (one,) = await backlog(parts)
        assert issue["summary"] == one.item.text.title
        said = json.dumps(issue["description"])
        assert all(
            word in said for word in ("Customer Impact", "Evidence", "3 conversations", "Representative Quote")
        )
        assert issue["customfield_10050"] == pytest.approx(
            one.item.rice.score.rice_score if one.item.rice else None
        )
        assert one.item.status is ItemStatus.PUSHED
        assert [twin.key for twin in one.twins] == [done.key]
        again = await push(parts, item)
        assert (again.how, again.key, benches["jira"].objects()) == (How.THERE, done.key, 1)


async def test_a_rules_ticket_is_linked_instead_of_a_second_one(store: PostgresStore) -> None:
    async with desk(store, "jira") as (parts, benches):
        item = await approved(parts, store)
        own = rule("TICKETS", "true", "CREATE_TICKET")
        parts.make_rules = world(store, [own]).make_rules
        await switched_on(parts, own)
        await acted(parts)
        assert benches["jira"].objects() == 1
        done = await push(parts, item)
        assert done.how is How.LINKED
        assert done.url
        assert benches["jira"].objects() == 1
        (one,) = await backlog(parts)
        assert one.item.status is ItemStatus.PUSHED


async def test_only_approved_items_are_pushed_and_only_where_something_is_switched_on(store: PostgresStore) -> None:
    async with desk(store, "slack") as (parts, _):
        item = await approved(parts, store)
        with pytest.raises(Misconfigured, match="jira"):
            await push(parts, item)
    async with desk(store, "jira") as (parts, _):
        await set_field(parts, item, field="status", values=["draft"])
        with pytest.raises(BadInput) as refused:
            await push(parts, item)
        assert "set" in refused.value.hint
        assert "approved" in refused.value.hint


async def test_items_follow_their_tickets_unless_a_person_says_otherwise(store: PostgresStore) -> None:
    async with desk(store, "jira") as (parts, _):
        item = await approved(parts, store)
        done = await push(parts, item)

        async def stands(standing: Standing) -> ItemStatus:
            now = parts.clock.now()
            async with store.unit() as unit:
                await unit.outbox.save_remotes(
                    "jira", [Remote(external_id=done.key, standing=standing, at=now)], now=now
                )
                await unit.commit()
            await keep_in_step(parts)
            return (await backlog(parts))[0].item.status

        assert await stands(Standing.DONE) is ItemStatus.SHIPPED
        assert await stands(Standing.OPEN) is ItemStatus.PUSHED
        assert await stands(Standing.DUPLICATE) is ItemStatus.PUSHED
        await set_field(parts, item, field="status", values=["shipped"], reason="I saw it")
        assert await stands(Standing.OPEN) is ItemStatus.SHIPPED
        async with store.unit() as unit:
            rows = await unit.outbox.deliveries(states=[DeliveryState.DONE], limit=10)
        assert {row.thing for row in rows} == {Thing.TICKET}
