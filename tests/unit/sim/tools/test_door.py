"""What every simulated tool shares: secrets, faults, counting, control paths, one port for all."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import httpx2
import pytest

from earshot.errors import BadInput
from earshot.sim.tools.door import ToolDoor, ToolRoute
from earshot.sim.tools.server import running
from earshot.sim.tools.settings import ToolFault, ToolFaultSettings, ToolSimSettings
from earshot.sim.tools.wire import ToolCall, ToolReply, answer, refused
from tests.still import StillClock

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HEADERS = {"Authorization": "Bearer sim-token"}


class Shop:
    """A tool with one endpoint that counts what it takes."""

    def __init__(self, **faults: object) -> None:
        settings = ToolSimSettings(faults=ToolFaultSettings.model_validate(faults))
        self.taken: list[str] = []
        self.door = ToolDoor(
            settings,
            routes=[ToolRoute("POST", "/things/{name}", self._take)],
            state=lambda: self.taken,
            reset=self.taken.clear,
            clock=StillClock(NOW),
        )

    def _take(self, call: ToolCall) -> ToolReply:
        if not call.json():
            raise refused(422, {"error": "empty"})
        self.taken.append(call.path["name"])
        self.door.tally.store("thing", call.path["name"])
        return answer({"name": call.path["name"], "at": call.address}, status=201)


@pytest.fixture
def shop() -> Shop:
    return Shop(hang_seconds=600)


@pytest.fixture
async def http(shop: Shop) -> AsyncGenerator[httpx2.AsyncClient]:
    async with running({"shop": shop.door.app}) as url, httpx2.AsyncClient(base_url=url, headers=HEADERS) as client:
        yield client


async def post(http: httpx2.AsyncClient, name: str = "a") -> httpx2.Response:
    return await http.post(f"/shop/things/{name}", json={"x": 1})


async def test_an_endpoint_sees_its_own_path(shop: Shop, http: httpx2.AsyncClient) -> None:
    made = await post(http)
    assert made.status_code == 201
    assert made.json()["at"].endswith("/shop")
    assert [one.url for one in shop.door.tally.received] == ["/things/a"]
    assert "authorization" not in shop.door.tally.received[0].headers


async def test_refusals_and_unknown_paths_are_json(shop: Shop, http: httpx2.AsyncClient) -> None:
    assert (await http.post("/shop/things/a", json={})).status_code == 422
    assert (await http.post("/shop/things/a", content=b"[1]")).status_code == 400
    assert (await http.get("/shop/nothing")).json() == {"error": "not found"}
    assert (
        await http.post("/shop/things/a", json={"x": 1}, headers={"Authorization": "Bearer no"})
    ).status_code == 401
    assert shop.taken == []


@pytest.mark.parametrize("fault", [ToolFault.RESET, ToolFault.LOST])
async def test_the_line_breaks_before_or_after_the_deed(
    shop: Shop, http: httpx2.AsyncClient, fault: ToolFault
) -> None:
    shop.door.faults.script(fault)
    with pytest.raises(httpx2.TransportError):
        await post(http)
    assert shop.taken == (["a"] if fault is ToolFault.LOST else [])
    assert (await post(http)).status_code == 201


@pytest.mark.parametrize("fault", [ToolFault.HANG, ToolFault.LATE_HANG])
async def test_a_hanging_request_says_nothing(shop: Shop, fault: ToolFault) -> None:
    shop.door.clock = HeldClock(NOW)
    shop.door.faults.script(fault)
    async with (
        running({"shop": shop.door.app}) as url,
        httpx2.AsyncClient(base_url=url, headers=HEADERS, timeout=0.2) as client,
    ):
        with pytest.raises(httpx2.ReadTimeout):
            await post(client)
    assert shop.taken == (["a"] if fault is ToolFault.LATE_HANG else [])


class HeldClock(StillClock):
    """Sleeping never ends, but for a cancellation."""

    async def sleep(self, seconds: float) -> None:
        del seconds
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("fault", "status", "done"),
    [
        (ToolFault.TOO_MANY, 429, False),
        (ToolFault.UNAUTHORIZED, 401, False),
        (ToolFault.HTML, 502, False),
        (ToolFault.GARBAGE, 201, True),
        (ToolFault.HUGE, 201, True),
    ],
)
async def test_answers_are_spoiled(
    shop: Shop, http: httpx2.AsyncClient, *, fault: ToolFault, status: int, done: bool
) -> None:
    shop.door.faults.script(fault, path="/things")
    got = await post(http)
    assert got.status_code == status
    assert bool(shop.taken) is done
    if fault is ToolFault.TOO_MANY:
        assert got.headers["retry-after"] == "1"
    if fault is ToolFault.GARBAGE:
        with pytest.raises(ValueError, match="Expecting"):
            got.json()


async def test_a_late_error_did_it_all_the_same(shop: Shop, http: httpx2.AsyncClient) -> None:
    shop.door.faults.script(ToolFault.LATE_ERROR)
    shop.door.faults.script(ToolFault.SERVER_ERROR)
    assert (await post(http, "late")).status_code >= 500
    assert (await post(http, "never")).status_code >= 500
    assert shop.taken == ["late"]


async def test_what_was_made_twice_is_counted(shop: Shop, http: httpx2.AsyncClient) -> None:
    for name in ("a", "b", "a", "a"):
        await post(http, name)
    assert shop.door.tally.objects == 4
    assert shop.door.tally.duplicates == {"thing a": 2}
    told = (await http.get("/shop/_earshot/tally")).json()
    assert told["duplicates"] == {"thing a": 2}
    assert told["requests"] == {"POST /things/{name}": 4}
    assert (await http.get("/shop/_earshot/state")).json() == ["a", "b", "a", "a"]
    await http.post("/shop/_earshot/reset")
    assert (await http.get("/shop/_earshot/state")).json() == []
    assert shop.door.tally.objects == 0


async def test_faults_are_scripted_from_outside(shop: Shop, http: httpx2.AsyncClient) -> None:
    script = {"kind": "429", "times": 2, "path": "/things/b"}
    assert (await http.post("/shop/_earshot/faults", json=script)).status_code == 200
    assert (await http.post("/shop/_earshot/faults", json={"kind": "fire"})).status_code == 400
    assert [(await post(http, name)).status_code for name in "abbb"] == [201, 429, 429, 201]


async def test_drawn_faults_let_a_stubborn_client_through_and_are_the_same_for_a_seed() -> None:
    seen: list[list[int]] = []
    for _ in range(2):
        shop = Shop(kinds="429,5xx", rate=0.9, streak=3, seed=5)
        transport = httpx2.ASGITransport(shop.door.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://x", headers=HEADERS) as client:
            answers = [(await client.post("/things/a", json={"x": 1})).status_code for _ in range(8)]
        seen.append(answers)
        assert answers[3] == answers[7] == 201
        assert sum(shop.door.faults.struck.values()) == sum(status != 201 for status in answers)
    assert seen[0] == seen[1]


def test_unknown_faults_are_refused() -> None:
    with pytest.raises(BadInput, match="unknown fault"):
        ToolFaultSettings.model_validate({"kinds": "429,fire"})
