"""Use case: read back where tickets stand at their tools: done, reopened, closed as a duplicate, deleted."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from earshot.domain.delivery import Link, Remote
from earshot.domain.model import Noun
from earshot.errors import EarshotError
from earshot.pipeline.parts import Parts
from earshot.ports.tool import Tool

EVERY = timedelta(minutes=15)
"""How fresh what was read back must be."""
MOST = 500
"""Links read back in one round."""
AT_ONCE = 50
"""Ids asked for in one request."""


class Followed(Noun):
    """Links whose standing changed elsewhere. `problems` name destinations that could not be asked."""

    changed: tuple[Link, ...] = ()
    problems: tuple[str, ...] = ()


async def follow_up(parts: Parts) -> Followed:
    """Ask the tools that can tell, those links that were not asked about lately."""
    tools = {name: tool for name, tool in parts.make_tools().items() if tool.abilities.reads_back}
    problems: list[str] = []
    changed = await _read_back(parts, tools, problems=problems) if tools else []
    return Followed(changed=tuple(changed), problems=tuple(problems))


async def _read_back(parts: Parts, tools: Mapping[str, Tool], *, problems: list[str]) -> list[Link]:
    now = parts.clock.now()
    async with parts.store.unit() as unit:
        links = await unit.outbox.to_check(MOST, checked_before=now - EVERY, destinations=list(tools))
    changed: list[Link] = []
    for name, tool in sorted(tools.items()):
        ids = [link.receipt.external_id for link in links if link.destination == name and link.receipt]
        try:
            remotes = [one for ask in _pieces(ids) for one in await tool.statuses(ask)]
        except EarshotError as error:
            problems.append(f"{name} could not be asked where its tickets stand: {error}")
            continue
        changed += await _kept(parts, name, remotes=remotes)
    return changed


async def _kept(parts: Parts, destination: str, *, remotes: Sequence[Remote]) -> list[Link]:
    if not remotes:
        return []
    async with parts.store.unit() as unit:
        changed = await unit.outbox.save_remotes(destination, remotes, now=parts.clock.now())
        await unit.commit()
    return changed


def _pieces(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[first : first + AT_ONCE] for first in range(0, len(ids), AT_ONCE)]
