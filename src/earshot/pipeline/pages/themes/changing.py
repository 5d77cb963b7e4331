"""Use cases: what people do to themes on pages: look what would come of it first, then do it; take it back."""

from collections.abc import Sequence

from earshot.domain.grouping import Edit, EditKind
from earshot.domain.model import Noun
from earshot.errors import BadInput, NotFound, Rejected
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.edits import Edited, merge, move, rename, split
from earshot.ports.browse import Place

CHOICES = 10
"""Themes offered where words mean several."""


class Wish(Noun):
    """What a person wants done to a theme. `into` is a theme's id (merge, move); `conversations` are ids."""

    kind: EditKind
    into: str = ""
    conversations: tuple[str, ...] = ()
    title: str = ""
    description: str | None = None
    reason: str = ""


class Choice(Noun):
    """A theme that may be meant."""

    id: str
    title: str
    conversations: int


class History(Noun):
    """A page of changes with the titles of the themes they name, as far as those live."""

    edits: tuple[Edit, ...]
    titles: dict[str, str]
    next: Place | None


async def carry_out(
    parts: Parts, theme_id: str, *, wish: Wish, dry_run: bool = False, seen: str | None = None
) -> Edited:
    """Do it, or say what would come of it. Rejected where somebody changed the theme since it was `seen`."""
    try:
        return await _done(parts, theme_id, wish=wish, dry_run=dry_run, seen=seen)
    except NotFound as error:
        if seen is None:
            raise
        raise Rejected(f"Somebody changed the theme meanwhile. {error}", hint=error.hint) from error


async def meant(parts: Parts, text: str, *, but: str) -> list[Choice]:
    """The themes that a text may mean (an id, its beginning, a page's address, words of the title), without one."""
    words = _words(text)
    if not words:
        raise BadInput("Say which theme: its id, or words of its title.")
    async with parts.store.unit() as unit:
        ids = await unit.themes.find(words[0]) if len(words) == 1 else []
        if words[0] in ids:
            ids = [words[0]]
        found = [Place(id=one) for one in ids[:CHOICES]]
        found = found or await unit.pages.themes.search(words, limit=CHOICES + 1)
        known = {one.id: one for one in await unit.themes.get([place.id for place in found])}
        await unit.commit()
    return [
        Choice(id=one.id, title=one.title, conversations=one.conversations)
        for one in known.values()
        if one.id != but
    ]


async def mark_of(parts: Parts, theme_id: str) -> str:
    """The mark of a theme as it is now."""
    async with parts.store.unit() as unit:
        return await unit.pages.themes.mark([theme_id])


async def history(parts: Parts, *, after: Place | None, limit: int) -> History:
    """What people changed, newest first, also what was taken back."""
    async with parts.store.unit() as unit:
        edits = await unit.pages.themes.edits(after=after, limit=limit + 1)
        named = sorted({one for edit in edits for one in (edit.theme_id, edit.into_id) if one})
        titles = await unit.pages.themes.titles(named)
    last = edits[limit - 1] if len(edits) > limit else None
    return History(edits=tuple(edits[:limit]), titles=titles, next=last and Place(id=last.id, at=last.made_at))


async def _done(parts: Parts, theme_id: str, *, wish: Wish, dry_run: bool, seen: str | None) -> Edited:
    if wish.kind is EditKind.MERGE:
        return await merge(parts, theme_id, into=wish.into, reason=wish.reason, dry_run=dry_run, seen=seen)
    if wish.kind is EditKind.RENAME:
        return await rename(
            parts,
            theme_id,
            title=wish.title,
            description=wish.description,
            reason=wish.reason,
            dry_run=dry_run,
            seen=seen,
        )
    if not wish.conversations:
        raise BadInput("Tick at least one conversation.", hint="Go back; the boxes stand before the quotes.")
    if wish.kind is EditKind.MOVE:
        return await move(
            parts,
            wish.conversations,
            theme=theme_id,
            into=wish.into,
            reason=wish.reason,
            dry_run=dry_run,
            seen=seen,
        )
    return await split(
        parts,
        theme_id,
        conversations=wish.conversations,
        title=wish.title or None,
        reason=wish.reason,
        dry_run=dry_run,
        seen=seen,
    )


def _words(text: str) -> Sequence[str]:
    """What was typed as words; of a page's address only the id."""
    typed = text.replace("\x00", "").strip()
    if "/themes/" in typed:
        typed = typed.rpartition("/themes/")[2].split("?")[0].split("/")[0]
    return [word.lower() for word in typed.split()][:8]
