"""The budget of one run: what is spent, what calls under way may still cost, and whether one more fits."""

import asyncio
from collections.abc import Callable

from earshot.ports.ledger import BudgetSpent


class Purse:
    """Reserves for calls under way against one budget (None: no budget). Belongs to one event loop."""

    def __init__(self, budget: float | None) -> None:
        self._budget = budget
        self._reserved: dict[str, float] = {}
        self._held = 0.0
        self._spent = 0.0
        self._changed = asyncio.Event()
        self.settled = 0
        """How many calls have ended."""

    async def reserve(self, key: str, usd: float, *, before_waiting: Callable[[], object] | None = None) -> None:
        """Set aside what a call can cost at most; waits while calls under way may give enough back.

        `before_waiting` lets go of what others may wait for. Raises BudgetSpent when it does not fit and nothing is
        under way any more.
        """
        while self._budget is not None and self._spent + self._held + usd > self._budget:
            if not self._reserved:
                raise BudgetSpent(
                    f"The run's budget of ${self._budget} is spent.",
                    hint="What is left is read by the next run; [llm] run_budget_usd raises the budget.",
                )
            if before_waiting is not None:
                before_waiting()
            await self._next()
        self._reserved[key] = usd
        self._held += usd

    def settle(self, key: str, usd: float) -> None:
        """A call ended and cost so much. Settling what is not reserved changes nothing."""
        reserved = self._reserved.pop(key, None)
        if reserved is None:
            return
        self._held = self._held - reserved if self._reserved else 0.0
        self._spent += usd
        self.stir()

    def stir(self) -> None:
        """Have those who wait look again: something was given back."""
        self.settled += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def ended(self, *, since: int) -> None:
        """Wait until `settled` differs from a count taken before."""
        while self.settled == since:
            await self._next()

    async def _next(self) -> None:
        await self._changed.wait()
