"""The export to MongoDB against a server that speaks its wire protocol. No real MongoDB was at hand."""

import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from bson.decimal128 import Decimal128

from earshot.connectors.mongodb.target import MongoTarget
from earshot.domain.action import ActionKind
from earshot.domain.model import Noun
from earshot.errors import Misconfigured, Rejected, Transient
from tests.unit.connectors.mongodb.wire_server import WireServer, wire_server

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Line(Noun):
    """A row like those that are exported."""

    conversation_id: str
    summary: str = "x"
    kind: ActionKind = ActionKind.NOTE
    cost: Decimal = Decimal("0.10")
    seen: datetime = AT
    day: date = date(2026, 3, 1)
    findings: tuple[dict[str, str], ...] = ({"a": "b"},)
    nothing: None = None


def rows(*ids: str, summary: str = "x") -> list[Line]:
    return [Line(conversation_id=one, summary=summary) for one in ids]


def target(server: WireServer, *, at: datetime = AT, path: str = "") -> MongoTarget:
    return MongoTarget(f"mongodb://127.0.0.1:{server.port}/{path}", at=at)


async def test_rows_become_documents_of_the_right_types() -> None:
    async with wire_server() as server:
        mongo = target(server)
        assert await mongo.write(rows("c-1", summary="na\x00ïve \ud800")) == 1
        await mongo.close()
    (held,) = server.held["earshot.insights"].values()
    assert held == {
        "_id": "c-1",
        "conversation_id": "c-1",
        "summary": "na\ufffdïve \ufffd",
        "kind": "NOTE",
        "cost": Decimal128("0.10"),
        "seen": AT,
        "day": datetime(2026, 3, 1, tzinfo=UTC),
        "findings": [{"a": "b"}],
        "nothing": None,
        "exported_at": AT,
    }


async def test_writing_again_replaces_and_what_is_gone_is_removed() -> None:
    async with wire_server() as server:
        first = target(server, path="shop")
        assert await first.write(rows("c-1", "c-2")) == 2
        assert await first.write(rows("c-1", "c-2")) == 0
        assert await first.finish() == 0
        await first.close()
        second = target(server, at=AT + timedelta(days=1), path="shop")
        assert await second.write(rows("c-2", "c-3", summary="new")) == 1
        server.held["shop.insights"]["own"] = {"_id": "own"}
        assert await second.finish() == 1
        await second.close()
    space = server.held["shop.insights"]
    assert sorted(space) == ["c-2", "c-3", "own"]
    assert space["c-2"]["summary"] == "new"


async def test_many_rows_go_in_few_commands() -> None:
    async with wire_server() as server:
        mongo = target(server)
        assert await mongo.write(rows(*[f"c-{number}" for number in range(3000)])) == 3000
        assert await mongo.write([]) == 0
        await mongo.close()
    assert server.commands.count("update") == 1


@pytest.mark.parametrize(("code", "error"), [(18, Misconfigured), (13, Misconfigured), (121, Rejected)])
async def test_refusals_are_named(code: int, error: type[Exception]) -> None:
    async with wire_server() as server:
        server.refuses = code
        mongo = target(server)
        for act in (lambda: mongo.write(rows("c-1")), mongo.finish):
            with pytest.raises(error) as raised:
                await act()
            assert str(server.port) not in str(raised.value)
        await mongo.close()


async def test_a_lost_server_passes() -> None:
    async with wire_server() as server:
        server.drops = True
        mongo = target(server)
        with pytest.raises(Transient):
            await mongo.write(rows("c-1"))
        await mongo.close()
    assert server.held == {}


@pytest.mark.parametrize("url", ["", "http://user:s3cret@host", "mongodb://", "mongodb://u:s3cret@h:port/"])
def test_a_bad_address_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(Misconfigured) as error:
        MongoTarget(url, at=AT)
    assert "s3cret" not in str(error.value)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymongo", None)
    with pytest.raises(Misconfigured) as error:
        MongoTarget("mongodb://127.0.0.1/", at=AT)
    assert "earshot[mongodb]" in error.value.hint


def test_it_shows_no_address() -> None:
    mongo = MongoTarget("mongodb://u:s3cret@127.0.0.1/x", at=AT)
    assert repr(mongo) == "MongoTarget(insights)"
