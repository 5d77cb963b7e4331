"""Webhooks of the simulated Intercom, received by a real server: form, signature, second attempts, faults."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from earshot.cli.sim import webhook_settings
from earshot.connectors.intercom.webhook import parse, verify
from earshot.domain.notification import Concern, Effect
from earshot.errors import BadInput, Misconfigured
from earshot.sim import serving
from earshot.sim.intercom.answers import Refusal
from earshot.sim.intercom.settings import WebhookFault, WebhookSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.workspace import SimWorkspace
from tests.contract.desk import admin, desk, twenty
from tests.still import StillClock

SECRET = "the app's client secret"
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def held(tmp_path: Path) -> SimWorkspace:
    return twenty(tmp_path)


@dataclass
class Ear:
    """Takes webhooks; `answer` decides about each by its place."""

    answer: Callable[[int], int] = lambda _: 200
    bodies: list[bytes] = field(default_factory=list[bytes])
    signatures: list[bytes] = field(default_factory=list[bytes])

    async def take(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        self.signatures.append(request.headers["x-hub-signature"].encode())
        return Response(status_code=self.answer(len(self.bodies) - 1))

    def notices(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]


@asynccontextmanager
async def told(
    held: SimWorkspace, ear: Ear, *, clock: StillClock | None = None, **settings: Any
) -> AsyncGenerator[IntercomSim]:
    app = Starlette(routes=[Route("/hook", ear.take, methods=["POST"])])
    async with serving.running(app) as url:
        hooks = WebhookSettings(url=url + "/hook", secret=SECRET, **settings)
        sim = IntercomSim(held, clock=clock or StillClock(NOW), webhooks=hooks)
        assert sim.webhooks is not None
        async with sim.webhooks.sending():
            yield sim


async def calm(sim: IntercomSim) -> None:
    assert sim.webhooks is not None
    for _ in range(4_000):
        if not sim.webhooks.waiting:
            return
        await asyncio.sleep(0.005)
    raise AssertionError(sim.stats()["webhooks"])


async def test_every_change_is_told_in_a_form_that_our_parser_knows(held: SimWorkspace) -> None:
    ear = Ear()
    async with told(held, ear) as sim:
        new = sim.begin("It <b>fails</b> & stops")["id"]
        for author in ("customer", "agent", "note", "bot"):
            sim.reply("t-1", author, text=f"from {author}")
        for kind in ("close", "open", "snoozed"):
            sim.set_state("t-1", kind)
        sim.rate("t-1", 4)
        sim.redact("t-1")
        sim.touch("t-1")
        sim.delete("t-2")
        sim.merge_contact("u3", "u4")
        sim.update_contact("u5", {"name": "New"})
        sim.delete_contact("u6")
        await calm(sim)
        assert sim.stats()["webhooks"]["acknowledged"] == 14
    assert all(verify(b, s, secret=SECRET) for b, s in zip(ear.bodies, ear.signatures, strict=True))
    found = {
        one.topic: (one.effect, one.concern, one.external_id)
        for one in (parse(body, received_at=NOW).notification for body in ear.bodies)
    }
    talk = (Effect.CHANGED, Concern.CONVERSATION, "t-1")
    assert found == {
        "conversation.user.created": (Effect.CHANGED, Concern.CONVERSATION, new),
        "conversation.user.replied": talk,
        "conversation.admin.replied": talk,
        "conversation.admin.noted": talk,
        "conversation.operator.replied": talk,
        "conversation.admin.closed": talk,
        "conversation.admin.opened": talk,
        "conversation.admin.snoozed": talk,
        "conversation.rating.added": talk,
        "conversation_part.redacted": talk,
        "conversation.deleted": (Effect.DELETED, Concern.CONVERSATION, "t-2"),
        "contact.merged": (Effect.CHANGED, Concern.CONTACT, "u3"),
        "contact.user.updated": (Effect.CHANGED, Concern.CONTACT, "u5"),
        "contact.deleted": (Effect.DELETED, Concern.CONTACT, "u6"),
    }
    opened = next(one for one in ear.notices() if one["topic"] == "conversation.user.created")
    assert opened["data"]["item"]["source"]["body"] == "It <b>fails</b> & stops"
    replied = next(one for one in ear.notices() if one["topic"] == "conversation.user.replied")
    parts = replied["data"]["item"]["conversation_parts"]["conversation_parts"]
    assert [part["body"] for part in parts] == ["from customer"]
    assert "_plain" not in ear.bodies[0].decode()
    assert len({one["id"] for one in ear.notices()}) == len(ear.bodies)


async def test_what_is_written_through_the_api_is_told_too(held: SimWorkspace) -> None:
    ear = Ear()
    async with told(held, ear) as sim, desk(held) as it:
        it.sim.webhooks = sim.webhooks
        note = {"message_type": "note", "type": "admin", "admin_id": admin(it), "body": "Seen"}
        await it.send("POST", "/conversations/t-1/reply", note)
        await it.send("POST", "/conversations/t-1/parts", {**note, "message_type": "close"})
        await it.send("DELETE", "/conversations/t-3")
        label = (await it.send("POST", "/tags", {"name": "processed"})).json()
        await it.send("POST", "/conversations/t-1/tags", {"id": label["id"], "admin_id": admin(it)})
        await calm(sim)
    topics = sorted(one["topic"] for one in ear.notices())
    assert topics == ["conversation.admin.closed", "conversation.admin.noted", "conversation.deleted"]


async def test_a_refused_one_is_sent_once_more_after_a_minute(held: SimWorkspace) -> None:
    ear, clock = Ear(lambda place: 503 if place in {0, 2, 3} else 200), StillClock(NOW)
    async with told(held, ear, clock=clock) as sim:
        sim.reply("t-1", "customer", text="first")
        await calm(sim)
        sim.reply("t-1", "customer", text="second")
        await calm(sim)
        assert sim.stats()["webhooks"] | {"topics": 0} == {
            "told": 2, "acknowledged": 1, "lost": 1, "retried": 2, "doubled": 0, "late": 0, "waiting": 0,
            "ended": False, "topics": 0, "statuses": {"503": 3, "200": 1},
        }  # fmt: skip
    assert clock.slept == [60.0, 60.0]
    assert [one["delivery_attempts"] for one in ear.notices()] == [1, 2, 1, 2]
    first, again, *_ = ear.notices()
    assert first["id"] == again["id"]


async def test_410_ends_the_subscription(held: SimWorkspace) -> None:
    ear = Ear(lambda _: 410)
    async with told(held, ear) as sim:
        sim.reply("t-1", "customer", text="first")
        await calm(sim)
        sim.reply("t-1", "customer", text="second")
        await calm(sim)
        assert sim.stats()["webhooks"]["lost"] == 2
    assert len(ear.bodies) == 1


async def test_nobody_there_is_a_loss_and_no_crash(held: SimWorkspace) -> None:
    hooks = WebhookSettings(url="http://127.0.0.1:9/hook", secret=SECRET)
    sim = IntercomSim(held, clock=StillClock(NOW), webhooks=hooks)
    assert sim.webhooks is not None
    async with sim.webhooks.sending():
        sim.touch("t-1")
        sim.reply("t-1", "customer", text="hello?")
        await calm(sim)
    assert sim.stats()["webhooks"]["statuses"] == {"none": 2}


async def test_faults_are_drawn_by_seed(held: SimWorkspace) -> None:
    async def outcome(seed: int) -> tuple[dict[str, Any], int]:
        ear = Ear()
        kinds = frozenset(WebhookFault)
        async with told(held, ear, kinds=kinds, rate=0.3, seed=seed, late_seconds=0.01) as sim:
            for number in range(60):
                sim.reply("t-1", "customer", text=str(number))
            await calm(sim)
            return sim.stats()["webhooks"], len(ear.bodies)

    one, received = await outcome(5)
    assert one == (await outcome(5))[0]
    assert one != (await outcome(6))[0]
    assert received == one["acknowledged"] + one["doubled"] == 60 - one["lost"] + one["doubled"]
    assert min(one["lost"], one["doubled"], one["late"]) > 5


async def test_the_control_plane_changes_and_counts(held: SimWorkspace) -> None:
    async with desk(held) as it:
        send = it.send
        new = (await send("POST", "/_sim/conversations", {"text": "Hello", "contact": "u2"})).json()["id"]
        assert (await it.json(f"/conversations/{new}"))["contacts"]["contacts"][0]["id"] == "u2"
        assert (await send("POST", "/_sim/conversations", {"text": 1})).status_code == 400
        assert (await send("POST", "/_sim/conversations", {"text": "x", "contact": "none"})).status_code == 404
        assert (await send("POST", "/_sim/conversations/t-1/state", {"state": "close"})).status_code == 200
        assert (await it.json("/conversations/t-1"))["state"] == "closed"
        assert (await send("POST", "/_sim/conversations/t-1/state", {"state": "shut"})).status_code == 400
        await send("POST", "/_sim/conversations/t-1/rate", {"rating": 2, "remark": "slow"})
        assert (await it.json("/conversations/t-1"))["conversation_rating"]["rating"] == 2
        assert (await send("POST", "/_sim/conversations/t-1/rate", {"rating": 6})).status_code == 400
        assert (await send("POST", "/_sim/contacts/u2", {"name": "Renamed"})).json()["name"] == "Renamed"
        assert (await send("DELETE", "/_sim/contacts/u2")).status_code == 200
        assert (await it.get("/contacts/u2")).status_code == 404
        assert (await send("DELETE", "/_sim/contacts/u2")).status_code == 404
        assert (await it.json("/_sim/webhooks")) is None
        assert (await send("POST", "/_sim/webhooks/ping")).status_code == 400
        with pytest.raises(Refusal):
            it.sim.update_contact("u2", {})


def test_the_command_wants_an_address_and_a_secret() -> None:
    made = webhook_settings("http://127.0.0.1:8080/x", "s", faults="lost,late", rate=0.1, seed=-3)
    assert (made.kinds, made.seed) == (frozenset({WebhookFault.LOST, WebhookFault.LATE}), 3)
    with pytest.raises(Misconfigured, match="no address"):
        webhook_settings("127.0.0.1:8080", "s", faults="", rate=0.1, seed=1)
    with pytest.raises(Misconfigured, match="no secret"):
        webhook_settings("http://127.0.0.1:8080/x", "", faults="", rate=0.1, seed=1)
    with pytest.raises(BadInput):
        webhook_settings("http://127.0.0.1:8080/x", "s", faults="eaten", rate=0.1, seed=1)
