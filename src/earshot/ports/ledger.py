"""The socket of the ledger: every call is written down before it is made, and again when it ended."""

from typing import Protocol, Self

from earshot.domain.call import Call
from earshot.errors import Rejected


class BudgetSpent(Rejected):
    """The next call could exceed the budget of the run or the day: nothing more is asked."""


class Debt(Protocol):
    """Calls whose answers are not saved yet: those that the block (`with debt:`) and the tasks it starts make."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def saved(self) -> None:
        """The answers are kept: the calls are written down as they ended."""
        ...

    def lost(self) -> None:
        """Nobody will keep the answers: the calls are written down as lost. Nothing happens once they are saved."""
        ...


class Ledger(Protocol):
    """Books calls. It also holds their places in the rate limits, which all processes share."""

    async def open(self, call: Call, *, tokens: int) -> Call:
        """Book a call before it is made: durable, within budget; returns when its turn in the rate limit has come.

        `tokens` is the estimate that counts towards tokens per minute. Raises BudgetSpent. The returned call
        carries the moment at which it may start.
        """
        ...

    def close(self, call: Call) -> None:
        """Book how a call ended. Written soon after; `flush` waits for it."""
        ...

    async def pause(self, provider: str, model: str, *, seconds: float) -> None:
        """The provider asked everybody to wait: no call of this model starts earlier, in any process."""
        ...

    def debt(self) -> Debt:
        """A new debt. Until its end the calls counted towards it stand as under way."""
        ...

    async def flush(self) -> None:
        """Return when everything closed so far is durable, but for what is held by a debt."""
        ...
