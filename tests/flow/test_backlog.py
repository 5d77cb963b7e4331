"""From the simulated inbox to the backlog: the guide's table, items in step with runs, only customers' words."""

from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from earshot.domain.reading import IssueType
from earshot.pipeline.backlog.drafting import draft
from earshot.pipeline.backlog.editing import set_field
from earshot.pipeline.backlog.importing import import_backlog
from earshot.pipeline.backlog.looking import backlog
from earshot.pipeline.backlog.planning import Outcome
from earshot.pipeline.earshot import Earshot
from earshot.sim.intercom.simulator import IntercomSim
from earshot.store import PostgresStore, driver
from tests.flow.conftest import NOW, Open

SINCE = NOW - timedelta(days=100)


async def rows(earshot: Earshot, kind: str) -> list[dict[str, Any]]:
    return [row.model_dump(mode="json") async for batch in earshot.export(kind) for row in batch]


async def select(earshot: Earshot, statement: str, *values: object) -> list[Any]:
    """What another program sees that runs a SELECT of the guide."""
    store = earshot.parts.store
    assert isinstance(store, PostgresStore)
    connection = await driver.dial(dsn=store.address.url)
    try:
        await connection.execute("set search_path = earshot, public")
        return await connection.fetch(statement, *values)
    finally:
        await connection.close()


async def feature_mentions(earshot: Earshot) -> dict[str, set[str]]:
    """The conversations of each feature theme, counted from its members."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    async with earshot.parts.store.unit() as unit:
        for theme in await unit.themes.get(await unit.themes.find("")):
            if theme.issue_type is IssueType.FEATURE_REQUEST:
                members = await unit.themes.members(theme.id, limit=10_000)
                found[theme.title] |= {member.mention.conversation_id for member in members}
    return found


async def test_the_guides_table_counts_feature_themes(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    await earshot.run(since=SINCE)
    recounted = await feature_mentions(earshot)
    assert recounted
    found = await select(earshot, "SELECT * FROM feature_requests")
    assert {row["summary"]: row["frequency"] for row in found} == {t: len(c) for t, c in recounted.items()}
    assert {row["summary"]: set(row["conversation_ids"]) for row in found} == recounted
    assert all(row["first_seen"] <= row["last_seen"] for row in found)
    most = max(found, key=lambda row: row["frequency"])
    asked = "SELECT frequency FROM feature_requests WHERE normalized_summary = $1"
    assert [row["frequency"] for row in await select(earshot, asked, most["normalized_summary"])] == [
        most["frequency"]
    ]


async def test_every_quote_of_the_backlog_is_a_customers(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim, prioritise={"least_conversations": 1})
    await earshot.run(since=SINCE)
    done = await draft(earshot.parts, top=200)
    assert done.count(Outcome.CREATED) == len(done.drafted) > 20
    said: dict[str, list[str]] = {}
    async with earshot.parts.store.unit() as unit:
        async for batch in unit.conversations.export():
            said |= {c.id: [m.text for m in c.customer_messages] for c in batch}
    listed = await backlog(earshot.parts)
    quotes = [(item.item, quote) for item in listed for quote in item.item.evidence.quotes]
    assert len(quotes) > 20
    assert [q for _, q in quotes if not any(q.text in text for text in said[q.conversation_id])] == []
    for one in listed:
        customers = [quote.conversation_id for quote in one.item.evidence.quotes]
        assert len(set(customers)) == len(customers), "each conversation speaks once"
        behind = {link.conversation_id for link in one.item.evidence.links}
        assert set(customers) <= behind or one.item.evidence.conversations > len(behind)
    exported = await rows(earshot, "backlog")
    assert len(exported) == len(listed)
    assert all(q in text_of(said) for row in exported for q in row["customer_evidence"]["representative_quotes"])


def text_of(said: dict[str, list[str]]) -> str:
    return "\x00".join(text for texts in said.values() for text in texts)


async def test_runs_keep_the_backlog_in_step(sim: IntercomSim, open_line: Open, tmp_path: Path) -> None:
    earshot = await open_line(sim, prioritise={"least_conversations": 1})
    await earshot.run(since=SINCE)
    await draft(earshot.parts, top=5)
    before = {one.item.id: one.item for one in await backlog(earshot.parts)}
    first = max(before.values(), key=lambda item: item.evidence.conversations)
    assert first.evidence.conversations >= 2
    await set_field(earshot.parts, first.id, field="confidence", values=["1"], reason="we met them")
    gone = first.evidence.links[0].conversation_id
    sim.delete(gone)
    done = await earshot.run()
    assert "backlog" in done.seconds
    after = {one.item.id: one.item for one in await backlog(earshot.parts)}
    assert after[first.id].evidence.conversations == first.evidence.conversations - 1
    assert gone not in {link.conversation_id for link in after[first.id].evidence.links}
    assert gone not in {quote.conversation_id for quote in after[first.id].evidence.quotes}
    score = after[first.id].rice
    assert score is not None
    assert score.score.confidence == 1
    counted = {row["id"]: row["frequency"] for row in await rows(earshot, "themes")}
    assert {i.theme_id: i.evidence.conversations for i in after.values()} == {
        i.theme_id: counted[i.theme_id] for i in after.values()
    }
    (tmp_path / "tracker.csv").write_text(f'Key,Title\nOPS-1,"{first.text.title.replace(chr(34), "")}"\n')
    await import_backlog(earshot.parts, tmp_path / "tracker.csv")
    (beside,) = [one for one in await backlog(earshot.parts) if one.item.id == first.id]
    assert [twin.key for twin in beside.twins] == ["OPS-1"]
