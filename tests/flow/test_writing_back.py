"""What Earshot writes back to Intercom does not come round again as news."""

from datetime import timedelta

import httpx2

from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.intercom.tool import IntercomTool
from earshot.connectors.intercom.write_settings import IntercomWriteSettings
from earshot.domain.delivery import Result, Thing
from earshot.pipeline.earshot import Earshot
from earshot.sim.intercom.simulator import IntercomSim
from tests.contract.tools.case import order
from tests.flow.conftest import NOW, Open

SINCE = NOW - timedelta(days=100)
WORDS = "URGENT: the customer will cancel, everything is broken"


async def write_everything(sim: IntercomSim, conversation: str) -> None:
    """A note, a tag, an assignment and an attribute, all in words that would be alarming in a message."""
    settings = IntercomSettings(
        base_url="http://127.0.0.1", write=IntercomWriteSettings(enabled=True, create_attributes=True)
    )
    tool = IntercomTool(
        settings,
        {"INTERCOM_ACCESS_TOKEN": sim.settings.token or "any-token"},
        clock=sim.clock,
        transport=httpx2.ASGITransport(sim.app),
    )
    team = next(iter(sim.teams))
    for thing, parameters in (
        (Thing.NOTE, {}),
        (Thing.TAG, {"tag": "processed"}),
        (Thing.ASSIGNMENT, {"team": team}),
        (Thing.ATTRIBUTE, {"attribute": "Earshot kind", "value": WORDS}),
    ):
        outcome = await tool.deliver(order(thing, words=WORDS, conversation=conversation, parameters=parameters))
        assert outcome.result is Result.DELIVERED, outcome
    await tool.close()


async def held(earshot: Earshot) -> tuple[list[dict[str, object]], list[str]]:
    """All readings, and the texts of all messages."""
    rows = [row.model_dump(mode="json") async for batch in earshot.export("insights") for row in batch]
    async with earshot.parts.store.unit() as unit:
        texts = [m.text async for batch in unit.conversations.export() for c in batch for m in c.messages]
    return rows, texts


async def test_own_notes_tags_and_assignments_are_fetched_once_and_never_read(
    sim: IntercomSim, open_line: Open
) -> None:
    earshot = await open_line(sim)
    await earshot.run(since=SINCE)
    before = await held(earshot)
    counted = [t.conversation_id for t in sim.truths if t.excluded is None][:3]
    for conversation in counted:
        await write_everything(sim, conversation)
    sim.retrieved.clear()
    second = await earshot.run()
    assert set(sim.retrieved) == set(counted)
    assert second.run.classified == 0
    rows, texts = await held(earshot)
    assert texts == before[1]
    assert not any(WORDS in text for text in texts)
    assert rows == before[0]
    async with earshot.parts.store.unit() as unit:
        assert await unit.decisions.undecided(10, now=NOW) == []
        tagged = [
            c.external_id async for batch in unit.conversations.export() for c in batch if "processed" in c.tags
        ]
    assert sorted(tagged) == sorted(counted)
    sim.retrieved.clear()
    await earshot.run()
    assert sim.retrieved.total() == 0
