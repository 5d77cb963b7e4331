"""Real conversations through the simulator, where the evaluation data is present: nothing may change."""

import gzip
import html
import json
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from earshot.sim.intercom.load import load
from earshot.sim.intercom.render import retrieved
from earshot.sim.intercom.settings import SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.workspace import Json

DATA = Path(__file__).parents[2].parent / "shared/data/conversations.jsonl.gz"
HEADERS = {"Authorization": "Bearer sim-token"}
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.exists(), reason=f"the evaluation data is not at {DATA}"),
]


def bodies(talk: Json) -> list[str]:
    return [one["body"] for one in (talk["source"], *talk["conversation_parts"]["conversation_parts"])]


def unescaped(body: str) -> str:
    return html.unescape(body.removeprefix("<p>").removesuffix("</p>").replace("<br>", "\n"))


async def test_every_text_comes_back_byte_for_byte_in_both_forms() -> None:
    sim = IntercomSim(
        load(DATA, end=datetime(2026, 3, 10, tzinfo=UTC)), settings=SimSettings(rate_per_minute=10**9)
    )
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert len(rows) == len(sim.shelf) == 3853
    transport = httpx2.ASGITransport(sim.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sim", headers=HEADERS) as http:
        for number, row in enumerate(rows):
            texts = [message["text"] for message in row["messages"]]
            record = sim.record(row["id"])
            assert bodies(retrieved(sim.shelf.open_up(record), plain=True, limit=500)) == texts, number
            marked_up = bodies(retrieved(sim.shelf.open_up(record), plain=False, limit=500))
            assert [unescaped(body) for body in marked_up] == texts, number
            if number % 20 == 0:
                answer = await http.get(f"/conversations/{row['id']}", params={"display_as": "plaintext"})
                assert bodies(answer.json()) == texts, number
