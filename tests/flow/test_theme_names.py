"""Themes named by a model: once each, again when they have doubled, and never again and again in vain."""

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from earshot.cli.sim_answers import local_answer
from earshot.domain.call import Call, Outcome, Purpose
from earshot.domain.grouping import Decider, ThemeHead
from earshot.pipeline.money.consent import note
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming import naming
from earshot.sim.llm.simulator import LlmSim
from earshot.sim.workspace import Json
from earshot.store import PostgresStore
from tests.flow.llm_line import Open, opening
from tests.integration.pipeline.theming_world import grouped

BLANK = "Downloading an invoice gives a blank PDF page"


@pytest.fixture
async def opened(database_url: str) -> AsyncGenerator[Open]:
    """Opens Earshot, wired as in production, at a simulated provider."""
    async with opening(database_url) as made:
        yield made


async def hired(opened: Open, sim: LlmSim) -> Parts:
    """Earshot with a provider that somebody agreed to pay."""
    parts = (await opened(sim, "openai")).parts
    await note(parts, ["openai"])
    return parts


async def heads(parts: Parts) -> list[ThemeHead]:
    """All themes that are larger than one mention."""
    async with parts.store.unit() as unit:
        state = await unit.themes.partition(core=True)
    return list(state.heads.values())


async def named_calls(parts: Parts) -> list[Call]:
    """Calls for names."""
    async with parts.store.unit() as unit:
        calls = [call async for some in unit.calls.export() for call in some]
    return [call for call in calls if call.purpose is Purpose.NAME]


def unsupported(instructions: str, content: str, *, schema: Json | None) -> str:
    """A name that no report supports."""
    return json.dumps({"title": "Zebras eat purple kites", "description": "Nobody said so."})


async def tell(store: PostgresStore, numbers: Sequence[int]) -> None:
    """So many customers tell of the same matter."""
    await grouped(store, [(number, f"{BLANK}, number {number}") for number in numbers])


async def test_a_name_is_asked_for_once_and_again_when_the_theme_has_doubled(
    store: PostgresStore, opened: Open
) -> None:
    await tell(store, range(2))
    parts = await hired(opened, LlmSim(local_answer))
    assert await naming.name_themes(parts) == 1
    (head,) = await heads(parts)
    assert (head.named_by, head.named_size, head.asked_size) == (Decider.MODEL, 2, 2)
    assert await naming.name_themes(parts) == 0
    await tell(store, range(4))
    assert await naming.name_themes(parts) == 1
    assert [call.outcome for call in await named_calls(parts)] == [Outcome.OK] * 2


async def test_what_got_no_name_is_not_asked_again_and_again(store: PostgresStore, opened: Open) -> None:
    await tell(store, range(2))
    parts = await hired(opened, LlmSim(unsupported))
    assert await naming.name_themes(parts) == 0
    asked = await named_calls(parts)
    assert {call.outcome for call in asked} == {Outcome.INVALID}
    assert await naming.name_themes(parts) == 0
    await tell(store, range(3))
    assert await naming.name_themes(parts) == 0
    assert len(await named_calls(parts)) == len(asked), "the answer would be the same"
    (head,) = await heads(parts)
    assert (head.named_by, head.asked_size) == (Decider.SCORE, 2)
    await tell(store, range(4))
    await naming.name_themes(parts)
    assert len(await named_calls(parts)) > len(asked), "it is another theme by now"


async def test_names_that_could_not_be_saved_are_lost_in_the_ledger(
    store: PostgresStore, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell(store, range(2))
    parts = await hired(opened, LlmSim(local_answer))

    async def fails(*_: Any) -> bool:
        raise RuntimeError("killed in the middle")

    with monkeypatch.context() as patch:
        patch.setattr(naming, "_stands", fails)
        with pytest.raises(RuntimeError, match="killed"):
            await naming.name_themes(parts)
    assert [call.outcome for call in await named_calls(parts)] == [Outcome.LOST]
    assert await naming.name_themes(parts) == 1
    assert [call.outcome for call in await named_calls(parts)] == [Outcome.LOST, Outcome.OK]
