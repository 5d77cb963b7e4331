"""Answers that nobody should give: they raise nothing, are never taken for a no, and fill no log."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from earshot.connectors.hubspot.settings import HubSpotSettings
from earshot.connectors.hubspot.tool import HubSpotTool
from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.intercom.tool import IntercomTool
from earshot.connectors.jira.settings import JiraSettings
from earshot.connectors.jira.tool import JiraTool
from earshot.connectors.linear.settings import LinearSettings
from earshot.connectors.linear.tool import LinearTool
from earshot.connectors.pagerduty.settings import PagerDutySettings
from earshot.connectors.pagerduty.tool import PagerDutyTool
from earshot.connectors.productboard.settings import ProductboardSettings
from earshot.connectors.productboard.tool import ProductboardTool
from earshot.connectors.slack.settings import SlackSettings
from earshot.connectors.slack.tool import SlackTool
from earshot.connectors.webhook.settings import WebhookSettings
from earshot.connectors.webhook.tool import WebhookTool
from earshot.domain.delivery import Op, Order, Receipt, Result, Standing, Thing
from earshot.errors import EarshotError
from earshot.ports.tool import Resend, Tool
from tests.contract.tools.case import NOW, order
from tests.still import StillClock
from tests.unit.connectors.answering import Answers, json_answer, says

Make = Callable[[Answers], Tool]
RECEIPT = Receipt(external_id="ENG-1", extra={"channel": "C1", "ts": "1.2"})
MOST = 2000
"""Characters that a reason, a note or the names of refused fields may take at most."""


def _jira(answers: Answers) -> Tool:
    settings = JiraSettings(
        base_url="https://acme.test", email="a@b.test", project="ENG", fields={"x": "customfield_1"}
    )
    return JiraTool(settings, {"JIRA_API_TOKEN": "t"}, clock=StillClock(NOW), transport=answers.transport)


def _linear(answers: Answers) -> Tool:
    settings = LinearSettings(team="ENG")
    return LinearTool(settings, {"LINEAR_API_KEY": "t"}, clock=StillClock(NOW), transport=answers.transport)


def _productboard(answers: Answers) -> Tool:
    secrets = {"PRODUCTBOARD_TOKEN": "t"}
    return ProductboardTool(ProductboardSettings(), secrets, clock=StillClock(NOW), transport=answers.transport)


def _hubspot(answers: Answers) -> Tool:
    return HubSpotTool(
        HubSpotSettings(), {"HUBSPOT_TOKEN": "t"}, clock=StillClock(NOW), transport=answers.transport
    )


def _pagerduty(answers: Answers) -> Tool:
    secrets = {"PAGERDUTY_ROUTING_KEY": "t" * 32}
    return PagerDutyTool(PagerDutySettings(), secrets, clock=StillClock(NOW), transport=answers.transport)


def _slack(answers: Answers) -> Tool:
    secrets = {"SLACK_BOT_TOKEN": "t"}
    return SlackTool(SlackSettings(channel="C1"), secrets, clock=StillClock(NOW), transport=answers.transport)


def _hook(answers: Answers) -> Tool:
    secrets = {"SLACK_WEBHOOK_URL": "https://hooks.slack.test/services/T/B/x"}
    return SlackTool(SlackSettings(), secrets, clock=StillClock(NOW), transport=answers.transport)


def _intercom(answers: Answers) -> Tool:
    settings = IntercomSettings.model_validate({"write": {"enabled": True, "create_attributes": True}})
    secrets = {"INTERCOM_ACCESS_TOKEN": "t"}
    return IntercomTool(settings, secrets, clock=StillClock(NOW), transport=answers.transport)


def _webhook(answers: Answers) -> Tool:
    settings = WebhookSettings(name="n8n", url="https://n8n.example.com/webhook/x")
    return WebhookTool(settings, {}, clock=StillClock(NOW), transport=answers.transport)


TOOLS: dict[str, tuple[Make, Thing]] = {
    "jira": (_jira, Thing.TICKET),
    "linear": (_linear, Thing.TICKET),
    "productboard": (_productboard, Thing.FEEDBACK),
    "hubspot": (_hubspot, Thing.TASK),
    "pagerduty": (_pagerduty, Thing.PAGE),
    "slack": (_slack, Thing.MESSAGE),
    "webhook of slack": (_hook, Thing.MESSAGE),
    "intercom note": (_intercom, Thing.NOTE),
    "intercom tag": (_intercom, Thing.TAG),
    "intercom team": (_intercom, Thing.ASSIGNMENT),
    "intercom attribute": (_intercom, Thing.ATTRIBUTE),
    "webhook": (_webhook, Thing.EVENT),
}
GIVEN = {"tag": "processed", "team": "7", "attribute": "Kind", "value": "BUG"}
every_tool = pytest.mark.parametrize(("make", "thing"), TOOLS.values(), ids=TOOLS)
MANY = ["f" + "".join(chr(97 + int(digit)) for digit in str(number)) + "x" * 25 for number in range(400)]
ODD: dict[str, Any] = {
    "null": None,
    "a number": 7,
    "a list": [[], None, "x", 3],
    "a text": "oops",
    "empty": {},
    "lists for objects": {
        "data": [], "issue": [], "errors": [None, "x", []], "fields": [], "key": [], "id": [], "ok": [],
        "results": {}, "issues": {}, "issueTypes": {}, "permissions": [], "error": {}, "status": [],
        "properties": [], "values": 1,
    },
    "objects for lists": {
        "data": {"issues": {"nodes": {}}, "issue": [], "teams": {"nodes": [None]}, "issueCreate": []},
        "errors": {"a": {"b": []}, "c": None}, "results": {"id": 1}, "channel": {}, "ts": [], "ok": True,
        "issues": [None, 1, {"key": {}}], "paging": [], "category": [], "message": {"x": 1}, "startAt": "x",
    },
    "far too many": {
        "errors": [
            {"message": "m " + " ".join(MANY), "source": {"pointer": f"/data/fields/tags/{n}"}, "code": name,
             "context": {"propertyName": MANY, "requiredGranularScopes": MANY}, "extensions": {"code": "z" * 9000}}
            for n, name in enumerate(MANY[:20])
        ],
        "message": " ".join(MANY), "error": "z" * 9000, "category": "Z" * 9000,
    },
    "many refused fields": {"errors": dict.fromkeys(MANY, "is required")},
    "errors as text": {"status": "invalid event", "errors": [f"payload.{name}" for name in MANY]},
}  # fmt: skip


async def _everything(tool: Tool, thing: Thing) -> list[Any]:
    wanted = order(thing, parameters={} if thing is Thing.TICKET else GIVEN)
    found: list[Any] = [await tool.deliver(wanted), await tool.find(wanted)]
    found.append(await tool.deliver(wanted.model_copy(update={"again": True})))
    for op in (Op.UPDATE, Op.REOPEN, Op.RESOLVE):
        later = wanted.model_copy(update={"op": op, "receipt": RECEIPT})
        found += [await tool.deliver(later), await tool.find(later)]
    return found


@every_tool
@pytest.mark.parametrize("status", [200, 201, 202, 400, 401, 403, 404, 409, 422, 429, 500])
@pytest.mark.parametrize("odd", ODD)
async def test_whatever_is_answered_raises_nothing_and_stays_short(
    make: Make, thing: Thing, status: int, odd: str
) -> None:
    tool = make(says(json_answer(status, ODD[odd], {"retry-after": "1e300", "x-ratelimit-reset": "9" * 400})))
    for outcome in await _everything(tool, thing):
        said = f"{outcome.reason} {outcome.note} {' '.join(outcome.fields)}"
        assert len(said) <= MOST, said[:300]
    for ask in (tool.access(), tool.statuses(["ENG-1", "2"])):
        assert len(await _refusal(ask)) <= MOST


async def _refusal(ask: Awaitable[object]) -> str:
    """What is said where it cannot be read."""
    try:
        await ask
    except EarshotError as error:
        return f"{error} {error.hint}"
    return ""


LOOKED_UP = [
    pytest.param(*one, id=name) for name, one in TOOLS.items() if name in ("jira", "productboard", "hubspot")
]


@pytest.mark.parametrize(("make", "thing"), LOOKED_UP)
@pytest.mark.parametrize("status", [400, 404, 410, 422, 302])
async def test_a_look_up_that_is_refused_is_no_no(make: Make, thing: Thing, status: int) -> None:
    """REJECTED would mean that it surely was not made, and it would be made a second time."""
    tool = make(says(json_answer(status, {"errors": []})))
    assert tool.abilities.resend[thing] is Resend.LOOK_UP
    assert (await tool.find(order(thing))).result not in (Result.REJECTED, Result.GONE, Result.DELIVERED)
    answers = says(json_answer(status, {"errors": []}))
    again = await make(answers).deliver(order(thing, again=True))
    assert again.result not in (Result.REJECTED, Result.GONE, Result.DELIVERED)
    assert not any(
        one.url.path.endswith(("/notes", "/tasks", "/issue")) and one.method == "POST" for one in answers.requests
    )


@pytest.mark.parametrize("email", ['a"\r\nBcc: x@evil.example', "no address", "a@b@c", "x" * 400 + "@b.example"])
async def test_a_contact_is_not_searched_by_what_is_no_address(email: str) -> None:
    answers = says(json_answer(201, {"id": "512"}))
    outcome = await _hubspot(answers).deliver(order(Thing.TASK, email=email))
    assert outcome.result is Result.DELIVERED
    assert [request.url.path.endswith("/tasks") for request in answers.requests] == [True]


@pytest.mark.parametrize("data", [{}, {"issues": None}, {"issues": []}, {"issues": {"nodes": None}}])
async def test_linear_never_takes_an_odd_answer_for_deleted_issues(data: dict[str, Any]) -> None:
    with pytest.raises(EarshotError):
        await _linear(says(json_answer(200, {"data": data}))).statuses(["a"])
    nobody = await _linear(says(json_answer(200, {"data": {"issues": {"nodes": []}}}))).statuses(["a"])
    assert nobody[0].standing is Standing.GONE


async def test_jira_takes_no_odd_answer_for_an_open_ticket() -> None:
    with pytest.raises(EarshotError):
        await _jira(says(json_answer(200, {}))).statuses(["ENG-1"])


@pytest.mark.parametrize(("may", "told"), [(True, 1), (False, 0)])
async def test_a_ticket_that_the_account_may_not_see_is_not_gone(*, may: bool, told: int) -> None:
    rights = {"permissions": {"BROWSE_PROJECTS": {"havePermission": may}}}
    answers = says(json_answer(200, {"issues": []}), json_answer(404, {}), json_answer(200, rights))
    found = await _jira(answers).statuses(["ENG-1"])
    assert [one.standing for one in found] == [Standing.GONE] * told


def _said(data: Any, errors: Any = None) -> httpx2.Response:
    return json_answer(200, {"data": data, **({"errors": errors} if errors else {})})


TEAM = _said({"teams": {"nodes": [{"id": "t", "key": "ENG", "name": "Eng"}]}})
LABELS = _said({"issueLabels": {"nodes": [{"id": "l", "name": name} for name in ("earshot", "bug")]}})
REFUSAL = {"message": "x", "extensions": {"code": "FORBIDDEN_FIELD"}}


async def test_linear_errors_beside_data_do_not_mean_that_nothing_was_made() -> None:
    made = _said({"issueCreate": {"success": True, "issue": None}}, [REFUSAL])
    outcome = await _linear(says(TEAM, LABELS, made)).deliver(order(Thing.TICKET))
    assert outcome.result is Result.UNKNOWN
    nothing = _said({"issueCreate": None}, [REFUSAL])
    outcome = await _linear(says(TEAM, LABELS, nothing)).deliver(order(Thing.TICKET))
    assert outcome.result is Result.REJECTED


async def test_linear_may_word_a_conflict_for_people_only() -> None:
    shown = {"code": "INPUT_ERROR", "userPresentableMessage": "Entity Issue with id 31e already exists."}
    conflict = _said(None, [{"message": "input error", "extensions": shown}])
    row = {"id": "x", "identifier": "ENG-1", "url": "https://linear.app/i/ENG-1"}
    answers = says(TEAM, LABELS, conflict, _said({"issue": row}), _said({"a0": {"success": True}}))
    assert (await _linear(answers).deliver(order(Thing.TICKET))).result is Result.DELIVERED


async def test_what_linear_did_not_do_is_not_done() -> None:
    later = order(Thing.TICKET, op=Op.UPDATE, receipt=RECEIPT)
    outcome = await _linear(says(_said({"a0": {"success": False}}))).deliver(later)
    assert outcome.result is Result.REJECTED


async def test_linears_quota_is_never_waited_for_longer_than_its_hour() -> None:
    headers = {
        "x-ratelimit-requests-limit": "5000", "x-ratelimit-requests-remaining": "0",
        "x-ratelimit-requests-reset": "99999999999999",
    }  # fmt: skip
    tool = _linear(says(json_answer(200, {"data": {"viewer": {}, "teams": {"nodes": [{"name": "E"}]}}}, headers)))
    await tool.access()
    held = await tool.deliver(order(Thing.TICKET))
    assert held.result is Result.RETRY
    assert held.retry_after is not None
    assert held.retry_after <= 3600


@pytest.mark.parametrize("make", [_jira, _linear])
def test_titles_keep_the_signs_that_join_letters(make: Make) -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert family in make(says()).preview(order(Thing.TICKET, title=f"{family} می\u200cخواهم"))


def test_no_address_but_a_plain_one_is_kept_beside_a_ticket() -> None:
    for make, thing in TOOLS.values():
        if make is _hook:
            continue
        wanted = _linked(order(thing), "javascript:alert(1)")
        assert "javascript:" not in make(says(httpx2.Response(200))).preview(wanted)


def _linked(wanted: Order, url: str) -> Order:
    return wanted.model_copy(update={"content": wanted.content.model_copy(update={"url": url})})


async def test_slack_ids_that_nobody_could_store_are_not_kept() -> None:
    for channel, ts in (("C\x001", "1.2"), ("C1", "x" * 9000), ("C1/../x", "1.2"), ("C1", "")):
        outcome = await _slack(says(json_answer(200, {"ok": True, "channel": channel, "ts": ts}))).deliver(
            order(Thing.MESSAGE)
        )
        assert outcome.result is Result.DELIVERED
        assert outcome.receipt is None


@pytest.mark.parametrize("status", [400, 410, 422, 302, 500])
async def test_a_note_that_cannot_be_looked_up_is_not_written_again(status: int) -> None:
    found = await _intercom(says(json_answer(status, {"errors": []}))).find(order(Thing.NOTE))
    assert found.result is not Result.REJECTED
    gone = await _intercom(says(json_answer(404, {"errors": []}))).find(order(Thing.NOTE))
    assert gone.result is Result.REJECTED


@pytest.mark.parametrize("reset", ["²", "9" * 400, "-1", "x"])
async def test_intercoms_limit_may_name_nonsense(reset: str) -> None:
    limit = httpx2.Response(429, headers=[(b"x-ratelimit-reset", reset.encode("latin-1"))], content=b"{}")
    outcome = await _intercom(says(limit)).deliver(order(Thing.NOTE))
    assert outcome.result is Result.RETRY
    assert outcome.retry_after is None or outcome.retry_after <= 3600
