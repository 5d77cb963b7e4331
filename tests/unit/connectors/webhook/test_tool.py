"""Events go out signed, thin and inert, and every receiver's answer is understood."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from earshot.connectors.webhook.settings import WebhookSettings
from earshot.connectors.webhook.tool import WebhookTool
from earshot.domain.delivery import Op, Order, Outcome, Result, Thing, WebLink
from earshot.domain.document import Document
from earshot.errors import Misconfigured
from earshot.sim.tools.webhook import SIM_SECRET, Mood, WebhookSim
from tests.contract.tools.case import HOSTILE, NOW, order
from tests.still import StillClock

SECRETS = {"HOOK_SECRET": SIM_SECRET, "HOOK_KEY": "k3y-of-make", "HOOK_URL": "https://hook.eu1.make.com/s3cretpath"}
EVENT = order(Thing.EVENT)


def settings(**changes: Any) -> WebhookSettings:
    given = {"name": "n8n", "url": "https://n8n.example.com/webhook/x", "secret_env": "HOOK_SECRET", **changes}
    return WebhookSettings.model_validate(given)


class Receiver:
    """Keeps the last request; answers as told."""

    def __init__(self, status: int = 200, body: bytes = b"Accepted", headers: dict[str, str] | None = None) -> None:
        self.answer = httpx2.Response(status, content=body, headers=headers)
        self.requests: list[httpx2.Request] = []

    async def receive(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        self.requests.append(request)
        return httpx2.Response(self.answer.status_code, content=self.answer.content, headers=self.answer.headers)

    async def deliver(self, wanted: Order = EVENT, **changes: Any) -> Outcome:
        tool = made(settings(**changes), transport=httpx2.MockTransport(self.receive))
        try:
            return await tool.deliver(wanted)
        finally:
            await tool.close()


def made(
    chosen: WebhookSettings, *, transport: httpx2.AsyncBaseTransport | None = None, **more: Any
) -> WebhookTool:
    return WebhookTool(chosen, SECRETS, clock=StillClock(NOW), transport=transport, **more)


@pytest.fixture
async def sim() -> AsyncGenerator[tuple[WebhookSim, WebhookTool]]:
    receiver = WebhookSim(clock=StillClock(NOW))
    tool = made(settings(), transport=httpx2.ASGITransport(receiver.app))
    yield receiver, tool
    await tool.close()


async def test_the_receiver_can_verify_the_event() -> None:
    receiver = Receiver()
    outcome = await receiver.deliver()
    assert outcome.result is Result.DELIVERED
    assert outcome.receipt is not None
    (request,) = receiver.requests
    assert str(request.url) == "https://n8n.example.com/webhook/x"
    assert request.headers["webhook-id"] == EVENT.request_key
    assert request.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    expected = Webhook(SIM_SECRET).sign(EVENT.request_key, NOW, request.content.decode())
    assert request.headers["webhook-signature"] == expected
    body = json.loads(request.content)
    assert body["type"] == "signal.created"
    assert body["timestamp"] == "2026-03-10T11:00:00Z"
    assert body["data"]["id"] == EVENT.object_key
    assert body["data"]["facts"]["rice_score"] == 12.5


async def test_an_event_without_a_body_carries_no_words() -> None:
    thin = EVENT.model_copy(update={"content": EVENT.content.model_copy(update={"body": Document()})})
    data = json.loads(made(settings()).preview(thin))["data"]
    assert "text" not in data
    assert "customer@example.com" not in json.dumps(data)
    assert "text" in json.loads(made(settings()).preview(EVENT))["data"]


async def test_the_same_order_gives_the_same_bytes_under_the_same_id(sim: tuple[WebhookSim, WebhookTool]) -> None:
    receiver, tool = sim
    await tool.deliver(EVENT)
    await tool.deliver(EVENT.model_copy(update={"again": True}))
    assert len(receiver.events) == 1
    assert receiver.folded == 1
    assert len({one.body for one in receiver.tally.received}) == 1


async def test_hostile_words_come_out_as_the_same_words_and_hold_no_markup() -> None:
    body = made(settings()).preview(order(Thing.EVENT, words=HOSTILE))
    assert not set("<>&") & set(body)
    assert json.loads(body)["data"]["title"] == HOSTILE


@pytest.mark.parametrize(
    ("mood", "result"),
    [
        (Mood.INACTIVE, Result.PAUSED),
        (Mood.FULL, Result.RETRY),
        (Mood.GONE, Result.GONE),
        (Mood.ACTIVE, Result.DELIVERED),
    ],
)
async def test_n8n_and_make_are_understood(sim: tuple[WebhookSim, WebhookTool], mood: Mood, result: Result) -> None:
    receiver, tool = sim
    receiver.mood = mood
    assert (await tool.deliver(EVENT)).result is result


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (202, Result.DELIVERED),
        (299, Result.DELIVERED),
        (301, Result.PAUSED),
        (400, Result.REJECTED),
        (401, Result.AUTH_FAILED),
        (404, Result.PAUSED),
        (405, Result.PAUSED),
        (410, Result.GONE),
        (429, Result.RETRY),
        (500, Result.RETRY),
        (502, Result.RETRY),
    ],
)
async def test_other_answers(status: int, result: Result) -> None:
    outcome = await Receiver(status).deliver()
    assert (outcome.result, outcome.status) == (result, status)


async def test_a_receiver_that_wants_no_more_of_an_event_is_obeyed() -> None:
    outcome = await Receiver(500, headers={"webhook-delivery": "abort-message"}).deliver()
    assert outcome.result is Result.REJECTED


async def test_a_secret_address_and_a_key_are_sent_and_never_shown() -> None:
    receiver = Receiver(500, b"you called https://hook.eu1.make.com/s3cretpath")
    outcome = await receiver.deliver(url=None, url_env="HOOK_URL", api_key_env="HOOK_KEY")
    (request,) = receiver.requests
    assert str(request.url) == SECRETS["HOOK_URL"]
    assert request.headers["x-make-apikey"] == "k3y-of-make"
    assert "s3cretpath" not in repr(outcome)


async def test_rotation_signs_with_both() -> None:
    receiver = Receiver()
    tool = WebhookTool(
        settings(previous_secret_env="OLD"),
        {**SECRETS, "OLD": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        clock=StillClock(NOW),
        transport=httpx2.MockTransport(receiver.receive),
    )
    await tool.deliver(EVENT)
    await tool.close()
    assert len(receiver.requests[0].headers["webhook-signature"].split()) == 2


async def test_what_is_odd_is_said() -> None:
    tool = made(settings(url="https://n8n.example.com/webhook-test/x", secret_env=None))
    access = await tool.access()
    await tool.close()
    assert len(access.warnings) == 2
    assert "Test URL" in access.warnings[0]
    assert "not signed" in access.warnings[1]


@pytest.mark.parametrize(
    "changes",
    [
        {"url": None},
        {"url_env": "HOOK_URL"},
        {"url": "http://n8n.example.com/x"},
        {"url": "ftp://n8n.example.com/x"},
        {"url": "https://user:pw@n8n.example.com/x"},
        {"url": "https://n8n.example.com:port/x"},
        {"url": "no address"},
        {"name": "a.b"},
        {"secret_env": "lower case"},
        {"secret_env": None, "previous_secret_env": "OLD"},
        {"api_key_header": "Host"},
        {"api_key_header": "webhook-id"},
        {"api_key_header": "a\r\nb"},
    ],
)
def test_wrong_entries_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**changes)


async def test_its_own_server_is_never_called() -> None:
    tool = made(settings(url="https://Earshot.example.com/x"), own_hosts=["earshot.example.com"])
    assert (await tool.deliver(EVENT)).result is Result.AUTH_FAILED
    with pytest.raises(Misconfigured, match="itself"):
        await tool.access()


async def test_a_bad_address_in_the_environment_is_not_shown() -> None:
    tool = WebhookTool(
        settings(url=None, url_env="HOOK_URL"),
        {**SECRETS, "HOOK_URL": "http://make.example.com/s3cret"},
        clock=StillClock(NOW),
    )
    with pytest.raises(Misconfigured) as error:
        await tool.access()
    outcome = await tool.deliver(EVENT)
    assert outcome.result is Result.AUTH_FAILED
    assert "s3cret" not in str(error.value) + error.value.hint + outcome.reason


async def test_a_private_address_is_never_called() -> None:
    tool = made(settings(url="https://localhost:1/x"))
    outcome = await tool.deliver(EVENT)
    await tool.close()
    assert outcome.result is Result.PAUSED
    assert "private network" in outcome.reason


async def test_later_words_are_events_of_their_own() -> None:
    receiver = Receiver()
    for op, kind in ((Op.UPDATE, "updated"), (Op.RESOLVE, "resolved"), (Op.REOPEN, "reopened")):
        await receiver.deliver(order(Thing.EVENT, op=op))
        assert json.loads(receiver.requests[-1].content)["type"] == f"signal.{kind}"


async def test_a_thing_that_is_no_event_is_refused() -> None:
    assert (await Receiver().deliver(order(Thing.TICKET))).result is Result.REJECTED


@pytest.mark.parametrize("missing", ["HOOK_URL", "HOOK_KEY", "HOOK_SECRET"])
async def test_without_one_of_its_secrets_nothing_is_sent(missing: str) -> None:
    chosen = settings(url=None, url_env="HOOK_URL", api_key_env="HOOK_KEY")
    tool = WebhookTool(chosen, {**SECRETS, missing: ""}, clock=StillClock(NOW))
    assert tool.check(EVENT) == ""
    assert tool.preview(EVENT)
    outcome = await tool.deliver(EVENT)
    assert outcome.result is Result.AUTH_FAILED
    assert missing in outcome.reason
    with pytest.raises(Misconfigured, match=missing):
        await tool.access()


def test_a_number_that_is_none_is_unknown() -> None:
    odd = order(Thing.EVENT, facts={"rice_score": float("nan"), "mrr": float("inf"), "n": 3})
    assert json.loads(made(settings()).preview(odd))["data"]["facts"] == {"rice_score": None, "mrr": None, "n": 3}


async def test_only_plain_addresses_are_passed_on() -> None:
    links = (WebLink(text="x", href="javascript:alert(1)"), WebLink(text="y", href="https://a.example/1"))
    receiver = Receiver()
    await receiver.deliver(order(Thing.EVENT, links=links, url="data:text/html,x"))
    data = json.loads(receiver.requests[0].content)["data"]
    assert (data["url"], data["links"]) == (None, [{"text": "y", "url": "https://a.example/1"}])
