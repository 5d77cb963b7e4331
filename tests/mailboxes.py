"""A mailbox over a store that does what a test wants, for the tests of receiving."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self, cast

from earshot.domain.notification import Concern, Effect, Notification
from earshot.pipeline.live.mailbox import Mailbox
from earshot.pipeline.parts import Parts
from earshot.ports.clock import SystemClock
from earshot.ports.store import Store
from earshot.store import PostgresStore

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def about(number: int, *, talk: str = "") -> Notification:
    return Notification(
        id=f"notif_{number}",
        topic="conversation.user.replied",
        effect=Effect.CHANGED,
        concern=Concern.CONVERSATION,
        external_id=talk or str(number),
        occurred_at=NOW,
        received_at=NOW,
    )


def nothing(*_: object) -> Any:
    raise AssertionError("a mailbox needs only the store")


def parts_with(store: Any) -> Parts:
    return Parts(
        store=cast("Store", store),
        make_source=nothing,
        make_reader=nothing,
        make_rules=nothing,
        read_file=nothing,
        clock=SystemClock(),
    )


@asynccontextmanager
async def writing(box: Mailbox) -> AsyncGenerator[Mailbox]:
    writer = asyncio.create_task(box.run())
    try:
        yield box
    finally:
        await box.close()
        await asyncio.wait_for(writer, 30)


@dataclass
class Sabotaged:
    """A store whose commits do what a test wants before (and instead of) the real one."""

    real: PostgresStore | None
    before: Callable[[Sequence[Notification]], Any]

    def single(self) -> "SabotagedUnit":
        return SabotagedUnit(self)


class SabotagedUnit:
    def __init__(self, of: Sabotaged) -> None:
        self._of = of
        self.inbox = self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def take(self, notifications: Sequence[Notification], *, debounce: timedelta, now: datetime) -> int:
        await self._of.before(notifications)
        if self._of.real is None:
            return len(notifications)
        async with self._of.real.single() as unit:
            return await unit.inbox.take(notifications, debounce=debounce, now=now)
