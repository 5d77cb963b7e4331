"""A transaction that met another one (a deadlock, the same row at the same moment) is done again at once."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from earshot.errors import Transient

T = TypeVar("T")
TRIES = 4


async def clash_safe(transaction: Callable[[], Awaitable[T]]) -> T:
    """What the transaction gives; Transient when it failed so often that the database is at fault."""
    for _ in range(TRIES - 1):
        try:
            return await transaction()
        except Transient:
            continue
    return await transaction()
