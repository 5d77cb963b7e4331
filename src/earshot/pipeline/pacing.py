"""A pace that all processes on one database keep together; turns asked for at once share a statement."""

import asyncio

from earshot.ports.store import Store


class StoredPace:
    """Implements `ports.pace.SharedPace` over the store. Belongs to one event loop."""

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key
        self._waiting: list[tuple[float, float, asyncio.Future[float]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def turn(self, interval: float, slack: float) -> float:
        """The seconds to wait for one turn; turns come one per interval, early ones by so many seconds at most."""
        mine: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting.append((interval, slack, mine))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await mine

    async def _ask(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting, []
            interval, slack = max(one[0] for one in asked), min(one[1] for one in asked)
            turns = [one[2] for one in asked if not one[2].done()]
            try:
                first = await self._reserve(len(turns), interval=interval, slack=slack)
            except Exception as error:  # noqa: BLE001 (told to all who wait)
                for turn in turns:
                    if not turn.done():
                        turn.set_exception(error)
            else:
                for place, turn in enumerate(turns):
                    if not turn.done():
                        turn.set_result(max(0.0, first + place * interval))

    async def _reserve(self, count: int, *, interval: float, slack: float) -> float:
        async with self._store.single() as unit:
            return await unit.calls.turns(self._key, count, interval=interval, slack=slack)
