"""The simulated Intercom over a real socket: every way to misbehave."""

from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from earshot.sim.intercom.settings import Fault
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.workspace import SimWorkspace
from tests.contract.desk import EVERYTHING, HEADERS, Desk, admin, desk, faulty, twenty


@pytest.fixture
def held(tmp_path: Path) -> SimWorkspace:
    return twenty(tmp_path)


async def scripted(it: Desk, kind: Fault, *, path: str = "/", times: int = 1) -> None:
    body = {"kind": str(kind), "path": path, "times": times}
    assert (await it.send("POST", "/_sim/faults", body)).status_code == 200


async def test_fault_429_names_its_reset(held: SimWorkspace) -> None:
    async with desk(held) as it:
        await scripted(it, Fault.TOO_MANY)
        refused = await it.get("/me")
        assert refused.status_code == 429
        assert int(refused.headers["x-ratelimit-reset"]) > it.clock.at.timestamp()
        assert (await it.get("/me")).status_code == 200


async def test_fault_5xx_passes(held: SimWorkspace) -> None:
    async with desk(held) as it:
        await scripted(it, Fault.SERVER_ERROR, times=2)
        assert [(await it.get("/me")).status_code >= 500 for _ in range(3)] == [True, True, False]


async def test_fault_reset_cuts_the_connection_after_the_effect(held: SimWorkspace) -> None:
    async with desk(held) as it:
        await scripted(it, Fault.RESET)
        note = {"message_type": "note", "type": "admin", "admin_id": admin(it), "body": "<p>x</p>"}
        with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
            await it.send("POST", "/conversations/t-1/reply", note)
        parts = (await it.json("/conversations/t-1"))["conversation_parts"]["conversation_parts"]
        assert [part["part_type"] for part in parts] == ["comment", "note"]


async def test_fault_truncated_and_empty_are_200(held: SimWorkspace) -> None:
    async with desk(held) as it:
        await scripted(it, Fault.TRUNCATED)
        cut = await it.get("/me")
        assert cut.status_code == 200
        with pytest.raises(ValueError, match=r"."):
            cut.json()
        await scripted(it, Fault.EMPTY)
        empty = await it.get("/me")
        assert (empty.status_code, empty.content) == (200, b"")


async def test_fault_slow_waits(held: SimWorkspace) -> None:
    async with desk(held, faulty(slow_seconds=7)) as it:
        await scripted(it, Fault.SLOW)
        assert (await it.get("/me")).status_code == 200
        assert it.clock.slept == [7.0]


async def test_fault_repeated_cursor(held: SimWorkspace) -> None:
    async with desk(held) as it:
        first = (await it.search(EVERYTHING, size=5)).json()["pages"]["next"]["starting_after"]
        await scripted(it, Fault.REPEATED_CURSOR, path="/conversations/search")
        stuck = (await it.search(EVERYTHING, size=5, after=first)).json()
        assert stuck["pages"]["next"]["starting_after"] == first
        on = (await it.search(EVERYTHING, size=5, after=first)).json()
        assert on["pages"]["next"]["starting_after"] != first
        assert on["conversations"] == stuck["conversations"]


async def test_fault_moving_ends_and_nobody_is_lost(held: SimWorkspace) -> None:
    async with desk(held, faulty(Fault.MOVING, moves=10, moves_per_page=2)) as it:
        ids = await it.walk(EVERYTHING, size=3)
        assert len(ids) > 20
        assert set(ids) == {f"t-{number}" for number in range(20)}
        assert it.sim.stats()["faults"] == {"moving": 10}


async def test_fault_same_second(held: SimWorkspace) -> None:
    async with desk(held, faulty(Fault.SAME_SECOND, same_second=12)) as it:
        rows = (await it.search(EVERYTHING)).json()["conversations"]
        times = [row["updated_at"] for row in rows]
        assert max(times.count(at) for at in times) == 12
        assert len(set(await it.walk(EVERYTHING, size=5))) == 20


async def test_fault_search_404_strikes_only_pages_with_the_poisoned_row(held: SimWorkspace) -> None:
    async with desk(held, faulty(Fault.SEARCH_404, poisoned=("t-4",))) as it:
        assert (await it.search(EVERYTHING)).status_code == 404
        at = (await it.json("/conversations/t-4"))["updated_at"]
        before = await it.search({"field": "updated_at", "operator": "<", "value": at})
        after = await it.search({"field": "updated_at", "operator": ">", "value": at})
        assert before.json()["total_count"] + after.json()["total_count"] == 19
        assert (await it.search({"field": "updated_at", "operator": "=", "value": at})).status_code == 404


async def test_fault_failing_never_passes(held: SimWorkspace) -> None:
    async with desk(held, faulty(Fault.FAILING)) as it:
        failing = (await it.json("/_sim/stats"))["failing"]
        assert len(failing) == 2
        for _ in range(5):
            assert (await it.get(f"/conversations/{failing[0]}")).status_code == 500
        assert it.sim.stats()["retrieves"] == {failing[0]: 5}


async def test_with_passing_faults_on_every_request_passes_in_the_end(held: SimWorkspace) -> None:
    passing = [kind for kind in Fault if kind not in (Fault.SEARCH_404, Fault.FAILING)]
    async with desk(held, faulty(*passing, rate=0.15, seed=6)) as it:
        for number in range(20):
            for _ in range(12):
                try:
                    answer = await it.get(f"/conversations/t-{number}")
                    if answer.json().get("id") == f"t-{number}":
                        break
                except (httpx2.TransportError, ValueError):
                    pass
                it.clock.at += timedelta(seconds=2)
            else:
                pytest.fail(f"t-{number} never came")
        struck = it.sim.stats()["faults"]
        assert {"429", "5xx", "reset", "truncated", "empty", "slow", "same-second"} <= set(struck)


async def test_without_a_socket_a_reset_is_an_error(held: SimWorkspace) -> None:
    sim = IntercomSim(held)
    sim.script_fault(Fault.RESET)
    transport = httpx2.ASGITransport(sim.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sim", headers=HEADERS) as http:
        with pytest.raises(ConnectionResetError):
            await http.get("/me")
        assert (await http.get("/me")).status_code == 200
