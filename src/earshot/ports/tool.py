"""The socket of an outside tool: do one thing, say whether it was done, look it up when that is not known."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

from earshot.domain.delivery import Op, Order, Outcome, Remote, Thing
from earshot.domain.letter import Letter
from earshot.domain.model import Noun


class Resend(StrEnum):
    """How an order is settled of which nobody knows whether it arrived.

    SAME_KEY: sending it again is safe, the tool folds it. LOOK_UP: `find` tells. NEVER: it is not sent again.
    """

    SAME_KEY = "same_key"
    LOOK_UP = "look_up"
    NEVER = "never"


class Abilities(Noun):
    """What a tool can do. `settle_after` is how many seconds its search may lag behind its writes.

    `per_second` is how many requests it should get at most; `reads_back` whether `statuses` says anything.
    """

    orders: Mapping[Thing, frozenset[Op]]
    resend: Mapping[Thing, Resend]
    settle_after: float = 0.0
    per_second: float = 1.0
    reads_back: bool = False


class ToolAccess(Noun):
    """What the credentials open at a tool, for a health check. `warnings` can wait (a token that ends)."""

    who: str
    can: str
    warnings: tuple[str, ...] = ()


class Tool(Protocol):
    """One destination. No method retries or waits: that is the outbox's work."""

    @property
    def name(self) -> str:
        """The destination's name: jira, slack, webhook:n8n."""
        ...

    @property
    def abilities(self) -> Abilities:
        """What it can do."""
        ...

    def check(self, order: Order) -> str:
        """Render and validate without sending (dry run); what is wrong with it, "" when nothing is."""
        ...

    def preview(self, order: Order) -> str:
        """The body as it would be sent, for people to read; no secret in it."""
        ...

    async def deliver(self, order: Order) -> Outcome:
        """Do it once. Never raises for what the other side or the network does."""
        ...

    async def find(self, order: Order) -> Outcome:
        """Whether it was done: DELIVERED with its receipt, REJECTED when it surely was not; else as deliver."""
        ...

    async def statuses(self, external_ids: Sequence[str]) -> list[Remote]:
        """Where these things stand. Raises the errors of `earshot.errors`."""
        ...

    async def access(self) -> ToolAccess:
        """Try the credentials without changing anything. Raises the errors of `earshot.errors`."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


@runtime_checkable
class Postal(Protocol):
    """A destination that also sends letters: words that are ready as they are."""

    def check_letter(self, letter: Letter) -> str:
        """What is wrong with a letter, "" when nothing is; nothing is sent."""
        ...

    async def post(self, letter: Letter) -> Outcome:
        """Send it once. Never raises for what the other side or the network does."""
        ...
