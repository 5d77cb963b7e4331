"""Misbehaviour on request: which request is struck by which fault, decided by seed or by script.

Passing faults strike a same request at most `streak` times in a row, so that a client that tries again gets
through. Failing conversations and poisoned rows never pass: a complete run is one that names them.
"""

from collections import Counter
from collections.abc import Sequence

from earshot.sim.chance import between, choose, fraction
from earshot.sim.intercom.answers import Answer, Refusal, invalid
from earshot.sim.intercom.limits import exceeded
from earshot.sim.intercom.settings import Fault, FaultSettings
from earshot.sim.scripts import Script, Scripts

SEARCH = "/conversations/search"
_ANYWHERE = (Fault.TOO_MANY, Fault.SERVER_ERROR, Fault.RESET, Fault.TRUNCATED, Fault.EMPTY, Fault.SLOW)
_ON_SEARCH = (*_ANYWHERE, Fault.REPEATED_CURSOR)
SCRIPTABLE = frozenset(Fault) - {Fault.MOVING, Fault.SAME_SECOND}
"""What a script can make certain; the other two are states of the workspace, not answers."""

_LOST = Refusal(404, "not_found", message="User Not Found")
_BROKEN = Refusal(500, "server_error", message="Something went wrong on our side")
_PAGE_OF_A_PROXY = b"<html><body><h1>Bad gateway</h1></body></html>"


class Faults:
    """Decides about every request; counts what it did in `struck`."""

    def __init__(self, settings: FaultSettings, ids: Sequence[str]) -> None:
        self.settings = settings
        self.struck: Counter[str] = Counter()
        self.poisoned = self._drawn(Fault.SEARCH_404, settings.poisoned, ids=ids, count=1)
        self.failing = self._drawn(Fault.FAILING, settings.failing, ids=ids, count=settings.permanent)
        self._scripts: Scripts[Fault] = Scripts()
        self._attempts: Counter[str] = Counter()
        self._in_a_row: Counter[str] = Counter()
        self._burst_left = 0
        self._burst_ends = 0
        self._moved = 0

    def script(self, script: Script[Fault]) -> None:
        """Make a fault certain; scripts come before draws, in order. Raises Refusal (400)."""
        if script.kind not in SCRIPTABLE:
            raise invalid(f"{script.kind} cannot be scripted, only switched on at the start")
        self._scripts.add(script)

    def strike(self, key: str, path: str, *, now: float) -> Fault | None:
        """The fault that strikes this request, if any; `key` is what a retry of it has in common."""
        scripted = self._scripts.take(path)
        if scripted is not None:
            return self._counted(scripted, now=now)
        if self._burst_left > 0 and now < self._burst_ends:
            self._burst_left -= 1
            self.struck[Fault.TOO_MANY] += 1
            return Fault.TOO_MANY
        drawn = self._draw(key, path)
        self._in_a_row[key] = self._in_a_row[key] + 1 if drawn else 0
        if drawn is None:
            return None
        self._burst_left = self.settings.burst - 1 if drawn is Fault.TOO_MANY else self._burst_left
        return self._counted(drawn, now=now)

    def refuse(self, kind: Fault, key: str, *, limit: int) -> Refusal | Answer | None:
        """What is said instead of the real answer; None where the real answer is made first."""
        if kind is Fault.TOO_MANY:
            return exceeded(limit, self._burst_ends)
        if kind is Fault.SEARCH_404:
            return _LOST
        if kind is Fault.FAILING:
            return _BROKEN
        if kind is not Fault.SERVER_ERROR:
            return None
        status = (500, 502, 503, 504)[between(0, 3, self.settings.seed, "status", key, self._attempts[key])]
        if status in (502, 504):
            return Answer(status, _PAGE_OF_A_PROXY, media="text/html")
        return Refusal(status, "server_error", message="Something went wrong on our side")

    def moves(self) -> int:
        """How many conversations move after a page of a search; ends when the limit is spent."""
        if Fault.MOVING not in self.settings.kinds:
            return 0
        count = min(self.settings.moves_per_page, self.settings.moves - self._moved)
        self._moved += count
        self.struck[Fault.MOVING] += count
        return count

    def pick(self, count: int) -> int:
        """A place among `count` conversations, for the next one to move."""
        return between(0, count - 1, self.settings.seed, "move", self.struck[Fault.MOVING], self._moved, count)

    def crowd(self, ids: Sequence[str]) -> list[str]:
        """The conversations that share one second of `updated_at`."""
        if Fault.SAME_SECOND not in self.settings.kinds:
            return []
        chosen = choose(ids, self.settings.same_second, self.settings.seed, Fault.SAME_SECOND)
        self.struck[Fault.SAME_SECOND] += len(chosen)
        return chosen

    def spoil(self, ids: Sequence[str]) -> Refusal | None:
        """The 404 of a search whose page holds a poisoned row."""
        if self.poisoned.isdisjoint(ids):
            return None
        self.struck[Fault.SEARCH_404] += 1
        return _LOST

    def fail(self, conversation_id: str) -> Refusal | None:
        """The lasting 500 of a failing conversation."""
        if conversation_id not in self.failing:
            return None
        self.struck[Fault.FAILING] += 1
        return _BROKEN

    def _drawn(self, kind: Fault, named: Sequence[str], *, ids: Sequence[str], count: int) -> set[str]:
        if kind not in self.settings.kinds:
            return set(named)
        return set(named) or set(choose(ids, count, self.settings.seed, kind))

    def _draw(self, key: str, path: str) -> Fault | None:
        if not self.settings.kinds:
            return None
        self._attempts[key] += 1
        if self._in_a_row[key] >= self.settings.streak:
            return None
        for kind in _ON_SEARCH if path == SEARCH else _ANYWHERE:
            if fraction(self.settings.seed, kind, key, self._attempts[key]) < self.settings.share(kind):
                return kind
        return None

    def _counted(self, kind: Fault, *, now: float) -> Fault:
        self.struck[kind] += 1
        if kind is Fault.TOO_MANY:
            self._burst_ends = int(now) + self.settings.burst_seconds
        return kind
