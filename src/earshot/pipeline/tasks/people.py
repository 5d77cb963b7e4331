"""Whose names are to be hidden in what is asked."""

from collections.abc import Iterable, Sequence

from earshot.domain.conversation import Conversation
from earshot.ports.store import Store


class People:
    """The conversations behind questions, by id."""

    def __init__(self, found: Sequence[Conversation] = ()) -> None:
        self._by_id = {conversation.id: conversation for conversation in found}

    def of(self, ids: Iterable[str | None]) -> list[Conversation]:
        """Those of these conversations that exist, in that order."""
        return [self._by_id[name] for name in dict.fromkeys(ids) if name is not None and name in self._by_id]


async def find_people(store: Store, ids: Iterable[str | None]) -> People:
    """Look them up."""
    wanted = sorted({name for name in ids if name is not None})
    if not wanted:
        return People()
    async with store.unit() as unit:
        return People(await unit.conversations.get(wanted))
