"""Figures of this moment against rows, and how bounds stand."""

import asyncio
from datetime import timedelta

import pytest
from tests.integration.store.store_samples import NOW, conversation, insight, keep, read

from earshot.domain.call import Call, Outcome, Tier
from earshot.domain.notification import Concern, Effect, Notification
from earshot.domain.pulse import Pulse, WatchState
from earshot.domain.run import Run
from earshot.errors import EarshotError
from earshot.store import PostgresStore
from earshot.store.watching import NEWEST, PostgresWatch

DAY = NOW.date().isoformat()
SECOND = timedelta(seconds=1)


async def pulse(store: PostgresStore) -> Pulse:
    async with store.unit() as unit:
        return await unit.watch.pulse(now=NOW, day=DAY)


async def run(store: PostgresStore, *statements: str, **parameters: object) -> None:
    async with store.unit() as unit:
        for statement in statements:
            await unit.sql.run(statement, **parameters)
        await unit.commit()


def call(number: int, outcome: Outcome) -> Call:
    return Call(
        id=f"call-{number}",
        provider="openai",
        model="m",
        tier=Tier.CHEAP,
        started_at=NOW - timedelta(minutes=number),
        outcome=outcome,
    )


async def test_an_empty_database_has_a_pulse(store: PostgresStore) -> None:
    assert await pulse(store) == Pulse()


async def test_conversations_runs_and_calls_are_counted(store: PostgresStore) -> None:
    for number in range(3):
        await keep(store, conversation(number))
    await read(store, insight(conversation(0)))
    ended = Run(id="r", kind="run", started_at=NOW - timedelta(hours=2), ok=True)
    outcomes = [*[Outcome.OK] * 6, Outcome.ERROR, Outcome.TIMEOUT, Outcome.RATE_LIMITED, Outcome.CANCELLED]
    async with store.unit() as unit:
        await unit.runs.start(ended)
        await unit.runs.finish(ended)
        await unit.calls.close([call(number, outcome) for number, outcome in enumerate(outcomes)])
        await unit.calls.close([call(100, Outcome.ERROR)])
        await unit.commit()
    await run(
        store,
        "insert into llm_spend (day, usd) values (:day, 2.5) on conflict (day) do update set usd = 2.5",
        day=DAY,
    )
    found = await pulse(store)
    assert found.pending == 2
    assert found.last_success == ended.started_at
    assert (found.calls, found.calls_failed) == (9, 2), "an hour's, and a full rate limit is no failure"
    assert found.error_share == pytest.approx(2 / 9)
    assert found.spent_today == 2.5


async def test_latencies_are_those_of_the_last_hour_s_newest_webhooks(store: PostgresStore) -> None:
    await run(
        store,
        """insert into inbox (source, id, topic, effect, concern, external_id, occurred_at, received_at, heard_at,
            decided_at)
        select 'intercom', n::text, 't', 'changed', 'conversation', n::text, cast(:now as timestamptz), at,
            at + interval '0.1 s', at + make_interval(secs => n / 100.0 + 0.1)
        from generate_series(1, 100) n,
            lateral (select cast(:now as timestamptz) - make_interval(secs => n)) x (at)""",
        """insert into inbox (source, id, topic, effect, concern, external_id, occurred_at, received_at, heard_at,
            decided_at)
        select 'intercom', 'old' || n, 't', 'changed', 'conversation', n::text, cast(:now as timestamptz), at, at,
            at + interval '1 hour'
        from generate_series(1, 50) n,
            lateral (select cast(:now as timestamptz) - interval '61 minutes') x (at)""",
        """insert into inbox (source, id, topic, effect, concern, external_id, occurred_at, received_at)
        values ('intercom', 'waits', 't', 'changed', 'conversation', '7', :now, :now)""",
        now=NOW,
    )
    found = await pulse(store)
    assert found.reading_p95 == pytest.approx(0.95, abs=0.01)
    assert found.decision_p95 == pytest.approx(1.05, abs=0.01)
    assert found.webhook_latest == NOW


async def test_what_waits_and_what_was_given_up_is_told_apart(store: PostgresStore) -> None:
    news = [
        Notification(
            id=f"n{number}",
            topic="conversation.user.replied",
            effect=Effect.CHANGED,
            concern=Concern.CONVERSATION,
            external_id=str(number),
            occurred_at=NOW,
            received_at=NOW - number * SECOND,
        )
        for number in range(3)
    ]
    async with store.unit() as unit:
        await unit.inbox.take(news, debounce=SECOND, now=NOW)
        turn = await unit.inbox.claim("intercom", Concern.CONVERSATION, external_id="0", lease=60 * SECOND, now=NOW)
        assert turn is not None
        await unit.inbox.give_back(turn, reason="gone", again_at=None, now=NOW)
        await unit.commit()
    found = await pulse(store)
    assert (found.inbox_waiting, found.inbox_failed) == (2, 1)
    assert found.inbox_oldest == NOW - 2 * SECOND


async def test_deliveries_are_counted_by_state(store: PostgresStore) -> None:
    insert = """insert into delivery (id, object_key, action_key, destination, thing, op, subject_id, state, told,
            urgent, not_before, created_at)
        select :state || n, :state || n, 'a', 'slack', 'message', 'create', 's', :state, 1, false,
            cast(:now as timestamptz), cast(:now as timestamptz) - make_interval(hours => n)
        from generate_series(1, 30) n"""
    for state in ("held", "dead", "done"):
        await run(store, insert, state=state, now=NOW)
    found = await pulse(store)
    assert {state: one.count for state, one in found.deliveries.items()} == {"held": 30, "dead": 30}
    assert found.deliveries["held"].oldest == NOW - timedelta(hours=30)
    assert found.refused_24h == 24


async def test_a_look_is_bounded_on_a_big_inbox(store: PostgresStore) -> None:
    await run(
        store,
        """insert into inbox (source, id, topic, effect, concern, external_id, occurred_at, received_at, heard_at,
            decided_at)
        select 'intercom', n::text, 't', 'changed', 'conversation', n::text, cast(:now as timestamptz), at, at, at
        from generate_series(1, 20000) n,
            lateral (select cast(:now as timestamptz) - make_interval(secs => n / 10.0)) x (at)""",
        now=NOW,
    )
    await run(store, "analyze inbox")
    async with store.unit() as unit:
        plan = await unit.sql.column(
            f"""explain (analyze, costs off, timing off, summary off) select i.received_at from inbox i
            where i.received_at >= :since and i.concern = 'conversation' and i.effect = 'changed'
            order by i.received_at desc limit {NEWEST}""",
            since=NOW - timedelta(hours=1),
        )
    assert "Index Scan Backward using inbox_by_receipt" in "\n".join(plan)
    assert (await pulse(store)).decision_p95 == 0.0


async def test_bounds_are_kept(store: PostgresStore) -> None:
    first = WatchState(bound="b", since=NOW, seen_at=NOW, value=1.0)
    other = WatchState(bound="a", outside=True, since=NOW, seen_at=NOW, strikes=1, episode=2, told_at=NOW)
    changed = first.model_copy(update={"outside": True, "value": None, "episode": 1})
    async with store.unit() as unit:
        await unit.watch.save([first, other])
        await unit.watch.save([changed])
        await unit.commit()
    async with store.unit() as unit:
        assert await unit.watch.states() == [other, changed]


async def test_one_process_watches_at_a_time(store: PostgresStore) -> None:
    async with store.unit() as first, store.unit() as second:
        assert await first.watch.lock()
        assert not await second.watch.lock()
    async with store.unit() as third:
        assert await third.watch.lock()


async def test_a_look_that_takes_too_long_is_given_up(store: PostgresStore) -> None:
    async with store.unit() as holder:
        await holder.sql.run("lock table conversation in access exclusive mode")
        with pytest.raises(EarshotError):
            await asyncio.wait_for(pulse(store), timeout=10)


async def test_a_schema_of_another_version_is_told(store: PostgresStore) -> None:
    async with store.unit() as unit:
        assert await unit.watch.problem() == ""
        await unit.sql.run("update revision set version_num = '9999'")
        assert "9999" in await PostgresWatch(unit.sql).problem()
