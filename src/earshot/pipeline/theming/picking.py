"""Which theme, edit or conversation a person means who types the beginning of an id."""

from collections.abc import Iterable, Sequence

from earshot.domain.grouping import Change
from earshot.errors import BadInput, NotFound
from earshot.ports.store import Unit

_SHOWN = 5
_ALL = 1_000_000
_LATELY = 5_000


async def pick_theme(unit: Unit, prefix: str) -> str:
    """The id of the one living theme that begins so; NotFound (with where it went) or BadInput otherwise."""
    found = await unit.themes.find(prefix) if prefix else []
    if len(found) != 1 and prefix not in found:
        hint = "`earshot themes` lists them."
        if not found and (heir := await _heir(unit, prefix)):
            hint = f"It went into {heir}."
        raise _no_one("theme", prefix, found=found, hint=hint)
    return prefix if prefix in found else found[0]


async def pick_past(unit: Unit, prefix: str) -> str:
    """The id of a theme that lives or, written in full, has lived."""
    return prefix if await unit.themes.lineage(prefix, limit=1) else await pick_theme(unit, prefix)


async def pick_conversations(unit: Unit, theme_id: str, *, wanted: Sequence[str]) -> tuple[list[str], int]:
    """The conversations of a theme that are named by the beginnings of their ids; and how many it has in all."""
    members = await unit.themes.members(theme_id, limit=_ALL)
    there = sorted({member.mention.conversation_id for member in members})
    hint = f"`earshot themes show {theme_id}` lists them."
    picked = [pick("conversation of this theme", one, among=there, hint=hint) for one in wanted]
    return sorted(set(picked)), len(there)


def pick(what: str, prefix: str, *, among: Iterable[str], hint: str = "") -> str:
    """The one id that is so, or begins so, or else ends so; NotFound or BadInput otherwise."""
    known = list(among)
    found = [one for one in known if prefix and one.startswith(prefix)]
    found = found or [one for one in known if prefix and one.endswith(prefix)]
    if prefix in found or len(found) == 1:
        return prefix if prefix in found else found[0]
    raise _no_one(what, prefix, found=found, hint=hint)


def _no_one(what: str, prefix: str, *, found: Sequence[str], hint: str) -> NotFound | BadInput:
    if not found:
        return NotFound(f"There is no {what} {prefix!r}.", hint=hint)
    more = " …" if len(found) > _SHOWN else ""
    return BadInput(
        f"{prefix!r} is the beginning of {len(found)} ids: {', '.join(found[:_SHOWN])}{more}.",
        hint="Type more of the one you mean.",
    )


async def _heir(unit: Unit, prefix: str) -> str | None:
    """The theme that a gone one went into, of those that went lately."""
    for event in await unit.themes.lineage(None, limit=_LATELY) if prefix else ():
        if event.theme_id.startswith(prefix) and event.change in {Change.JOINED, Change.MERGED}:
            return event.other_id
    return None


async def pick_two(unit: Unit, one: str, *, other: str) -> tuple[str, str]:
    """Two different themes by the beginnings of their ids. BadInput where both mean the same one."""
    ids = await pick_theme(unit, one), await pick_theme(unit, other)
    if ids[0] == ids[1]:
        raise BadInput(f"Both ids mean the same theme, {ids[0]}.", hint="Name two themes.")
    return ids
