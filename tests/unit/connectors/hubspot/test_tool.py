"""Tasks as they are written, and what HubSpot's answers mean."""

import json
from datetime import UTC, datetime

import httpx2
import pytest
from pydantic import ValidationError

from earshot.connectors.http.sender import Lost
from earshot.connectors.hubspot.settings import HubSpotSettings
from earshot.connectors.hubspot.task import MOST_CHARACTERS, changed_task, new_task, priority
from earshot.connectors.hubspot.tool import HubSpotTool
from earshot.connectors.hubspot.verdict import verdict
from earshot.domain.delivery import Op, Result, Severity, Thing
from earshot.errors import Misconfigured
from tests.contract.tools.case import KEY, NOW, content, order
from tests.still import StillClock
from tests.unit.connectors.answering import Answers, Json, json_answer, reply, says

NOBODY = json_answer(200, {"total": 0, "results": []})
MADE = json_answer(201, {"id": "512", "properties": {}})


def tool(answers: Answers, **settings: object) -> HubSpotTool:
    chosen = HubSpotSettings.model_validate(settings)
    return HubSpotTool(chosen, {"HUBSPOT_TOKEN": "t"}, clock=StillClock(NOW), transport=answers.transport)


def task(contact: str | None = None, *, words: str | None = None, due_at: datetime | None = None) -> Json:
    wanted = order(Thing.TASK, words=words, due_at=due_at)
    return new_task(wanted, settings=HubSpotSettings(), now=NOW, contact=contact)


@pytest.mark.parametrize(
    ("name", "severity", "wanted"),
    [
        ("P0", Severity.INFO, "HIGH"),
        ("Critical", Severity.INFO, "HIGH"),
        ("medium", Severity.CRITICAL, "MEDIUM"),
        ("Lowest", Severity.CRITICAL, "LOW"),
        ("", Severity.CRITICAL, "HIGH"),
        ("odd", Severity.WARNING, "MEDIUM"),
        ("", Severity.INFO, "LOW"),
    ],
)
def test_a_priority_is_one_of_hubspots_three(name: str, severity: Severity, wanted: str) -> None:
    assert priority(content().model_copy(update={"priority": name, "severity": severity})) == wanted


def test_all_properties_are_text_and_associations_are_always_there() -> None:
    body = task()
    assert all(isinstance(value, str) for value in body["properties"].values())
    assert body["properties"]["hs_timestamp"] == "2026-03-11T09:00:00Z"
    assert body["associations"] == []
    assert task("101")["associations"][0]["types"][0]["associationTypeId"] == 204


def test_a_due_moment_that_is_given_wins() -> None:
    assert task(due_at=datetime(2026, 4, 1, 8, tzinfo=UTC))["properties"]["hs_timestamp"] == "2026-04-01T08:00:00Z"


@pytest.mark.parametrize("words", ["x" * 70_000, '"' * 70_000, "\n" * 70_000])
def test_the_mark_is_there_however_long_the_text(words: str) -> None:
    body = task(words=words)["properties"]["hs_task_body"]
    assert len(body) <= MOST_CHARACTERS
    assert body.endswith(f"<p>Earshot {KEY[:16]}</p>")


def test_only_a_task_that_is_needed_again_is_opened() -> None:
    assert "hs_task_status" not in changed_task(order(Thing.TASK, op=Op.UPDATE))["properties"]
    assert changed_task(order(Thing.TASK, op=Op.REOPEN))["properties"]["hs_task_status"] == "NOT_STARTED"


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (201, Result.DELIVERED),
        (400, Result.REJECTED),
        (401, Result.AUTH_FAILED),
        (403, Result.AUTH_FAILED),
        (404, Result.REJECTED),
        (408, Result.UNKNOWN),
        (423, Result.RETRY),
        (429, Result.RETRY),
        (477, Result.RETRY),
        (502, Result.UNKNOWN),
        (503, Result.UNKNOWN),
        (504, Result.UNKNOWN),
        (524, Result.UNKNOWN),
    ],
)
def test_every_status_has_its_meaning(status: int, result: Result) -> None:
    assert verdict(reply(status, {}), makes=True).result is result


def test_waits_are_read_from_what_hubspot_does_say() -> None:
    assert verdict(reply(429, {"policyName": "DAILY"}), makes=True).retry_after == 3600.0
    window = reply(429, {"policyName": "TEN_SECONDLY_ROLLING"}, x_hubspot_ratelimit_interval_milliseconds="8000")
    assert verdict(window, makes=True).retry_after == 8.0
    assert verdict(reply(429, {}), makes=True).retry_after == 10.0
    assert verdict(reply(429, {}, wait=3.0), makes=True).retry_after == 3.0
    assert verdict(reply(423, {}), makes=True).retry_after == 2.0
    assert verdict(reply(477, {}, wait=120.0), makes=True).retry_after == 120.0


def test_missing_scopes_are_named() -> None:
    errors = [{"context": {"requiredGranularScopes": ["crm.objects.contacts.write", "<b>"]}}]
    outcome = verdict(reply(403, {"category": "MISSING_SCOPES", "errors": errors}), makes=True)
    assert "crm.objects.contacts.write" in outcome.reason
    assert "<b>" not in outcome.reason


async def test_a_second_refusal_ends_it() -> None:
    errors = [{"message": "Ana", "context": {"propertyName": ["hubspot_owner_id"]}}]
    answers = says(NOBODY, json_answer(400, {"category": "VALIDATION_ERROR", "errors": errors}))
    outcome = await tool(answers, owner_id="7").deliver(order(Thing.TASK))
    assert outcome.result is Result.REJECTED
    assert "Ana" not in outcome.reason
    assert len(answers.requests) == 3
    assert "hubspot_owner_id" not in answers.bodies[2]["properties"]


async def test_no_search_without_an_address() -> None:
    answers = says(MADE)
    assert (await tool(answers).deliver(order(Thing.TASK, email=""))).note == ""
    assert [request.url.path for request in answers.requests] == ["/crm/objects/2026-09/tasks"]


async def test_the_oldest_contact_gets_the_task() -> None:
    two = json_answer(200, {"total": 2, "results": [{"id": "1001"}, {"id": "99"}]})
    answers = says(two, MADE)
    await tool(answers).deliver(order(Thing.TASK, email="Ana@Example.com"))
    assert answers.bodies[0]["filterGroups"][0]["filters"][0]["value"] == "ana@example.com"
    assert answers.bodies[1]["associations"][0]["to"]["id"] == "99"


async def test_a_lost_answer_is_looked_up_before_anything_is_made() -> None:
    marked = {"id": "512", "properties": {"hs_task_body": f"<div>Earshot {KEY[:16]}</div>"}}
    answers = says(NOBODY, json_answer(200, {"total": 1, "results": [marked]}))
    planned = datetime(2026, 3, 9, tzinfo=UTC)
    outcome = await tool(answers).deliver(order(Thing.TASK, again=True).model_copy(update={"since": planned}))
    assert outcome.receipt is not None
    assert outcome.receipt.external_id == "512"
    assert [request.url.path.rpartition("/")[2] for request in answers.requests] == ["search", "search"]
    clause = answers.bodies[1]["filterGroups"][0]["filters"][0]
    assert clause == {
        "propertyName": "hs_createdate",
        "operator": "GTE",
        "value": str(int(datetime(2026, 3, 8, 23, tzinfo=UTC).timestamp() * 1000)),
    }


@pytest.mark.parametrize("answer", [httpx2.ReadError("cut"), json_answer(200, {}), json_answer(500, {})])
async def test_a_search_that_is_not_understood_proves_nothing(answer: httpx2.Response | Exception) -> None:
    assert (await tool(says(NOBODY, answer)).find(order(Thing.TASK))).result is Result.RETRY


def test_a_lost_answer_may_have_arrived() -> None:
    assert verdict(Lost(arrived=True, reason="no answer"), makes=True).result is Result.UNKNOWN
    assert verdict(Lost(arrived=False, reason="refused"), makes=True).result is Result.RETRY


@pytest.mark.parametrize("wrong", [{"time_zone": "Mars/Base"}, {"owner_id": "ana"}, {"base_url": "hubapi.com"}])
def test_settings_that_cannot_be_meant_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        HubSpotSettings.model_validate(wrong)


async def test_without_a_key_it_says_where_to_get_one() -> None:
    with pytest.raises(Misconfigured, match="HUBSPOT_TOKEN") as caught:
        await HubSpotTool(HubSpotSettings(), {}, clock=StillClock(NOW)).access()
    assert "Service Keys" in caught.value.hint


async def test_a_task_that_is_older_than_its_contact_is_found_all_the_same() -> None:
    contact = json_answer(200, {"results": [{"id": "101"}]})
    ours = {"id": "9", "properties": {"hs_task_body": f"<p>Earshot {KEY[:16]}</p>"}}
    answers = says(contact, NOBODY, json_answer(200, {"results": [ours]}))
    found = await tool(answers).find(order(Thing.TASK))
    assert found.receipt is not None
    assert found.receipt.external_id == "9"
    filters = [json.loads(one.content)["filterGroups"][0]["filters"] for one in answers.requests[1:]]
    assert [any(one["propertyName"] == "associations.contact" for one in asked) for asked in filters] == [
        True,
        False,
    ]


async def test_too_many_tasks_of_others_do_not_hold_up_one_with_a_contact() -> None:
    contact = json_answer(200, {"results": [{"id": "101"}]})
    endless = json_answer(200, {"results": [], "paging": {"next": {"after": "200"}}})
    assert (await tool(says(contact, NOBODY, endless)).find(order(Thing.TASK))).result is Result.REJECTED
