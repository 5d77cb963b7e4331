"""A ledger that books every call with purpose `audit`, so that costs show what trying out cost."""

from earshot.domain.call import Call, Purpose
from earshot.ports.ledger import Debt, Ledger


class AuditLedger:
    """Wraps the real ledger; nothing else changes: budgets and rate limits hold for audits too."""

    def __init__(self, inner: Ledger) -> None:
        self._inner = inner

    async def open(self, call: Call, *, tokens: int) -> Call:
        """Book a call as an audit's before it is made."""
        return await self._inner.open(call.model_copy(update={"purpose": Purpose.AUDIT}), tokens=tokens)

    def close(self, call: Call) -> None:
        """Book how a call ended."""
        self._inner.close(call)

    async def pause(self, provider: str, model: str, *, seconds: float) -> None:
        """The provider asked everybody to wait."""
        await self._inner.pause(provider, model, seconds=seconds)

    def debt(self) -> Debt:
        """A new debt of the real ledger."""
        return self._inner.debt()

    async def flush(self) -> None:
        """Return when everything closed so far is durable."""
        await self._inner.flush()
