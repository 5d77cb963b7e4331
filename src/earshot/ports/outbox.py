"""The store's side of actions: what is to be planned, the outbox, links, silences, health, and states of rules."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import Field

from earshot.domain.action import Action
from earshot.domain.delivery import (
    Case,
    Delivery,
    DeliveryState,
    Dossier,
    Health,
    Link,
    Planned,
    Remote,
    Silence,
    Thing,
)
from earshot.domain.facts import Facts
from earshot.domain.model import Noun
from earshot.domain.rule_state import Clause, RuleState


class Allowance(Noun):
    """How much a destination takes: requests a second, and how many more may be under way there now."""

    per_second: float = Field(gt=0)
    room: int = Field(ge=0)


class Outbox(Protocol):
    """Actions that are to be planned, deliveries, links, silences and how destinations fare."""

    async def due(self, limit: int, *, now: datetime) -> list[Case]:
        """Live and dry actions that grew or whose time to look again has come, urgent ones and oldest first.

        They are held until the commit, so that growth that arrives meanwhile is seen by the next look: save their
        plans in the same unit. An action nobody of whose conversations can be read just now is left for later.
        """
        ...

    async def dossier(self, action_key: str) -> Dossier | None:
        """Everything known about an action's subject, for previews; None when there is no such action."""
        ...

    async def save_plans(self, plans: Sequence[Planned], *, now: datetime) -> int:
        """Insert new links and deliveries, note what known links were told, free held ones; how many are new.

        A known delivery is left alone, and counts of a link never go down. Each action is looked at again when
        its plan says so.
        """
        ...

    async def claim(
        self, limit: int, *, now: datetime, lease: timedelta, worker: str, destinations: Mapping[str, Allowance]
    ) -> list[Delivery]:
        """Lease due deliveries: urgent ones first, then the oldest; at most one under way per object, in order.

        Only of these destinations, as much as there is room and as pacing lets go (over all processes); one whose
        breaker is open gives one row once its probe is due. They are SENDING afterwards, attempts are not counted;
        commit before anything is sent. What is no CREATE comes with the receipt of its link.
        """
        ...

    async def expire(self, *, now: datetime) -> int:
        """SENDING rows whose lease ran out become UNKNOWN; how many."""
        ...

    async def claim_unknown(
        self, limit: int, *, now: datetime, lease: timedelta, worker: str, destinations: Mapping[str, Allowance]
    ) -> list[Delivery]:
        """Lease UNKNOWN rows whose `not_before` has come, to be looked up. They stay UNKNOWN while leased."""
        ...

    async def record(self, delivery: Delivery, *, now: datetime) -> bool:
        """Write how a leased delivery stands now, free its lease, carry its receipt to its link.

        `worker` and `lease_until` are those that `claim` gave. False when the lease was lost to another worker:
        then nothing is written. Sets the action's status and `escalation_actions` (PENDING, COMPLETED, FAILED) too.
        """
        ...

    async def next_due(self, *, now: datetime, destinations: Mapping[str, Allowance]) -> datetime | None:
        """When planning, a claim of these destinations or a lost lease falls due next; None when nothing waits.

        Pacing, breakers and the order of an object's rows are counted; `now` stands for all that is due already.
        """
        ...

    async def deliveries(
        self,
        *,
        states: Collection[DeliveryState] = (),
        action_keys: Collection[str] = (),
        destination: str | None = None,
        thing: Thing | None = None,
        limit: int,
    ) -> list[Delivery]:
        """Deliveries, newest first. Empty selections select everything."""
        ...

    async def change(self, delivery: Delivery, *, only_from: Collection[DeliveryState], now: datetime) -> bool:
        """A person's change (approve, retry, discard) while it is in one of these states; False otherwise."""
        ...

    async def links(
        self, *, subject_id: str | None = None, destination: str | None = None, thing: Thing | None = None
    ) -> list[Link]:
        """Links, newest first."""
        ...

    async def to_check(self, limit: int, *, checked_before: datetime, destinations: Collection[str]) -> list[Link]:
        """Links with a receipt that are not gone and were not read back since, least recently checked first."""
        ...

    async def save_remotes(self, destination: str, remotes: Sequence[Remote], *, now: datetime) -> list[Link]:
        """Keep what was read back; the links whose standing changed, as they are now."""
        ...

    async def quiet(self, *, before: datetime, limit: int) -> list[Link]:
        """Open links of pages whose subject had no new conversation since, to be resolved."""
        ...

    async def health(self) -> list[Health]:
        """How every destination fares that was ever used."""
        ...

    async def health_of(self, destination: str) -> Health:
        """How one destination fares, held until the commit: to be changed and saved."""
        ...

    async def hold_back(self, destination: str, *, until: datetime) -> None:
        """Hand out nothing of a destination before a moment (it said when to come again)."""
        ...

    async def save_health(self, health: Health) -> None:
        """Keep it (the counted fields waiting, oldest, dead are derived and not kept)."""
        ...

    async def silences(self, *, now: datetime | None = None) -> list[Silence]:
        """Silences; with `now` only those in force."""
        ...

    async def silence(self, silence: Silence) -> None:
        """Add a silence, or change the one of that id (an end in the past lifts it)."""
        ...


class Rulebook(Protocol):
    """States of rules, and facts of the past for back-tests."""

    async def states(self) -> list[RuleState]:
        """The newest state of every name and text of a rule that ever had one."""
        ...

    async def set(self, state: RuleState) -> None:
        """Add a state; older ones are kept as history."""
        ...

    async def history(self, name: str | None = None, *, limit: int) -> list[RuleState]:
        """States that were set, newest first: of one rule or of all."""
        ...

    async def facts(
        self, since: datetime, until: datetime, *, clauses: Sequence[Clause] = (), limit: int, after: str = ""
    ) -> list[Facts]:
        """Facts of insights in a window of conversation time, in order of time and id, after that conversation.

        `clauses` narrow in the database (all of them hold). Facts are as the rules would see them today.
        """
        ...

    async def count(self, since: datetime, until: datetime) -> int:
        """How many insights the window holds."""
        ...

    async def facts_of(self, conversation_id: str) -> Facts | None:
        """Facts of one conversation, whether decided or not."""
        ...

    async def actions_of(self, conversation_id: str) -> list[Action]:
        """Actions that this conversation led to or joined."""
        ...
