"""Which request to a simulated tool is struck by which fault: by script first, then by seeded chance.

A drawn fault strikes a same request at most `streak` times in a row: a client that tries again gets through.
"""

from collections import Counter

from earshot.sim.chance import between, fraction
from earshot.sim.scripts import Script, Scripts
from earshot.sim.tools.settings import ToolFault, ToolFaultSettings

_STATUSES = (500, 502, 503, 504)


class ToolFaults:
    """Decides about every request; counts what it did in `struck`."""

    def __init__(self, settings: ToolFaultSettings) -> None:
        self.settings = settings
        self.struck: Counter[ToolFault] = Counter()
        self._scripts: Scripts[ToolFault] = Scripts()
        self._attempts: Counter[str] = Counter()
        self._in_a_row: Counter[str] = Counter()

    def script(self, kind: ToolFault, *, times: int = 1, path: str = "/") -> None:
        """Make a fault certain for the next requests whose path begins so; scripts come before draws, in order."""
        self._scripts.add(Script(kind, times, path))

    def strike(self, key: str, *, path: str) -> ToolFault | None:
        """The fault that strikes this request, if any; `key` is what a retry of it has in common."""
        found = self._scripts.take(path) or self._draw(key)
        if found is not None:
            self.struck[found] += 1
        return found

    def status(self, key: str) -> int:
        """Which 5xx is answered."""
        return _STATUSES[between(0, len(_STATUSES) - 1, self.settings.seed, "status", key, self._attempts[key])]

    def _draw(self, key: str) -> ToolFault | None:
        if not self.settings.kinds:
            return None
        self._attempts[key] += 1
        found = self._drawn(key) if self._in_a_row[key] < self.settings.streak else None
        self._in_a_row[key] = self._in_a_row[key] + 1 if found else 0
        return found

    def _drawn(self, key: str) -> ToolFault | None:
        for kind in ToolFault:
            share = self.settings.share(kind)
            if share and fraction(self.settings.seed, kind, key, self._attempts[key]) < share:
                return kind
        return None
