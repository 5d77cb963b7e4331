"""Use case: the overview of a window."""

from dataclasses import dataclass

from earshot.domain.backlog import BacklogItem
from earshot.domain.queue import QueueKind
from earshot.pipeline.pages.overview.first import SHOWN, First, first
from earshot.pipeline.pages.overview.keys import Key, Tallies, keys
from earshot.pipeline.pages.overview.movers import LEAST, Movers, Reason, movers, reasons
from earshot.pipeline.pages.overview.spans import Spans, spans
from earshot.pipeline.pages.overview.standing import DOUBTFUL, MOST, State, Task, state, tasks
from earshot.pipeline.pages.overview.trends import drawn, sentiment, volume
from earshot.pipeline.parts import Parts
from earshot.ports.pages.overview import Standing, Voice
from earshot.ports.store import Unit
from earshot.report.plots import Plot

COUNTED = 60_000
"""Customers are counted over so many conversations at most: more are read too slowly for a page."""
_MOVED = 40
_CRITICALS = 3


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The page. `comparable`: the window before is held whole, so that changes mean something."""

    spans: Spans
    anything: bool
    comparable: bool
    keys: tuple[Key, ...]
    reasons: tuple[Reason, ...]
    movers: Movers
    first: tuple[First, ...]
    criticals: tuple[Voice, ...]
    tasks: tuple[Task, ...]
    state: State
    volume: Plot
    sentiment: Plot


async def overview(parts: Parts, *, since: str = "", until: str = "") -> Overview:
    """What changed, what comes first, what waits. Raises BadInput for a window that is none."""
    now = parts.clock.now()
    asked = spans(since, until, now=now, zone=parts.report.timezone)
    async with parts.store.unit() as unit:
        await unit.figures.refresh()
        await unit.commit()
        rows = unit.pages.overview
        tallies = Tallies(await rows.groups(asked.now)), Tallies(await rows.groups(asked.before))
        standing = await rows.standing()
        comparable = _comparable(standing, asked, before=tallies[1].n)
        movements = await rows.movements(asked.now, asked.before, least=LEAST, limit=_MOVED)
        window, step = drawn(asked)
        days = await rows.days(window)
        low = asked.conversations(below="0.5")
        return Overview(
            spans=asked,
            anything=standing.anything,
            comparable=comparable,
            keys=keys(
                asked, tallies, comparable=comparable, customers=await _customers(unit, asked, tallies=tallies)
            ),
            reasons=reasons(asked, tallies, themes=movements.themes) if comparable else (),
            movers=movers(asked, movements) if comparable else Movers(rising=(), falling=(), looked=0),
            first=first(await _items(unit)),
            criticals=tuple(await rows.criticals(asked.now, limit=_CRITICALS)),
            tasks=tasks(
                await rows.waiting(MOST), queued=await _queued(unit), unsure=tallies[0].low, unsure_href=low
            ),
            state=state(standing, now=now),
            volume=volume(days, window, step=step),
            sentiment=sentiment(days, window, step=step),
        )


def _comparable(standing: Standing, asked: Spans, *, before: int) -> bool:
    """Whether the store holds the whole window before. Where nobody knows, conversations in it must do."""
    if standing.held_since is None:
        return before > 0
    return standing.held_since <= asked.before.start


async def _customers(unit: Unit, asked: Spans, *, tallies: tuple[Tallies, Tallies]) -> tuple[int, int] | None:
    if max(one.n for one in tallies) > COUNTED:
        return None
    rows = unit.pages.overview
    return await rows.customers(asked.now), await rows.customers(asked.before)


async def _queued(unit: Unit) -> dict[QueueKind, int]:
    kinds = (QueueKind.ACTIONS, *DOUBTFUL)
    return {kind: await unit.pages.queue.count(kind, most=MOST) for kind in kinds}


async def _items(unit: Unit) -> list[BacklogItem]:
    ids = await unit.pages.overview.first(SHOWN + 1)
    found = [await unit.backlog.get(one) for one in ids]
    return [one for one in found if one is not None]
