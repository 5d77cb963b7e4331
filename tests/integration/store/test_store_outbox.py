"""The outbox on a real server: one holder per row, order within an object, pacing, leases, what is carried."""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from outbox_samples import (
    EVERYWHERE,
    FAST,
    LEASE,
    action,
    claim,
    decide,
    delivery,
    hexed,
    link,
    plan,
    receipt,
    record,
)
from store_samples import NOW, query, value

from earshot.domain.action import ActionKind, ActionStatus
from earshot.domain.delivery import (
    Breaker,
    Content,
    Delivery,
    DeliveryState,
    Health,
    Op,
    Planned,
    Remote,
    Silence,
    Standing,
    Thing,
)
from earshot.ports.outbox import Allowance
from earshot.store import PostgresStore

SECOND = timedelta(seconds=1)
DONE: dict[str, Any] = {"state": DeliveryState.DONE, "ended_at": NOW}


async def test_what_is_planned_is_claimed_once_and_recorded(store: PostgresStore) -> None:
    one = action("1")
    about = link(action_key=one.key)
    await decide(store, one)
    assert await plan(store, [about], [delivery(about)], one.key) == 1
    assert await plan(store, [about], [delivery(about)], one.key) == 0, "a known delivery is left alone"
    (claimed,) = await claim(store)
    assert (claimed.state, claimed.worker, claimed.lease_until) == (DeliveryState.SENDING, "w", NOW + LEASE)
    assert claimed.content == Content(title="Export stops")
    assert await claim(store, "x") == []
    assert await record(store, claimed, **DONE, receipt=receipt())
    assert not await record(store, claimed, **DONE), "the lease is gone"
    async with store.unit() as unit:
        (stands,) = await unit.outbox.links(subject_id="t1")
        assert (stands.standing, stands.receipt, stands.told_at) == (Standing.OPEN, receipt(), NOW)
        (ended,) = await unit.outbox.deliveries(states=[DeliveryState.DONE], limit=9)
        assert (ended.worker, ended.lease_until, ended.receipt) == ("", None, receipt())
        assert [a.status for a in await unit.decisions.get([one.key])] == [ActionStatus.COMPLETED]
    (row,) = await query(store, "select status, completed_at from escalation_actions")
    assert tuple(row) == ("COMPLETED", NOW)


async def test_one_object_is_served_in_order_and_one_at_a_time(store: PostgresStore) -> None:
    about = link()
    rows = [delivery(about), delivery(about, Op.UPDATE, 1, urgent=True), delivery(about, Op.RESOLVE, 2)]
    await plan(store, [about], rows)
    (first,) = await claim(store)
    assert first.op is Op.CREATE
    assert await claim(store) == []
    assert await record(store, first, state=DeliveryState.PENDING, not_before=NOW + SECOND)
    assert await claim(store) == [], "a resolve never overtakes its trigger"
    (first,) = await claim(store, now=NOW + SECOND)
    await record(store, first, **DONE, receipt=receipt())
    (second,) = await claim(store, now=NOW + SECOND)
    assert (second.op, second.receipt) == (Op.UPDATE, receipt()), "the link's receipt comes along"
    assert await record(store, second, state=DeliveryState.DEAD, cause="no", ended_at=NOW)
    (third,) = await claim(store, now=NOW + SECOND)
    assert third.op is Op.RESOLVE
    await record(store, third, now=NOW + SECOND, **DONE)
    async with store.unit() as unit:
        (stands,) = await unit.outbox.links()
    assert (stands.standing, stands.closed_at, stands.receipt) == (Standing.DONE, NOW + SECOND, receipt())


async def test_a_held_create_holds_what_follows(store: PostgresStore) -> None:
    about = link()
    held = delivery(about, state=DeliveryState.HELD, cause="suspect")
    await plan(store, [about], [held, delivery(about, Op.UPDATE, 1)])
    assert await claim(store) == []
    freed = held.model_copy(
        update={"state": DeliveryState.PENDING, "approved_by": "ann", "content": Content(title="As approved")}
    )
    async with store.unit() as unit:
        assert await unit.outbox.change(freed, only_from=[DeliveryState.HELD], now=NOW)
        assert not await unit.outbox.change(freed, only_from=[DeliveryState.HELD], now=NOW)
        await unit.commit()
    (claimed,) = await claim(store)
    assert (claimed.op, claimed.approved_by, claimed.content.title) == (Op.CREATE, "ann", "As approved")


async def test_urgent_rows_go_first_then_the_oldest(store: PostgresStore) -> None:
    abouts = [link(subject_id=f"s{n}") for n in range(4)]
    rows = [
        delivery(abouts[0], not_before=NOW - SECOND),
        delivery(abouts[1], not_before=NOW - 2 * SECOND),
        delivery(abouts[2], urgent=True),
        delivery(abouts[3], not_before=NOW + SECOND),
    ]
    await plan(store, abouts, rows)
    assert [d.subject_id for d in await claim(store, limit=2)] == ["s2", "s1"]
    assert [d.subject_id for d in await claim(store)] == ["s0"]
    async with store.unit() as unit:
        assert await unit.outbox.next_due(now=NOW, destinations=EVERYWHERE) == NOW + SECOND


async def test_many_claimers_never_hold_one_row_together(store: PostgresStore) -> None:
    abouts = [link("jira" if n % 2 else "slack", subject_id=f"s{n}") for n in range(120)]
    rows = [d for about in abouts for d in (delivery(about), delivery(about, Op.UPDATE, 1))]
    await plan(store, abouts, rows)
    got: list[tuple[str, str, str]] = []

    async def work(worker: str) -> None:
        empty = 0
        while empty < 3:
            claimed = await claim(store, worker, limit=5)
            objects = [d.object_key for d in claimed]
            assert len(set(objects)) == len(objects)
            for one in claimed:
                got.append((one.object_key, one.op.value, worker))
                assert await record(store, one, **DONE, receipt=receipt(one.id))
            empty = 0 if claimed else empty + 1

    await asyncio.gather(*(work(f"w{n}") for n in range(5)))
    assert len(got) == len({g[:2] for g in got}) == 240
    for about in abouts:
        assert [op for key, op, _ in got if key == about.object_key] == ["create", "update"]
    assert await value(store, "select count(*) from delivery where attempts > 0 or state <> 'done'") == 0


class Chaos:
    """Workers who die with rows in their hands, fail and try again; what ended is noted in order."""

    def __init__(self, store: PostgresStore, seed: int) -> None:
        self._store = store
        self._dice = random.Random(seed)
        self._held: dict[str, datetime] = {}
        self.ended: list[tuple[str, str]] = []
        self.now = NOW

    async def turn(self) -> None:
        """All workers claim and look up at once, and settle what they got."""
        async with self._store.unit() as unit:
            await unit.outbox.expire(now=self.now)
            await unit.commit()
        await asyncio.gather(*(self._work(f"w{n}") for n in range(4)))
        self.now += timedelta(seconds=20)

    async def _work(self, worker: str) -> None:
        for one in await claim(self._store, worker, limit=7, now=self.now):
            await self._settle(one)
        asked: dict[str, Any] = {"now": self.now, "lease": LEASE, "destinations": EVERYWHERE}
        async with self._store.unit() as unit:
            unsure = await unit.outbox.claim_unknown(7, worker=worker, **asked)
            await unit.commit()
        for one in unsure:
            await self._settle(one)

    async def _settle(self, one: Delivery) -> None:
        assert self._held.get(one.object_key, NOW) <= self.now, "two leases about one object"
        assert one.lease_until is not None
        self._held[one.object_key] = one.lease_until
        fate = self._dice.random()
        if fate < 0.25:
            return
        state = (
            DeliveryState.DONE if fate < 0.7 else self._dice.choice([DeliveryState.PENDING, DeliveryState.UNKNOWN])
        )
        self._held.pop(one.object_key)
        assert await record(self._store, one, now=self.now, state=state, not_before=self.now + SECOND)
        if state is DeliveryState.DONE:
            self.ended.append((one.object_key, one.op.value))


async def test_whoever_dies_or_fails_nothing_is_lost_and_nothing_is_held_twice(store: PostgresStore) -> None:
    abouts = [link("jira" if n % 2 else "slack", subject_id=f"s{n}") for n in range(40)]
    await plan(store, abouts, [d for a in abouts for d in (delivery(a), delivery(a, Op.UPDATE, 1))])
    chaos = Chaos(store, seed=11)
    for _ in range(60):
        await chaos.turn()
        if len(chaos.ended) == 80:
            break
    assert len(chaos.ended) == 80
    for about in abouts:
        assert [op for key, op in chaos.ended if key == about.object_key] == ["create", "update"]


async def test_a_lost_lease_becomes_unknown_and_the_late_answer_is_refused(store: PostgresStore) -> None:
    about = link()
    await plan(store, [about], [delivery(about)])
    (late,) = await claim(store, "slow")
    after = NOW + LEASE
    async with store.unit() as unit:
        assert await unit.outbox.next_due(now=NOW, destinations=EVERYWHERE) == after
        assert await unit.outbox.expire(now=after - SECOND) == 0
        assert await unit.outbox.expire(now=after) == 1
        await unit.commit()
    assert await claim(store, now=after) == []
    async with store.unit() as unit:
        asked: dict[str, Any] = {"now": after, "lease": LEASE, "destinations": EVERYWHERE}
        (found,) = await unit.outbox.claim_unknown(9, worker="new", **asked)
        await unit.commit()
    assert (found.state, found.maybe_arrived, found.attempts) == (DeliveryState.UNKNOWN, True, 0)
    async with store.unit() as unit:
        assert await unit.outbox.claim_unknown(9, worker="third", **asked) == []
    assert not await record(store, late, **DONE)
    assert await record(store, found, **DONE, receipt=receipt())
    async with store.unit() as unit:
        assert await unit.outbox.next_due(now=after, destinations=EVERYWHERE) is None


async def test_pacing_is_kept_over_all_claimers(store: PostgresStore) -> None:
    abouts = [link(subject_id=f"s{n}") for n in range(30)]
    await plan(store, abouts, [delivery(about) for about in abouts])
    five = {"jira": Allowance(per_second=5, room=100)}
    together = await asyncio.gather(*(claim(store, f"w{n}", destinations=five) for n in range(4)))
    assert sum(map(len, together)) == 5, "one second's worth at once"
    async with store.unit() as unit:
        due = await unit.outbox.next_due(now=NOW, destinations=five)
    assert due == NOW + SECOND / 5
    assert await claim(store, destinations=five, now=NOW + SECOND / 10) == []
    assert len(await claim(store, destinations=five, now=NOW + SECOND / 5)) == 1
    assert len(await claim(store, destinations=five, now=NOW + 2 * SECOND)) == 5
    slow = {"jira": Allowance(per_second=0.5, room=100)}
    assert await claim(store, destinations=slow, now=NOW + 3 * SECOND - SECOND / 10) == []
    assert len(await claim(store, destinations=slow, now=NOW + 9 * SECOND)) == 1
    async with store.unit() as unit:
        await unit.outbox.hold_back("jira", until=NOW + 60 * SECOND)
        await unit.commit()
    assert await claim(store, destinations=five, now=NOW + 59 * SECOND) == []
    assert len(await claim(store, destinations=five, now=NOW + 60 * SECOND)) == 5


async def test_there_is_only_so_much_room_and_only_where_it_was_asked_for(store: PostgresStore) -> None:
    abouts = [link(d, subject_id=f"s{n}") for n in range(3) for d in ("jira", "slack")]
    await plan(store, abouts, [delivery(about) for about in abouts])
    claimed = await claim(store, destinations={"jira": Allowance(per_second=100, room=2)})
    assert [d.destination for d in claimed] == ["jira", "jira"]
    assert await claim(store, destinations={}) == []
    assert await claim(store, destinations={"jira": Allowance(per_second=100, room=0)}) == []
    assert len(await claim(store)) == 4


@pytest.mark.parametrize("breaker", [Breaker.PAUSED, Breaker.DISABLED])
async def test_a_paused_destination_gives_nothing(store: PostgresStore, breaker: Breaker) -> None:
    about = link()
    await plan(store, [about], [delivery(about)])
    async with store.unit() as unit:
        await unit.outbox.save_health(Health(destination="jira", breaker=breaker, reason="401"))
        await unit.commit()
    assert await claim(store) == []
    async with store.unit() as unit:
        assert await unit.outbox.next_due(now=NOW, destinations=EVERYWHERE) is None
        (health,) = await unit.outbox.health()
    assert (health.breaker, health.waiting, health.oldest, health.reason) == (breaker, 1, NOW, "401")


async def test_an_open_breaker_lets_one_row_try(store: PostgresStore) -> None:
    abouts = [link(subject_id=f"s{n}") for n in range(3)]
    await plan(store, abouts, [delivery(about) for about in abouts])
    health = Health(
        destination="jira", breaker=Breaker.OPEN, probe_at=NOW + SECOND, recent=((NOW, False),), opened=1
    )
    async with store.unit() as unit:
        assert (await unit.outbox.health_of("jira")).breaker is Breaker.CLOSED
        await unit.outbox.save_health(health)
        assert await unit.outbox.health_of("jira") == health
        await unit.commit()
    assert await claim(store) == []
    async with store.unit() as unit:
        assert await unit.outbox.next_due(now=NOW, destinations=EVERYWHERE) == NOW + SECOND
    (probe,) = await claim(store, now=NOW + SECOND)
    assert await claim(store, now=NOW + SECOND) == [], "one at a time"
    await record(store, probe, state=DeliveryState.DEAD, ended_at=NOW)
    assert len(await claim(store, now=NOW + SECOND)) == 1


async def test_the_status_follows_the_deliveries(store: PostgresStore) -> None:
    one = action("1")
    await decide(store, one)
    about, other = link(action_key=one.key), link("slack", action_key=one.key, thing=Thing.MESSAGE)
    await plan(store, [about, other], [delivery(about), delivery(other)], one.key)

    async def status() -> tuple[Any, ...]:
        (row,) = await query(
            store, "select a.status, e.status from action a join escalation_actions e on e.action_key = a.key"
        )
        return tuple(row)

    first, second = await claim(store)
    assert await status() == ("PENDING", "PENDING")
    await record(store, first, state=DeliveryState.DEAD, cause="400", ended_at=NOW)
    assert await status() == ("PENDING", "PENDING"), "the other one is under way"
    await record(store, second, **DONE)
    assert await status() == ("FAILED", "FAILED")
    again = first.model_copy(update={"state": DeliveryState.PENDING, "cause": "", "ended_at": None})
    async with store.unit() as unit:
        assert await unit.outbox.change(again, only_from=[DeliveryState.DEAD], now=NOW)
        await unit.commit()
    (retried,) = await claim(store)
    await record(store, retried, **DONE)
    assert await status() == ("COMPLETED", "COMPLETED")
    await plan(store, [about], [delivery(about, Op.UPDATE, 1, action_key=one.key)], one.key)
    assert await status() == ("COMPLETED", "COMPLETED"), "a later update does not open it again"


async def test_dry_suppressed_and_discarded_rows_are_final(store: PostgresStore) -> None:
    dry, live = action("1", dry_run=True), action("1")
    await decide(store, dry, live)
    about = link(action_key=live.key)
    rehearsal = delivery(about, state=DeliveryState.DRY, action_key=dry.key, id=hexed("dry"), ended_at=NOW)
    await plan(store, [], [rehearsal], dry.key)
    stopped = delivery(about, state=DeliveryState.SUPPRESSED, cause="silence s", ended_at=NOW)
    await plan(store, [about], [stopped], live.key)
    assert await claim(store) == []
    async with store.unit() as unit:
        states = {a.key: a.status for a in await unit.decisions.get([dry.key, live.key])}
        assert set(states.values()) == {ActionStatus.PENDING}
        thrown = stopped.model_copy(update={"state": DeliveryState.DISCARDED, "cause": "by ann"})
        assert await unit.outbox.change(thrown, only_from=[DeliveryState.SUPPRESSED], now=NOW)
        (found,) = await unit.decisions.get([live.key])
        assert found.status is ActionStatus.DISCARDED
        await unit.commit()
    grown = action("2", key=live.key)
    await decide(store, grown)
    assert await value(store, "select plan_at from action where key = $1", live.key) is None


async def test_what_stands_there_already_completes_the_action(store: PostgresStore) -> None:
    first, second = action("1"), action("2", ActionKind.CREATE_JIRA_P0)
    await decide(store, first, second)
    about = link(action_key=first.key)
    await plan(store, [about], [delivery(about)], first.key)
    (claimed,) = await claim(store)
    await record(store, claimed, **DONE, receipt=receipt())
    async with store.unit() as unit:
        (stands,) = await unit.outbox.links()
    await plan(store, [stands], [], second.key)
    async with store.unit() as unit:
        (found,) = await unit.decisions.get([second.key])
    assert found.status is ActionStatus.COMPLETED


async def test_links_only_grow_by_plans(store: PostgresStore) -> None:
    about = link(told=5, sequence=3, told_at=NOW)
    await plan(store, [about], [])
    await plan(store, [about.model_copy(update={"told": 2, "sequence": 4, "suppressed": 7, "told_at": None})], [])
    async with store.unit() as unit:
        (kept,) = await unit.outbox.links(destination="jira", thing=Thing.TICKET)
    assert (kept.told, kept.sequence, kept.suppressed, kept.told_at) == (5, 4, 7, NOW)


async def test_the_same_request_in_two_plans_of_a_batch_is_one(store: PostgresStore) -> None:
    one, other = action("1"), action("2", ActionKind.CREATE_JIRA_P0)
    await decide(store, one, other)
    about = link(action_key=one.key, told=1)
    first = delivery(about, content=Content(title="first"))
    again = delivery(about, content=Content(title="again"), action_key=other.key)
    plans = [
        Planned(action_key=one.key, links=(about,), deliveries=(first,)),
        Planned(
            action_key=other.key,
            links=(about.model_copy(update={"told": 2, "told_at": NOW, "action_key": other.key}),),
            deliveries=(again, again),
        ),
    ]
    async with store.unit() as unit:
        assert await unit.outbox.save_plans(plans, now=NOW) == 1
        await unit.commit()
        (kept,) = await unit.outbox.deliveries(limit=9)
        assert (kept.content.title, kept.action_key) == ("first", one.key)
        assert await unit.outbox.links() == [about.model_copy(update={"told": 2, "told_at": NOW})]


async def test_a_plan_frees_what_it_held(store: PostgresStore) -> None:
    about = link()
    held = delivery(about, state=DeliveryState.HELD, cause="only suspects")
    await plan(store, [about], [held])
    freed = held.model_copy(
        update={"state": DeliveryState.PENDING, "cause": "", "told": 2, "content": Content(title="Now two")}
    )
    await plan(store, [about], [], changed=(freed,))
    (claimed,) = await claim(store)
    assert (claimed.told, claimed.content.title, claimed.cause) == (2, "Now two", "")
    await plan(store, [about], [], changed=(freed,))
    assert await value(store, "select state from delivery") == "sending", "only what is held is freed"


async def test_what_is_read_back_is_kept(store: PostgresStore) -> None:
    abouts = [link(subject_id=f"s{n}", receipt=receipt(f"P-{n}"), standing=Standing.OPEN) for n in range(3)]
    await plan(store, [*abouts, link(subject_id="none")], [])
    async with store.unit() as unit:
        asked: dict[str, Any] = {"checked_before": NOW, "destinations": ["jira"]}
        assert len(await unit.outbox.to_check(9, **asked)) == 3
        told = [
            Remote(external_id="P-0", standing=Standing.DONE, at=NOW - SECOND),
            Remote(external_id="P-1", standing=Standing.OPEN),
            Remote(external_id="P-9", standing=Standing.GONE),
        ]
        (changed,) = await unit.outbox.save_remotes("jira", told, now=NOW)
        assert (changed.subject_id, changed.standing, changed.closed_at) == ("s0", Standing.DONE, NOW - SECOND)
        left = await unit.outbox.to_check(9, **asked)
        assert [one.subject_id for one in left] == ["s2"]
        again = [
            Remote(external_id="P-0", standing=Standing.OPEN),
            Remote(external_id="P-2", standing=Standing.GONE),
        ]
        reopened = await unit.outbox.save_remotes("jira", again, now=NOW)
        assert {(one.subject_id, one.standing, one.closed_at) for one in reopened} == {
            ("s0", Standing.OPEN, None),
            ("s2", Standing.GONE, NOW),
        }


async def test_quiet_pages_are_found(store: PostgresStore) -> None:
    page = action("1", ActionKind.PAGE_ONCALL_ENGINEER)
    about = link("pagerduty", thing=Thing.PAGE, action_key=page.key, standing=Standing.OPEN, told_at=NOW)
    await decide(store, page)
    await plan(store, [about], [], page.key)
    later = NOW + timedelta(hours=2)
    async with store.unit() as unit:
        assert await unit.outbox.quiet(before=NOW, limit=9) == []
        assert [one.object_key for one in await unit.outbox.quiet(before=later, limit=9)] == [about.object_key]
    suspect = action("2", ActionKind.PAGE_ONCALL_ENGINEER, suspect="it instructs", created_at=later)
    await decide(store, suspect, now=later)
    async with store.unit() as unit:
        assert len(await unit.outbox.quiet(before=later, limit=9)) == 1, "suspects keep nothing open"
    await decide(store, suspect.model_copy(update={"conversation_id": "3", "suspect": ""}), now=later)
    async with store.unit() as unit:
        assert await unit.outbox.quiet(before=later, limit=9) == []
        assert len(await unit.outbox.quiet(before=later + SECOND, limit=9)) == 1
    await plan(store, [], [delivery(about, Op.RESOLVE, 9)], page.key)
    async with store.unit() as unit:
        assert await unit.outbox.quiet(before=later + SECOND, limit=9) == [], "it is being resolved"


async def test_silences_hold_until_they_end(store: PostgresStore) -> None:
    one = Silence(id="s", matchers={"area": "exports"}, until=NOW + SECOND, reason="move", author="ann", at=NOW)
    async with store.unit() as unit:
        await unit.outbox.silence(one)
        assert await unit.outbox.silences(now=NOW) == [one]
        assert await unit.outbox.silences(now=NOW + SECOND) == []
        await unit.outbox.silence(one.model_copy(update={"until": NOW - SECOND}))
        assert await unit.outbox.silences(now=NOW) == []
        assert [s.until for s in await unit.outbox.silences()] == [NOW - SECOND]


async def test_a_plan_of_nothing_is_nothing(store: PostgresStore) -> None:
    async with store.unit() as unit:
        assert await unit.outbox.save_plans([], now=NOW) == 0
        assert await unit.outbox.save_plans([Planned(action_key="unknown")], now=NOW) == 0
        assert await unit.outbox.next_due(now=NOW, destinations={"jira": FAST}) is None
        assert await unit.outbox.health() == []
