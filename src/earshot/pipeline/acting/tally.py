"""What a round of acting did, in numbers and in one line for people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from earshot.domain.delivery import Delivery, DeliveryState
from earshot.domain.model import Noun

_LONGEST = 3
"""Problems told in a line; the others are counted."""
_WORDS = (
    ("done", "done"),
    ("tried", "tried in dry run"),
    ("held", "waiting for your approval (earshot actions list --state held)"),
    ("failed", "failed (earshot actions list --state dead)"),
    ("unsure", "of unknown fate, looked up later"),
    ("suppressed", "suppressed"),
    ("waiting", "waiting to be sent"),
)


class Acted(Noun):
    """What became of deliveries in one round. `waiting` counts those left for later; `problems` are sentences.

    `planned` is how many deliveries were new; `tried` those of dry runs; `unsure` may or may not have arrived;
    `cut_short` says that time was over before everything due was done.
    """

    planned: int = 0
    done: int = 0
    tried: int = 0
    held: int = 0
    failed: int = 0
    unsure: int = 0
    suppressed: int = 0
    waiting: int = 0
    problems: tuple[str, ...] = ()
    cut_short: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing failed for good."""
        return not self.failed

    @property
    def words(self) -> str:
        """One line: what was done, held and failed."""
        told = [f"{count:,} {words}" for name, words in _WORDS if (count := getattr(self, name))]
        return f"Actions: {', '.join(told)}." if told else "Actions: nothing to do."


@dataclass
class Tally:
    """Counts while a round goes on; the last known state of each delivery counts."""

    states: dict[str, DeliveryState] = field(default_factory=dict[str, DeliveryState])
    planned: int = 0
    problems: dict[str, int] = field(default_factory=dict[str, int])

    def note(self, deliveries: Iterable[Delivery]) -> None:
        """These stand so now."""
        self.states |= {delivery.id: delivery.state for delivery in deliveries}

    def plan(self, deliveries: Sequence[Delivery]) -> None:
        """These are new."""
        self.planned += len(deliveries)
        self.note(deliveries)

    def complain_of(self, delivery: Delivery) -> None:
        """Say why a delivery failed, in words that name its destination and no customer."""
        if delivery.state is DeliveryState.DEAD:
            self.complain(f"{delivery.destination}: {delivery.cause}")

    def complain(self, sentence: str) -> None:
        """Something a person should know; the same sentence is told once."""
        self.problems[sentence] = self.problems.get(sentence, 0) + 1

    def acted(self, *, waiting: int = 0) -> Acted:
        """The numbers."""

        def count(*states: DeliveryState) -> int:
            return sum(state in states for state in self.states.values())

        return Acted(
            planned=self.planned,
            done=count(DeliveryState.DONE),
            tried=count(DeliveryState.DRY),
            held=count(DeliveryState.HELD),
            failed=count(DeliveryState.DEAD),
            unsure=count(DeliveryState.UNKNOWN),
            suppressed=count(DeliveryState.SUPPRESSED),
            waiting=waiting,
            problems=tuple(f"{text} (×{n})" if n > 1 else text for text, n in self.problems.items()),
        )
