"""The daily batch end to end."""

import asyncio
from datetime import timedelta

from earshot.domain.conversation import Conversation
from earshot.pipeline.earshot import Earshot
from earshot.sim.intercom.simulator import IntercomSim
from tests.flow.conftest import NOW, Open

SINCE = NOW - timedelta(days=100)


async def rows(earshot: Earshot, kind: str) -> list[dict[str, object]]:
    return [row.model_dump(mode="json") async for batch in earshot.export(kind) for row in batch]


async def stored(earshot: Earshot) -> dict[str, Conversation]:
    async with earshot.parts.store.unit() as unit:
        return {c.id: c async for batch in unit.conversations.export() for c in batch}


async def test_a_run_counts_what_is_there(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    done = await earshot.run(since=SINCE)
    counted = {t.conversation_id for t in sim.truths if t.excluded is None}
    left_out = {t.conversation_id for t in sim.truths if t.excluded is not None}
    statement = done.run.completeness
    assert statement is not None
    assert statement.complete
    assert statement.seen == len(sim.truths)
    assert statement.filtered_out == len(left_out)
    insights = await rows(earshot, "insights")
    assert {row["conversation_id"] for row in insights} <= counted
    assert len(insights) + done.run.unread == len(counted)
    assert done.report.totals.conversations == len(insights)
    assert sum(done.report.totals.by_issue_type.values()) == len(insights)
    assert done.run.ok


async def test_a_second_run_reads_nothing_again(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    first = await earshot.run(since=SINCE)
    fetched = sim.retrieved.total()
    second = await earshot.run(since=SINCE)
    assert sim.retrieved.total() == fetched
    assert second.run.classified == 0
    assert second.run.completeness is not None
    assert second.run.completeness.unchanged == second.run.completeness.seen
    assert second.report.totals == first.report.totals
    assert [t.id for t in second.report.themes] == [t.id for t in first.report.themes]


async def test_only_what_a_customer_can_see_is_read_again(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    await earshot.run(since=SINCE)
    counted = [t.conversation_id for t in sim.truths if t.excluded is None]
    for key in counted[:3]:
        sim.reply(key, "customer", text="It is still broken, and now the printer is on fire as well.")
    sim.reply(counted[3], "note", text="internal: call them")
    sim.retrieved.clear()
    again = await earshot.run()
    assert set(sim.retrieved) == set(counted[:4])
    assert again.run.classified == 3
    texts = {key: [m.text for m in c.messages] for key, c in (await stored(earshot)).items()}
    assert all("printer is on fire" in texts[key][-1] for key in counted[:3])
    assert not any("call them" in text for text in texts[counted[3]])


async def test_deletion_and_redaction_are_obeyed(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    await earshot.run(since=SINCE)
    gone, blackened = [t.conversation_id for t in sim.truths if t.excluded is None][:2]
    secret = (await stored(earshot))[blackened].customer_messages[0]
    sim.delete(gone)
    source = sim.shelf.open_up(sim.record(blackened))["source"]
    sim.redact(blackened, str(source["id"]) if secret.id.startswith("source:") else secret.id)
    done = await earshot.run()
    assert done.run.completeness is not None
    assert done.run.completeness.deleted >= 1
    held = await stored(earshot)
    assert held[gone].deleted
    assert not held[gone].messages
    assert secret.text not in [m.text for m in held[blackened].messages]
    insights = {row["conversation_id"]: row for row in await rows(earshot, "insights")}
    assert gone not in insights
    assert secret.text not in str(insights.get(blackened))


async def test_two_runs_at_once_lose_and_double_nothing(sim: IntercomSim, open_line: Open) -> None:
    one, other = await open_line(sim), await open_line(sim)
    runs = await asyncio.gather(one.run(since=SINCE), other.run(since=SINCE))
    counted = [t for t in sim.truths if t.excluded is None]
    insights = await rows(one, "insights")
    assert len(insights) == len({row["conversation_id"] for row in insights})
    assert len(insights) + sum(r.run.unread for r in runs) == len(counted)
    actions = await rows(one, "actions")
    assert len(actions) == len({row["key"] for row in actions})
    assert max(sim.retrieved.values()) == 1


async def test_every_passing_fault_is_survived(faulty: IntercomSim, sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(faulty)
    done = await earshot.run(since=SINCE)
    assert done.run.completeness is not None
    assert done.run.completeness.gaps == ()
    assert len(await stored(earshot)) >= len(sim.truths)
    assert faulty.faults.struck.total() > 0


async def test_a_conversation_that_never_comes_is_named_and_asked_for_again(
    open_line: Open, sim: IntercomSim
) -> None:
    broken = sim.truths[40].conversation_id
    earshot = await open_line(sim)
    sim.faults.failing.add(broken)
    done = await earshot.run(since=SINCE)
    assert done.run.completeness is not None
    assert [gap.what for gap in done.run.completeness.gaps] == [f"conversation {broken}"]
    assert done.run.completeness.failed == 1
    assert not done.run.ok
    sim.faults.failing.discard(broken)
    healed = await earshot.run()
    assert healed.run.ok
    assert broken in await stored(earshot)
