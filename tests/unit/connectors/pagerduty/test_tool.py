"""Events as they are written, and what PagerDuty's answers mean."""

import json

import httpx2
import pytest

from earshot.connectors.pagerduty.event import MOST_BYTES, event, size
from earshot.connectors.pagerduty.settings import PagerDutySettings
from earshot.connectors.pagerduty.tool import PagerDutyTool
from earshot.domain.delivery import Op, Result, Severity, Thing, WebLink
from earshot.errors import Misconfigured, Rejected
from tests.contract.tools.case import KEY, NOW, order
from tests.still import StillClock
from tests.unit.connectors.answering import Answers, json_answer, says

ROUTING = "e93facc04764012d7bfb002500d5d1a6"


def tool(answers: Answers, key: str = ROUTING) -> PagerDutyTool:
    secrets = {"PAGERDUTY_ROUTING_KEY": key}
    return PagerDutyTool(PagerDutySettings(), secrets, clock=StillClock(NOW), transport=answers.transport)


def refused(*errors: str) -> httpx2.Response:
    return json_answer(
        400, {"status": "invalid event", "message": "Event object is invalid", "errors": list(errors)}
    )


def test_the_account_decides_the_address() -> None:
    assert PagerDutySettings().api == "https://events.pagerduty.com/v2"
    assert PagerDutySettings(region="eu").api == "https://events.eu.pagerduty.com/v2"
    assert PagerDutySettings(region="eu", base_url="http://127.0.0.1:4020/pagerduty/v2/").api.endswith(
        "4020/pagerduty/v2"
    )


def test_an_event_says_what_is_known() -> None:
    body = event(order(Thing.PAGE, severity=Severity.ERROR), source="earshot")
    payload = body["payload"]
    assert body["dedup_key"] == f"earshot-{KEY}"
    assert (payload["severity"], payload["source"], payload["component"]) == ("error", "earshot", "Exports")
    assert payload["timestamp"] == "2026-03-10T11:00:00+00:00"
    assert payload["custom_details"]["customer_evidence_count"] == 3
    assert "It just stops." in payload["custom_details"]["text"]
    assert body["links"] == [{"href": "https://app.example.com/c/1", "text": "The conversation"}]


def test_a_resolve_needs_only_its_key() -> None:
    body = event(order(Thing.PAGE, op=Op.RESOLVE, title=""), source="earshot")
    assert body == {"event_action": "resolve", "dedup_key": f"earshot-{KEY}"}


def test_links_that_are_none_are_left_out() -> None:
    links = (WebLink(text="x", href="javascript:alert(1)"), WebLink(text="y", href="https://a@b.example"))
    body = event(order(Thing.PAGE, links=links, url="file:///etc/passwd"), source="earshot")
    assert "links" not in body
    assert "client_url" not in body


def test_facts_that_are_too_much_do_not_stop_the_page() -> None:
    body = event(order(Thing.PAGE, facts={f"f{n}": ["🙂" * 900] * 50 for n in range(50)}), source="earshot")
    assert size(body) < MOST_BYTES
    assert body["payload"]["summary"]


async def test_a_refusal_names_fields_and_repeats_nothing_else() -> None:
    answers = says(refused("'payload.summary' is missing or blank", "Ana's text is odd"))
    outcome = await tool(answers).deliver(order(Thing.PAGE))
    assert outcome.result is Result.REJECTED
    assert outcome.fields == ("payload.summary",)
    assert "Ana" not in outcome.reason


@pytest.mark.parametrize("words", ["Invalid routing key", "'routing_key' is missing or blank"])
async def test_a_refused_key_pauses(words: str) -> None:
    outcome = await tool(says(refused(words))).deliver(order(Thing.PAGE))
    assert outcome.result is Result.AUTH_FAILED


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (json_answer(202, {"status": "success", "dedup_key": "x"}), Result.DELIVERED),
        (json_answer(202, {"status": "odd"}), Result.UNKNOWN),
        (httpx2.Response(202, text="<html>"), Result.UNKNOWN),
        (json_answer(200, {"status": "success"}), Result.UNKNOWN),
        (json_answer(429, {}), Result.RETRY),
        (json_answer(500, {}), Result.RETRY),
        (json_answer(400, []), Result.REJECTED),
        (httpx2.ConnectError("no"), Result.RETRY),
        (httpx2.ReadError("cut"), Result.UNKNOWN),
    ],
)
async def test_every_answer_has_its_meaning(answer: httpx2.Response | Exception, result: Result) -> None:
    assert (await tool(says(answer)).deliver(order(Thing.PAGE))).result is result


async def test_the_key_is_in_the_request_and_nowhere_else() -> None:
    answers = says(json_answer(202, {"status": "success"}))
    pager = tool(answers)
    outcome = await pager.deliver(order(Thing.PAGE))
    assert answers.bodies[0]["routing_key"] == ROUTING
    shown = pager.preview(order(Thing.PAGE))
    assert json.loads(shown)["event_action"] == "trigger"
    assert ROUTING not in shown + repr(outcome) + repr(pager)


def test_what_cannot_be_a_page_is_said() -> None:
    pager = tool(says(json_answer(202, {})))
    assert pager.check(order(Thing.TICKET)) == "it makes no ticket"
    assert "title" in pager.check(order(Thing.PAGE, title=" "))
    assert "title" in pager.check(order(Thing.PAGE, op=Op.REOPEN, title=""))
    assert pager.check(order(Thing.PAGE, op=Op.RESOLVE, title="")) == ""


async def test_access_says_what_is_wrong() -> None:
    with pytest.raises(Misconfigured, match="routing key"):
        await tool(says(refused("Invalid routing key"))).access()
    with pytest.raises(Rejected):
        await tool(says(refused("'dedup_key' is odd"))).access()
    with pytest.raises(Misconfigured, match="PAGERDUTY_ROUTING_KEY"):
        await tool(says(refused("")), key=" ").access()
    good = json_answer(202, {"status": "success"})
    assert len((await tool(says(good)).access()).warnings) == 1
