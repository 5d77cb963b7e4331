"""Whose webhooks are ours: from the database, or asked once and remembered there."""

from typing import Any

from earshot.errors import Misconfigured
from earshot.pipeline.live.home import Home
from earshot.ports.source import Workspace
from earshot.store import PostgresStore
from tests.mailboxes import parts_with


class Asked:
    """A source that only knows whose it is; `faults` are raised first."""

    name = "intercom"

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.made = self.asked = 0

    def make(self) -> Any:
        self.made += 1
        return self

    async def workspace(self) -> Workspace:
        self.asked += 1
        if self.faults:
            raise self.faults.pop(0)
        return Workspace(id="ours", name="Ours")


def home(store: PostgresStore, source: Asked) -> Home:
    parts = parts_with(store)
    parts.make_source = source.make
    return Home(parts)


async def test_it_is_asked_once_and_remembered(store: PostgresStore) -> None:
    source = Asked()
    first = home(store, source)
    assert not first.is_foreign("whoever")
    assert await first.find()
    assert first.is_foreign("whoever")
    assert not first.is_foreign("ours")
    again = home(store, source)
    assert await again.find()
    assert (again.id, source.asked) == ("ours", 1)


async def test_a_source_that_does_not_answer_is_asked_again_by_the_same_client(store: PostgresStore) -> None:
    source = Asked(Misconfigured("no token"))
    one = home(store, source)
    assert not await one.find()
    assert await one.find()
    assert (source.made, source.asked) == (1, 2)
