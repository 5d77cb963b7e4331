"""Webhooks of every kind, good and bad, over real sockets and processes: they end as the truth."""

import json
import random

import httpx2

from tests.flow.live.conftest import Line
from tests.notifier import ROUTE, VECTOR_BODY, VECTOR_SIGNATURE, conversation, envelope, sign
from tests.soak.truth import spoken

LEFT = "select 1 from conversation where id = $1 and (not deleted or messages <> '[]')"


async def test_the_signature_vector_is_taken_and_everything_near_it_refused(line: Line) -> None:
    post = line.post
    assert await post(VECTOR_BODY, VECTOR_SIGNATURE) == 200
    assert await post(VECTOR_BODY, VECTOR_SIGNATURE.upper().replace("SHA1", "sha1")) in {200, 401}
    assert await post(VECTOR_BODY + b"\n", VECTOR_SIGNATURE) == 401
    assert await post(VECTOR_BODY.replace(b"hello", b"hellp"), VECTOR_SIGNATURE) == 401
    assert await post(VECTOR_BODY, VECTOR_SIGNATURE[:-1] + "1") == 401
    assert await post(VECTOR_BODY, sign(VECTOR_BODY, "another_secret")) == 401
    assert await post(VECTOR_BODY, "") == 401
    assert await post(b"not json", sign(b"not json")) == 400
    async with httpx2.AsyncClient(base_url=line.url, trust_env=False) as client:
        assert (await client.head(ROUTE)).is_success, "Intercom checks with HEAD when the address is saved"
        assert (await client.post(ROUTE, content=VECTOR_BODY)).status_code == 401
        assert (await client.get(ROUTE)).status_code == 405
    assert await line.query("select 1 from inbox where topic <> 'ping'") == []
    assert "hello" not in line.server.text
    assert "Traceback" not in line.server.text


async def test_a_message_is_heard_and_judged(line: Line) -> None:
    await line.worker()
    fresh = line.actor.create("The app crashes whenever I save, nobody can work! Please help at once.")
    await line.heard(fresh, "crashes whenever I save")
    line.sim.reply(fresh, "customer", text="It still crashes, and we will cancel.")
    row = await line.heard(fresh, "still crashes")
    assert row["classifier"] == "local"
    assert "crashes" not in line.processes.told(), "no customer's words in any log"


async def test_replayed_reordered_and_doubled_webhooks_end_as_the_truth(line: Line) -> None:
    await line.worker()
    line.postbox.lead("http://127.0.0.1:9")
    told: dict[str, str] = {}
    for number in range(8):
        one = line.actor.create(f"Invoice {number} is wrong.")
        line.sim.reply(one, "customer", text=f"Last words {number}.")
        told[one] = f"Last words {number}."
    deleted = next(iter(told))
    del told[deleted]
    line.sim.delete(deleted)
    bodies = [
        envelope(topic, item, app_id=line.app_id, number=f"mix-{number}")
        for number, (topic, item) in enumerate(line.postbox.said)
    ]
    order = [*bodies, *bodies, *bodies[::2]]
    random.Random(3).shuffle(order)
    statuses = {await line.post(body) for body in order}
    assert statuses == {200}
    for one, words in told.items():
        await line.heard(one, words)
    await line.settled()
    (counted,) = await line.query("select count(*) as n from inbox where topic like 'conversation%'")
    assert counted["n"] == len(bodies), "each notification is kept once"
    for one in told:
        (row,) = await line.query("select messages from conversation where id = $1", one)
        said = [str(message["text"]) for message in json.loads(row["messages"])]
        assert said == spoken(line.sim.shelf.open_up(line.sim.record(one)))
    assert await line.query(LEFT, deleted) == []


async def test_forged_foreign_and_odd_webhooks_change_nothing(line: Line) -> None:
    worker = await line.worker()
    kept = await line.query("select id, content_hash, deleted from conversation order by id")
    victim = str(kept[0]["id"])
    forged = envelope("conversation.deleted", conversation(victim), app_id=line.app_id, number="f1")
    assert await line.post(forged, sign(forged, "guess")) == 401
    foreign = envelope("conversation.deleted", conversation(victim), app_id="somebodyelse", number="f2")
    assert await line.post(foreign) == 200
    odd = [
        envelope("conversation.user.replied", {"type": "conversation"}, app_id=line.app_id, number="o1"),
        envelope(
            "conversation.user.replied",
            {"type": "conversation", "id": "../admins"},
            app_id=line.app_id,
            number="o2",
        ),
        envelope(
            "conversation.user.replied",
            {"type": "conversation", "id": "x" * 5_000},
            app_id=line.app_id,
            number="o3",
        ),
        envelope("something.new", {"type": "gadget", "id": "1"}, app_id=line.app_id, number="o4"),
        envelope("conversation.user.replied", conversation("999999999"), app_id=line.app_id, number="o5"),
    ]
    assert {await line.post(body) for body in odd} <= {200, 400}
    after = line.actor.create("This one is real.")
    await line.heard(after, "This one is real.")
    await line.settled()
    assert (
        await line.query("select id, content_hash, deleted from conversation where id <> $1 order by id", after)
        == kept
    )
    assert worker.alive
    assert "Traceback" not in line.processes.told()


async def test_what_no_webhook_told_comes_with_the_next_sync(line: Line) -> None:
    await line.worker()
    line.postbox.lead("http://127.0.0.1:9")
    one = line.actor.create("Nobody told you about this one.")
    await line.postbox.calm()
    assert line.postbox.taken == set()
    code, told = await line.processes.run("run", "--format", "json", "--out", "report.json")
    assert code == 0, told
    await line.heard(one, "Nobody told you", within=1.0)


async def test_a_deletion_is_obeyed_at_once(line: Line) -> None:
    await line.worker()
    one = line.actor.create("Please forget this: my number is 555-0199.")
    await line.heard(one, "555-0199")
    line.sim.delete(one)
    await line.postbox.calm()
    await line.settled()
    assert await line.query(LEFT, one) == []
    for table in ("raw", "conversation_insights", "finding", "first_labels"):
        assert await line.query(f"select 1 from {table} where conversation_id = $1", one) == [], table
    # a late notification about it brings nothing back
    body = envelope("conversation.user.replied", conversation(one), app_id=line.app_id, number="late")
    assert await line.post(body) == 200
    await line.settled()
    assert await line.query("select 1 from conversation where id = $1 and not deleted", one) == []
