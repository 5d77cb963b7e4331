"""A transaction that met another one (a deadlock, the same row at the same moment) is done again at once.

One that must not be lost, since what it saves was paid for, is also done again when the database comes back.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from earshot.errors import Transient
from earshot.ports.clock import Clock

T = TypeVar("T")
TRIES = 4
RESTARTS = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each further try while the database is away: a restart takes less than all of them together."""


async def clash_safe(transaction: Callable[[], Awaitable[T]]) -> T:
    """What the transaction gives; Transient when it failed so often that the database is at fault."""
    for _ in range(TRIES - 1):
        try:
            return await transaction()
        except Transient:
            continue
    return await transaction()


async def restart_safe(transaction: Callable[[], Awaitable[T]], *, clock: Clock) -> T:
    """What the transaction gives, also when the database restarts meanwhile; Transient when it stays away.

    It may be done twice: the connection can be lost after the commit and before its confirmation.
    """
    for pause in RESTARTS:
        try:
            return await transaction()
        except Transient:
            await clock.sleep(pause)
    return await transaction()
