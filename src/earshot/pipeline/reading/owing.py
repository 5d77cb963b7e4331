"""Answers that were paid for and are not saved yet: what the ledger says of their calls until they are.

Such calls stand as under way. A killed process never saw them end; one that gives up writes them down as lost, with
what they cost. So a call that is `ok` in the ledger is one whose answer was kept.
"""

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar, Token
from typing import Self

from earshot.domain.call import Call, Outcome
from earshot.ports.ledger import Debt, Ledger

Write = Callable[["StoreDebt", Sequence[Call]], None]
_CURRENT: ContextVar["StoreDebt | None"] = ContextVar("debt", default=None)


class StoreDebt:
    """Implements `ports.ledger.Debt`. `write` is the ledger's: from then on the debt holds nothing."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._calls: list[Call] = []
        self._tokens: list[Token[StoreDebt | None]] = []
        self.over = False

    @staticmethod
    def current() -> "StoreDebt | None":
        """What calls of this task are counted towards."""
        return _CURRENT.get()

    @staticmethod
    def release_own() -> bool:
        """Write what this task owes, before it waits for others that may wait for it; whether anything was."""
        own = _CURRENT.get()
        return own is not None and own.release()

    def __enter__(self) -> Self:
        self._tokens.append(_CURRENT.set(self))
        return self

    def __exit__(self, *exc: object) -> None:
        _CURRENT.reset(self._tokens.pop())

    def keep(self, call: Call) -> None:
        """Hold back how a call ended."""
        self._calls.append(call)

    def saved(self) -> None:
        """The answers are kept: the calls ended as they did."""
        self.over = True
        self.release()

    def lost(self) -> None:
        """Nobody will keep the answers. Changes nothing once they are saved."""
        self.over = True
        self._calls = [_as_lost(call) for call in self._calls]
        self.release()

    def release(self) -> bool:
        """Write what is held now, if anything is; calls that end later are held again."""
        calls, self._calls = self._calls, []
        if calls:
            self._write(self, calls)
        return bool(calls)


class NoDebt:
    """For who calls nobody."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return

    def saved(self) -> None:
        """Nothing was owed."""

    def lost(self) -> None:
        """Nothing was owed."""


def debt_of(ledger: Ledger | None) -> Debt:
    """A new debt of a ledger; of nobody's where there is none."""
    return NoDebt() if ledger is None else ledger.debt()


@contextmanager
def owed(ledger: Ledger | None) -> Generator[Debt]:
    """A debt for the calls within the block, lost unless it is told to be saved; written soon after."""
    debt = debt_of(ledger)
    try:
        with debt:
            yield debt
    finally:
        debt.lost()


@asynccontextmanager
async def owing(ledger: Ledger | None) -> AsyncGenerator[Debt]:
    """The same, and all is durable afterwards."""
    try:
        with owed(ledger) as debt:
            yield debt
    finally:
        if ledger is not None:
            await ledger.flush()


def _as_lost(call: Call) -> Call:
    return call.model_copy(update={"outcome": Outcome.LOST}) if call.outcome is Outcome.OK else call
