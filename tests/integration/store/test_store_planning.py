"""Planning beside others who count, decide and erase: nobody waits for each other, and nothing is planned half."""

import asyncio

from outbox_samples import action, decide
from store_samples import NOW, conversation, group, insight, keep, query, read, value

from earshot.domain.action import PROVISIONAL, Action
from earshot.store import PostgresStore
from earshot.store.adopting import adopt


async def due(store: PostgresStore) -> list[str]:
    async with store.unit() as unit:
        cases = await unit.outbox.due(10, now=NOW)
        await unit.commit()
    return [case.dossier.action.key for case in cases]


async def test_planning_holds_no_action_while_it_waits_for_the_counts(store: PostgresStore) -> None:
    """Whoever counts holds them until it has decided, and wants actions then: each would wait for the other."""
    one = action("1")
    await decide(store, one)
    await query(store, "insert into dirty_hour (of, hour) values ('insight', '2026-01-01 10:00Z')")
    async with store.unit() as counting:
        await counting.figures.refresh()
        planning = asyncio.create_task(due(store))
        await asyncio.sleep(0.5)
        assert not planning.done()
        await counting.sql.run("set local lock_timeout = '3s'")
        assert await counting.sql.run("update action set reason = 'more' where key = :key", key=one.key) == 1
        await counting.commit()
    assert await planning == []
    assert await value(store, "select reason from action") == "more"


async def test_planning_waits_for_nobody_who_holds_an_action(store: PostgresStore) -> None:
    one = action("1")
    await decide(store, one)
    await query(store, f"insert into action_growth (key, at) values ('{one.key}', now()), ('gone', now())")
    async with store.unit() as holding:
        await holding.sql.run("select from action for update")
        async with asyncio.timeout(10):
            assert await due(store) == []
        assert await value(store, "select array_agg(key) from action_growth") == [one.key], (
            "noted for the next time"
        )
    await due(store)
    assert await value(store, "select count(*) from action_growth") == 0


async def waiting_for_its_theme(store: PostgresStore) -> Action:
    """An action decided by labels, whose conversation got its theme just now."""
    about = conversation(1)
    await keep(store, about)
    await read(store, insight(about))
    decided = action(about.id, subject_id=f"{PROVISIONAL}x1")
    await decide(store, decided)
    await group(store, {})
    return decided


async def test_who_decides_and_then_counts_does_not_meet_planning(store: PostgresStore) -> None:
    first = await waiting_for_its_theme(store)
    pushed = first.model_copy(update={"key": "f" * 32, "subject_id": "rest", "rule": "backlog push"})
    async with store.unit() as pushing:
        assert await pushing.decisions.save([pushed], decided=[], now=NOW) == 0, "it is adopted"
        async with asyncio.timeout(10):
            await due(store)
        found = await pushing.outbox.dossier(first.key)
        assert found is not None
        assert found.theme is not None
        await pushing.commit()


async def test_no_plan_is_made_for_a_theme_that_is_not_counted(store: PostgresStore) -> None:
    await waiting_for_its_theme(store)
    for counted in (False, True):
        async with store.unit() as unit:
            if counted:
                await unit.figures.refresh()
            await adopt(unit.sql, at_once=True)
            assert await unit.sql.value("select not unplaced from action") is counted
            await unit.commit()
