"""What actions would have come to outside: new things, changes of them, and what storm rules hold back. Pure."""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from earshot.act.keys import variant
from earshot.act.routing import Route, Routes, chosen
from earshot.act.settings import ActSettings
from earshot.act.storm import CAPPED_THINGS
from earshot.domain.action import Action
from earshot.domain.delivery import Op, Thing
from earshot.domain.model import Noun

Place = tuple[str, Thing, str, str]
"""One thing: its destination, what it is, its subject and its variant."""

_HOUR = timedelta(hours=1)


class Effect(Noun):
    """How many things of one sort would have been made, told again of, and suppressed by the cap of new ones."""

    new: int = 0
    updates: int = 0
    suppressed: int = 0


@dataclass
class Arrivals:
    """When conversations led to which thing, in the order in which they came.

    `told` are things that are told again of when they grow, `sparse` those of them where that makes a noise.
    """

    times: dict[Place, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    told: set[Place] = field(default_factory=set[Place])
    sparse: set[Place] = field(default_factory=set[Place])
    _newest: dict[Place, str] = field(default_factory=dict[Place, str])

    def add(self, action: Action, routes: Routes) -> None:
        """Take in one action at its own time; a conversation counts once for a thing."""
        for route in chosen(action, routes):
            place = (route.destination, route.thing, action.subject_id, variant(action, route))
            if self._newest.get(place) == action.conversation_id:
                continue
            self._newest[place] = action.conversation_id
            self.times[place].append(action.created_at)
            sparse = _is_sparse(route)
            if route.thing in CAPPED_THINGS and (Op.UPDATE in route.ops or sparse):
                self.told.add(place)
            if sparse:
                self.sparse.add(place)


def effects(arrivals: Arrivals, settings: ActSettings) -> dict[Thing, Effect]:
    """What the arrivals come to, by the sort of thing, under the settings' storm rules."""
    made = _made(arrivals.times, settings)
    found: dict[Thing, list[int]] = {}
    for place, times in arrivals.times.items():
        counts = found.setdefault(place[1], [0, 0, 0])
        if place not in made:
            counts[2] += 1
            continue
        counts[0] += 1
        if place in arrivals.told and len(times) > 1:
            counts[1] += _told_again(made[place], times, sparse=place in arrivals.sparse, settings=settings)
    return {
        thing: Effect(new=new, updates=updates, suppressed=suppressed)
        for thing, (new, updates, suppressed) in sorted(found.items())
    }


def _made(times: Mapping[Place, Sequence[datetime]], settings: ActSettings) -> dict[Place, datetime]:
    """When each thing would have been made: the first arrival at which its destination has room for a new one."""
    made = {place: row[0] for place, row in times.items() if place[1] not in CAPPED_THINGS}
    recent: dict[str, deque[datetime]] = defaultdict(deque)
    capped = ((at, place) for place, row in times.items() if place not in made for at in row)
    for at, place in sorted(capped):
        if place in made:
            continue
        new = recent[place[0]]
        while new and new[0] <= at - _HOUR:
            new.popleft()
        if len(new) < settings.most_new_per_hour:
            new.append(at)
            made[place] = at
    return made


def _told_again(made: datetime, times: Sequence[datetime], *, sparse: bool, settings: ActSettings) -> int:
    """How often its growth is told: all that came since at once, at most once within the interval.

    What makes a noise is told at growth steps, or after `repeat_hours`.
    """
    interval = timedelta(seconds=settings.update_interval_seconds)
    repeat = max(interval, timedelta(hours=settings.repeat_hours))
    count, last, told = 0, made, 0
    due: datetime | None = None
    for number, at in enumerate(times, 1):
        if at <= made:
            told = number
            continue
        if due is not None and due < at:
            count, last, told, due = count + 1, due, number - 1, None
        grown = not sparse or _steps(told, settings) < _steps(number, settings)
        next_ = max(at, last + (interval if grown else repeat))
        due = next_ if due is None else min(due, next_)
    return count + (due is not None)


def _is_sparse(route: Route) -> bool:
    """Whether telling of growth makes a noise: mail, and messages that cannot be changed in place."""
    return route.thing is Thing.MAIL or (route.thing is Thing.MESSAGE and Op.UPDATE not in route.ops)


def _steps(conversations: int, settings: ActSettings) -> int:
    return sum(conversations >= step for step in settings.growth_steps)
