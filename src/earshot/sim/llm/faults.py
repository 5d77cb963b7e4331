"""Misbehaviour on request: which request or line is struck by which fault, decided by seed or by script.

A drawn fault strikes a same request at most `streak` times in a row: a client that tries again gets through.
"""

from collections import Counter
from collections.abc import Sequence

from earshot.sim.chance import between, fraction
from earshot.sim.llm.catalogue import Vendor
from earshot.sim.llm.limits import too_many
from earshot.sim.llm.settings import Fault, FaultSettings
from earshot.sim.llm.wire import Refused
from earshot.sim.scripts import Script, Scripts


class Faults:
    """Decides about every request, every answer and every line; counts what it did in `struck`."""

    def __init__(self, settings: FaultSettings) -> None:
        self.settings = settings
        self.struck: Counter[str] = Counter()
        self._scripts: Scripts[Fault] = Scripts()
        self._attempts: Counter[str] = Counter()
        self._in_a_row: Counter[str] = Counter()

    def script(self, script: Script[Fault]) -> None:
        """Make a fault certain; scripts come before draws, in order."""
        self._scripts.add(script)

    def strike(self, kinds: Sequence[Fault], key: str, *, path: str) -> Fault | None:
        """The fault of these kinds that strikes, if any; `key` is what a retry has in common."""
        found = self._scripts.take(path, kinds) or self._draw(kinds, key)
        if found is not None:
            self.struck[found] += 1
        return found

    def charged(self, key: str) -> bool:
        """Whether the work of a hanging request was done."""
        return fraction(self.settings.seed, "charged", key, self._attempts[key]) < self.settings.hang_charged

    def refuse(self, kind: Fault, key: str, *, vendor: Vendor) -> Refused | None:
        """The refusal that a fault is; None for faults of delivery."""
        if kind is Fault.TOO_MANY:
            return too_many(vendor, self.settings.retry_after, what="requests", model="this model")
        if kind is Fault.OVERLOADED:
            return overloaded(vendor)
        if kind is Fault.SERVER_ERROR:
            status = (500, 502, 503, 504)[between(0, 3, self.settings.seed, "status", key, self._attempts[key])]
            return Refused(status, "server_error", message="Something went wrong on our side.")
        return None

    def _draw(self, kinds: Sequence[Fault], key: str) -> Fault | None:
        if not self.settings.kinds:
            return None
        row = f"{kinds[0]} {key}"
        self._attempts[key] += 1
        found = self._drawn(kinds, key) if self._in_a_row[row] < self.settings.streak else None
        self._in_a_row[row] = self._in_a_row[row] + 1 if found else 0
        return found

    def _drawn(self, kinds: Sequence[Fault], key: str) -> Fault | None:
        for kind in kinds:
            share = self.settings.share(kind)
            if share and fraction(self.settings.seed, kind, key, self._attempts[key]) < share:
                return kind
        return None


def overloaded(vendor: Vendor) -> Refused:
    """How a vendor says that it has too much to do."""
    status = 529 if vendor == "anthropic" else 503
    return Refused(status, "server_error", message="Overloaded")
