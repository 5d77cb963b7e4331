"""The guide's third pattern: filters, and what is written back, which shuts no customer out who writes again."""

from datetime import timedelta
from typing import Any

from earshot.domain.rule_state import RuleMode
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.live.filtering import unheard_reason
from earshot.pipeline.ruling.states import switch
from earshot.sim.intercom import changes
from earshot.sim.intercom.settings import SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from tests.flow.conftest import NOW, Open
from tests.worlds import sample

ROUTES = ["ROUTE_P0_BUG", "ROUTE_CHURN", "ROUTE_BILLING", "ROUTE_FEATURE_REQUEST"]
FILTERS: dict[str, Any] = {"only_states": ["open"], "skip_tags": ["processed"]}
TAG = "processed"


def small() -> IntercomSim:
    """A workspace in which few things have to be written back."""
    return IntercomSim(
        sample(conversations=24, seed=5, now=NOW), settings=SimSettings(token="", rate_per_minute=600_000)
    )


async def hybrid(open_line: Open, sim: IntercomSim) -> Earshot:
    """The hybrid pack's marks switched on, its routes left to n8n."""
    write = {"enabled": True, "create_attributes": True, "per_second": 50}
    earshot = await open_line(
        sim,
        intercom={"write": write},
        pull={"filters": FILTERS},
        realtime=FILTERS,
        decide={"packs": ["hybrid"], "switched_off": ROUTES},
    )
    (rule,) = [one.settings for one in earshot.parts.make_rules().ordered]
    await switch(earshot.parts, rule, mode=RuleMode.ON)
    return earshot


def talk(sim: IntercomSim, conversation: str) -> dict[str, Any]:
    """A conversation as the simulated Intercom holds it."""
    record = sim.shelf.get(conversation)
    assert record is not None
    return sim.shelf.open_up(record)


def tags(sim: IntercomSim, conversation: str) -> list[str]:
    """The names of its tags."""
    return [str(tag["name"]) for tag in talk(sim, conversation)["tags"]["tags"]]


async def insights(earshot: Earshot) -> dict[str, dict[str, Any]]:
    """All readings by conversation."""
    return {
        row.model_dump()["conversation_id"]: row.model_dump()
        async for rows in earshot.export("insights")
        for row in rows
    }


async def unheard(earshot: Earshot, conversation: str) -> str | None:
    """Why real time would leave a conversation out."""
    async with earshot.parts.store.unit() as unit:
        (held,) = await unit.conversations.get([conversation])
        return await unheard_reason(earshot.parts, unit, conversation=held)


async def test_read_marked_and_heard_again_when_the_customer_writes(open_line: Open) -> None:
    sim = small()
    earshot = await hybrid(open_line, sim)
    await earshot.run(since=NOW - timedelta(days=100))
    read = await insights(earshot)
    assert read
    assert {talk(sim, one)["state"] for one in read} == {"open"}
    for one, insight in read.items():
        told = talk(sim, one)["custom_attributes"]
        assert told["llm_classification"] == insight["issue_type"].value
        assert told["llm_priority"] == insight["priority"].value
        assert TAG in tags(sim, one)
        parts = talk(sim, one)["conversation_parts"]["conversation_parts"]
        assert [part["part_type"] for part in parts].count("note") >= 1
    await earshot.run()
    assert await insights(earshot) == read, "our own tag came back with the sync and took readings away"

    one = min(read)
    assert await unheard(earshot, one) is None
    sim.reply(one, "customer", text="And now I was charged twice on the invoice. Please refund the second charge!")
    await earshot.run()
    again = (await insights(earshot))[one]
    assert again["classified_at"] > read[one]["classified_at"]
    assert talk(sim, one)["custom_attributes"]["llm_classification"] == again["issue_type"].value

    sim.set_state(one, "close")
    await earshot.run()
    assert one in await insights(earshot)


async def test_what_somebody_else_processed_and_what_is_not_open_is_left_out(open_line: Open) -> None:
    sim = small()
    theirs = next(str(record.id) for record in sim.shelf if talk(sim, str(record.id))["state"] == "open")
    label = sim.tags["77001"] = {"type": "tag", "id": "77001", "name": TAG}
    admin = next(iter(sim.admins.values()))
    at = sim.now()
    sim.change(theirs, lambda told: changes.tag(told, sim.new_id(), label=label, author=admin, at=at))
    earshot = await hybrid(open_line, sim)
    await earshot.run(since=NOW - timedelta(days=100))
    read = await insights(earshot)
    assert theirs not in read
    assert await unheard(earshot, theirs) == f"tag {TAG}"
    sim.reply(theirs, "customer", text="Is anybody there? The export is still broken.")
    await earshot.run()
    assert theirs not in await insights(earshot)
    closed = next(str(r.id) for r in sim.shelf if talk(sim, str(r.id))["state"] == "closed")
    assert await unheard(earshot, closed) == "state closed"
