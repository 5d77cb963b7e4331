"""Erasing, deleting and redacting: no word of it stays in what was sent or goes out with what is to be sent."""

from datetime import timedelta
from typing import Any

import pytest
from outbox_samples import action, claim, decide, delivery, hexed, link, plan, receipt, record
from store_samples import NOW, T0, arrival, conversation, customer, group, insight, keep, query, read, value

from earshot.domain.action import ActionKind, ActionStatus
from earshot.domain.conversation import Conversation
from earshot.domain.delivery import WITHDRAWN, Content, DeliveryState, Link, Op, Silence, Standing, Thing, WebLink
from earshot.domain.document import Document, Paragraph, Quotation, Span
from earshot.ports.source import Deletion
from earshot.store import PostgresStore

JANE = customer(7, id="65f0c0ffee65f0c0ffee0007", name="Jane Roe", email="jane.roe@corp.example", company_id=None)
CANARY = "quixotic gearboxes fail in the cellar"
OTHER = "The export stops half way."
DONE: dict[str, Any] = {"state": DeliveryState.DONE, "ended_at": NOW}


def spoken(*words: str) -> Content:
    """Content with a customer's words in every place."""
    text = " ".join(words)
    return Content(
        title=f"P0: {text}",
        body=Document(blocks=(Paragraph(spans=(Span(text=text),)), Quotation(text=text))),
        facts={"evidence": [text], "n": 3},
        links=(WebLink(text="1001", href="https://inbox.example/1001"),),
        email=JANE.email or "",
        contact=JANE.id,
        company="Roe",
    )


async def start(store: PostgresStore, *conversations: Conversation) -> None:
    """These conversations are read; all belong to theme t1."""
    await keep(store, *conversations)
    await read(store, *(insight(c) for c in conversations))
    await group(store, {c.customer_messages[0].text: "t1" for c in conversations})


def jane(number: int = 1) -> Conversation:
    return conversation(number, CANARY, customer=JANE)


async def erase(store: PostgresStore, *, contact: str = "", conversation_id: str = "") -> dict[str, int]:
    async with store.unit() as unit:
        if contact:
            removed = await unit.erasure.contact(contact)
        else:
            removed = await unit.erasure.conversation(conversation_id)
        await unit.commit()
    return removed


async def states(store: PostgresStore) -> dict[str, tuple[str, bool]]:
    """State of every delivery by id, and whether it still has content."""
    rows = await query(
        store,
        """select id, state, exists (select from delivery_content c where c.delivery_id = d.id) as said
        from delivery d""",
    )
    return {row["id"]: (row["state"], row["said"]) for row in rows}


async def no_canary(store: PostgresStore) -> None:
    """No table of ours holds a word of hers."""
    tables = "select relname from pg_class where relnamespace = 'earshot'::regnamespace and relkind = 'r'"
    for (table,) in await query(store, tables):
        for word in ("quixotic", "gearbox", "jane.roe", JANE.id):
            found = await query(store, f"select t::text from {table} t where t::text ilike '%{word}%'")
            assert found == [], (table, word)


@pytest.mark.parametrize("by", ["contact", "conversation"])
async def test_what_rests_on_an_erased_conversation_alone_is_discarded(store: PostgresStore, by: str) -> None:
    c = jane()
    await start(store, c, conversation(2))
    one, told = action(c.id, reason=f"r: {CANARY}"), action(c.id, ActionKind.NOTE)
    await decide(store, one, told)
    about, note = link(action_key=one.key), link("intercom", thing=Thing.NOTE, subject_id=c.id, action_key=told.key)
    await plan(store, [about], [delivery(about, content=spoken(CANARY))], one.key)
    await plan(store, [note], [delivery(note, content=spoken(CANARY), state=DeliveryState.HELD)], told.key)
    async with store.unit() as unit:
        assert {"delivery_content", "delivery", "link"} <= (
            await unit.erasure.traces(c.id if by else "")
        ).keys() | {"delivery_content"}
    await erase(store, **{"contact": JANE.email or ""} if by == "contact" else {"conversation_id": c.id})
    assert set((await states(store)).values()) == {("discarded", False)}
    assert await claim(store) == []
    async with store.unit() as unit:
        assert await unit.decisions.list(None, limit=9) == []
        assert await unit.outbox.due(9, now=NOW) == []
        found = await unit.outbox.deliveries(limit=9)
        assert {d.cause for d in found} == {"the conversation it rests on is gone"}
        assert all(d.content == WITHDRAWN for d in found)
        assert await unit.erasure.traces(c.id) == {}
        assert await unit.erasure.traces(JANE.id) == {} or by == "conversation"
    if by == "contact":
        await no_canary(store)


async def test_what_others_asked_for_too_is_planned_anew(store: PostgresStore) -> None:
    c, other = jane(), conversation(2, OTHER)
    await start(store, c, other)
    one = action(c.id, reason=f"r: {CANARY}")
    await decide(store, one, action(other.id))
    about = link(action_key=one.key)
    await plan(store, [about], [delivery(about, content=spoken(CANARY))], one.key)
    assert await value(store, "select plan_at from action") is None
    await erase(store, contact=JANE.id)
    assert await states(store) == {}
    async with store.unit() as unit:
        assert await unit.outbox.links() == []
        (case,) = await unit.outbox.due(9, now=NOW)
        assert (case.links, case.waiting) == ((), ())
        assert case.dossier.conversations == 1
        assert case.dossier.action.conversation_id == other.id
        assert case.dossier.action.reason == ""
        assert "quixotic" not in case.model_dump_json()
    await no_canary(store)
    assert await plan(store, [about], [delivery(about, content=spoken(OTHER))], one.key) == 1


async def test_what_was_sent_keeps_its_state_and_receipt_but_not_its_words(store: PostgresStore) -> None:
    c, other = jane(), conversation(2, OTHER)
    await start(store, c, other)
    one = action(c.id)
    await decide(store, one, action(other.id))
    about = link(action_key=one.key)
    first, second = (
        delivery(about, content=spoken(CANARY)),
        delivery(about, Op.UPDATE, 1, content=spoken(CANARY), told=9),
    )
    await plan(store, [about.model_copy(update={"told": 9})], [first, second], one.key)
    (claimed,) = await claim(store)
    await record(store, claimed, **DONE, receipt=receipt())
    await erase(store, contact=JANE.id)
    assert await states(store) == {first.id: ("done", False)}, "the update that was not sent is planned anew"
    async with store.unit() as unit:
        (stands,) = await unit.outbox.links(subject_id="t1")
        assert (stands.standing, stands.receipt, stands.told) == (Standing.OPEN, receipt(), 1)
        (sent,) = await unit.outbox.deliveries(limit=9)
        assert (sent.receipt, sent.content) == (receipt(), WITHDRAWN)
        (case,) = await unit.outbox.due(9, now=NOW)
        assert case.dossier.action.status is ActionStatus.COMPLETED
    await no_canary(store)


async def test_what_is_under_way_is_not_sent_again(store: PostgresStore) -> None:
    c = jane()
    await start(store, c, conversation(2, OTHER))
    one = action(c.id)
    await decide(store, one)
    about, unsure = link(action_key=one.key), link("slack", action_key=one.key, thing=Thing.MESSAGE)
    await plan(store, [about, unsure], [delivery(about, content=spoken(CANARY)), delivery(unsure)], one.key)
    claimed = {d.destination: d for d in await claim(store)}
    async with store.unit() as unit:
        await unit.outbox.expire(now=NOW)
        await unit.commit()
    await erase(store, contact=JANE.id)
    assert await record(store, claimed["jira"], state=DeliveryState.PENDING, attempts=1)
    assert await record(store, claimed["slack"], **DONE, receipt=receipt())
    found = await states(store)
    assert found == {claimed["jira"].id: ("discarded", False), claimed["slack"].id: ("done", False)}
    await no_canary(store)


async def test_words_that_came_by_the_theme_go_too(store: PostgresStore) -> None:
    c, other = jane(), conversation(2, OTHER)
    await start(store, c, other)
    one = action(other.id)
    await decide(store, one)
    about, elsewhere = link(action_key=one.key), link(subject_id="t5", action_key="x")
    plain = link(subject_id="t1", action_key=one.key, episode=1)
    await plan(
        store,
        [about, elsewhere, plain],
        [
            delivery(about, content=spoken("About gearboxes, and more")),
            delivery(elsewhere, content=spoken(f"They say: {CANARY}, often"), state=DeliveryState.DRY),
            delivery(plain, content=Content(title=OTHER)),
        ],
        one.key,
    )
    await erase(store, conversation_id=c.id)
    assert await states(store) == {
        delivery(elsewhere).id: ("dry", False),
        delivery(plain).id: ("pending", True),
    }
    async with store.unit() as unit:
        assert len(await unit.outbox.due(9, now=NOW)) == 1


async def test_a_redacted_conversation_is_planned_anew_when_it_was_read_again(store: PostgresStore) -> None:
    c = jane()
    await start(store, c)
    one = action(c.id)
    await decide(store, one)
    about = link(action_key=one.key)
    await plan(store, [about], [delivery(about, content=spoken(CANARY), state=DeliveryState.HELD)], one.key)
    clean = conversation(1, "cellar", customer=JANE, updated_at=NOW)
    async with store.unit() as unit:
        await unit.conversations.save([arrival(clean)], now=NOW)
        await unit.commit()
    assert await states(store) == {}
    async with store.unit() as unit:
        assert await unit.outbox.due(9, now=NOW) == []
        await unit.commit()
    await read(store, insight(clean))
    await decide(store, action(c.id))
    async with store.unit() as unit:
        (case,) = await unit.outbox.due(9, now=NOW)
    assert "quixotic" not in case.model_dump_json()
    assert case.dossier.conversations == 1


async def test_a_conversation_deleted_at_the_source_is_not_acted_upon(store: PostgresStore) -> None:
    c = jane()
    await start(store, c)
    one = action(c.id)
    await decide(store, one)
    about = link(action_key=one.key)
    await plan(store, [about], [delivery(about, content=spoken(CANARY))], one.key, look_at=NOW)
    async with store.unit() as unit:
        await unit.conversations.delete("intercom", [Deletion(external_id=c.external_id, deleted_at=NOW)])
        await unit.commit()
    assert await states(store) == {delivery(about).id: ("discarded", False)}
    async with store.unit() as unit:
        assert await unit.outbox.due(9, now=NOW) == []
        assert await unit.outbox.next_due(now=NOW, destinations={}) is None
        (left,) = await unit.rulebook.actions_of(c.id)
        assert (left.key, left.reason, left.status) == (one.key, "", ActionStatus.DISCARDED)


async def test_retention_takes_old_words_out(store: PostgresStore) -> None:
    old, young = jane(), conversation(2, OTHER, updated_at=NOW)
    await start(store, old, young)
    one = action(old.id)
    await decide(store, one, action(young.id))
    about = link(action_key=one.key)
    await plan(store, [about], [delivery(about, content=spoken(CANARY), **DONE)], one.key)
    async with store.unit() as unit:
        assert await unit.erasure.retain(T0 + timedelta(days=9)) == 1
        await unit.commit()
    assert await states(store) == {delivery(about).id: ("done", False)}
    assert await query(store, "select conversation_id from action_member where conversation_id = $1", old.id) == []


async def test_mentions_of_a_person_are_masked_in_everything_new(store: PostgresStore) -> None:
    other = conversation(2, OTHER)
    await start(store, jane(), other)
    alert = action(other.id, ActionKind.ALERT_CS_MANAGER, subject_id=JANE.id, parameters={"to": JANE.email or ""})
    suspect = action(other.id, suspect=f"says {JANE.email}")
    await decide(store, alert, suspect)
    about, own = link(action_key=suspect.key), link("slack", subject_id=JANE.id, action_key=alert.key)
    said = receipt(f"note/{JANE.id}")
    await plan(
        store,
        [about.model_copy(update={"receipt": said}), own],
        [
            delivery(
                about, content=Content(title="x", email=JANE.email or ""), note=f"to {JANE.email}", receipt=said
            ),
            delivery(own),
            delivery(own, Op.UPDATE, 1, state=DeliveryState.DONE),
        ],
        alert.key,
    )
    async with store.unit() as unit:
        quiet = Silence(
            id="s", matchers={"subject": JANE.id}, until=NOW, reason=f"for {JANE.id}", author="a", at=NOW
        )
        await unit.outbox.silence(quiet)
        await unit.commit()
        before = await unit.erasure.traces(JANE.id)
        assert {"action", "link", "delivery", "silence"} <= before.keys()
    await erase(store, contact=JANE.email or "")
    async with store.unit() as unit:
        for needle in (JANE.id, JANE.email or ""):
            assert await unit.erasure.traces(needle) == {}
        subjects = {d.subject_id for d in await unit.outbox.deliveries(limit=9)}
        assert subjects == {"t1", "erased"}
        (silence,) = await unit.outbox.silences()
        assert (silence.matchers, silence.reason) == ({"subject": "[erased]"}, "for [erased]")
    await no_canary(store)


async def test_what_stands_outside_is_named_before_it_is_erased(store: PostgresStore) -> None:
    c, other = jane(), conversation(2, OTHER)
    await start(store, c, other)
    one, unrelated = action(c.id), action(other.id, subject_id="t7")
    await decide(store, one, unrelated)
    ticket, note = link(action_key=one.key), link("intercom", thing=Thing.NOTE, subject_id=c.id, action_key="gone")
    quoted = link("slack", subject_id="t8", action_key="other")
    plain = link(subject_id="t7", action_key=unrelated.key)
    never = link("pagerduty", action_key=one.key)

    def made(planned: Link, name: str) -> Link:
        return planned.model_copy(update={"receipt": receipt(name), "standing": Standing.OPEN})

    links = [made(ticket, "a"), made(note, "b"), made(quoted, "c"), made(plain, "d"), never]
    await plan(store, links, [delivery(quoted, content=spoken(CANARY), id=hexed("q"), **DONE)])
    for needle in (c.id, JANE.id, JANE.email or ""):
        async with store.unit() as unit:
            found = await unit.erasure.outside(needle)
        assert sorted(one.receipt.external_id for one in found if one.receipt) == ["a", "b", "c"]
    async with store.unit() as unit:
        assert await unit.erasure.outside(" ") == []
        assert await unit.erasure.outside("nobody@nowhere.example") == []
