"""Use cases: what people do to themes. Each change is kept as data and works at once, in the same transaction.

With `dry_run` everything is done and then rolled back: what is said is exactly what would happen. With `seen`, the
mark of what a person was shown (`Edited.seen`), a change is refused when somebody else made one meanwhile.
"""

from collections.abc import Sequence

from earshot.domain.backlog import TITLE_LIMIT
from earshot.domain.grouping import Change, Edit, EditKind, Lineage, Regrouping, text_digest
from earshot.domain.model import Noun
from earshot.errors import BadInput, Rejected
from earshot.group.naming import renamed
from earshot.pipeline.locks import LINE
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.picking import pick, pick_conversations, pick_past, pick_theme, pick_two
from earshot.pipeline.theming.regroup import regroup
from earshot.ports.store import Unit
from earshot.text.escape import one_line

_ID_DIGITS = 12
_DESCRIPTION_LIMIT = 1000


class Counted(Noun):
    """A theme's title and its distinct conversations; 0 when it holds nothing any more."""

    id: str
    title: str
    conversations: int


class Edited(Noun):
    """A change, and the themes it touches before and after it. `dry_run`: nothing was kept.

    `seen` marks the themes as they were before it.
    """

    edit: Edit
    before: tuple[Counted, ...]
    after: tuple[Counted, ...]
    lineage: tuple[Lineage, ...] = ()
    dry_run: bool = False
    seen: str = ""


async def merge(
    parts: Parts, theme: str, *, into: str, reason: str = "", dry_run: bool = False, seen: str | None = None
) -> Edited:
    """One theme goes into another, now and for all that comes later."""
    async with parts.store.exclusive(LINE), parts.store.unit() as unit:
        one, other = await pick_two(unit, theme, other=into)
        edit = _edit(parts, EditKind.MERGE, theme_id=one, reason=reason).model_copy(update={"into_id": other})
        return await _carry_out(parts, unit, edit=edit, dry_run=dry_run, seen=seen)


async def split(
    parts: Parts,
    theme: str,
    *,
    conversations: Sequence[str],
    title: str | None = None,
    reason: str = "",
    dry_run: bool = False,
    seen: str | None = None,
) -> Edited:
    """What these conversations say leaves a theme and makes up a new one; the two never join again."""
    async with parts.store.exclusive(LINE), parts.store.unit() as unit:
        one = await pick_theme(unit, theme)
        await _unchanged(unit, [one], seen=seen)
        taken = await _some(unit, one, wanted=conversations)
        edit = _edit(parts, EditKind.SPLIT, theme_id=one, reason=reason)
        new = "t" + text_digest(edit.id)[:_ID_DIGITS]
        edit = edit.model_copy(update={"into_id": new, "conversations": taken})
        if title is not None:
            name = _edit(parts, EditKind.RENAME, theme_id=new, reason=reason)
            await unit.themes.edit(name.model_copy(update={"title": _title(title)}))
        return await _carry_out(parts, unit, edit=edit, dry_run=dry_run, seen=seen)


async def move(
    parts: Parts,
    conversations: Sequence[str],
    *,
    theme: str,
    into: str,
    reason: str = "",
    dry_run: bool = False,
    seen: str | None = None,
) -> Edited:
    """What these conversations say of one theme belongs to another."""
    async with parts.store.exclusive(LINE), parts.store.unit() as unit:
        one, other = await pick_two(unit, theme, other=into)
        await _unchanged(unit, [one, other], seen=seen)
        taken = await _some(unit, one, wanted=conversations)
        edit = _edit(parts, EditKind.MOVE, theme_id=one, reason=reason)
        edit = edit.model_copy(update={"into_id": other, "conversations": taken})
        return await _carry_out(parts, unit, edit=edit, dry_run=dry_run, seen=seen)


async def rename(
    parts: Parts,
    theme: str,
    *,
    title: str,
    description: str | None = None,
    reason: str = "",
    dry_run: bool = False,
    seen: str | None = None,
) -> Edited:
    """A theme is called so, whatever joins it later."""
    async with parts.store.exclusive(LINE), parts.store.unit() as unit:
        one = await pick_theme(unit, theme)
        told = one_line(description)[:_DESCRIPTION_LIMIT] if description is not None else None
        edit = _edit(parts, EditKind.RENAME, theme_id=one, reason=reason)
        edit = edit.model_copy(update={"title": _title(title), "description": told})
        return await _carry_out(parts, unit, edit=edit, dry_run=dry_run, seen=seen)


async def undo(parts: Parts, edit: str, *, dry_run: bool = False) -> Edited:
    """Take a change back; what it did to later conversations is taken back too."""
    async with parts.store.exclusive(LINE), parts.store.unit() as unit:
        known = {one.id: one for one in await unit.themes.edits(undone=True)}
        found = known[pick("change", edit, among=known, hint="`earshot themes history` lists them.")]
        if found.undone_at is not None:
            raise BadInput(f"This change was taken back on {found.undone_at:%Y-%m-%d %H:%M} UTC already.")
        undone = found.model_copy(update={"undone_at": parts.clock.now()})
        return await _carry_out(parts, unit, edit=undone, dry_run=dry_run)


async def history(parts: Parts, theme: str | None, *, limit: int) -> tuple[list[Edit], list[Lineage]]:
    """What people changed and what happened to themes (to one, or to all), newest first."""
    async with parts.store.unit() as unit:
        theme_id = await pick_past(unit, theme) if theme is not None else None
        edits = [
            edit
            for edit in await unit.themes.edits(undone=True)
            if theme_id is None or theme_id in {edit.theme_id, edit.into_id}
        ]
        return edits[::-1][:limit], await unit.themes.lineage(theme_id, limit=limit)


async def _carry_out(parts: Parts, unit: Unit, *, edit: Edit, dry_run: bool, seen: str | None = None) -> Edited:
    named = [one for one in (edit.theme_id, edit.into_id) if one is not None]
    mark = await _unchanged(unit, named[:1] if edit.kind is EditKind.SPLIT else named, seen=seen)
    await unit.themes.edit(edit)
    before = await _count(unit, named)
    done = await _obey(parts, unit, edit=edit)
    if edit.kind is EditKind.RENAME:
        done = done.model_copy(update={"lineage": (*done.lineage, _renamed(parts, edit))})
        await unit.themes.save(Regrouping(lineage=done.lineage[-1:]), now=parts.clock.now())
    after = await _count(unit, _touched(named, done))
    if not dry_run:
        await unit.commit()
    return Edited(edit=edit, before=before, after=after, lineage=done.lineage, dry_run=dry_run, seen=mark)


async def _unchanged(unit: Unit, theme_ids: Sequence[str], *, seen: str | None) -> str:
    """The mark of these themes as they are. Rejected where it is not the one that was seen."""
    mark = await unit.pages.themes.mark(theme_ids)
    if seen is not None and seen != mark:
        raise Rejected(
            "Somebody changed the theme while you looked at it; nothing of yours was saved.",
            hint="Look at it as it is now, then decide again.",
        )
    return mark


async def _obey(parts: Parts, unit: Unit, *, edit: Edit) -> Regrouping:
    """Do what a change demands and no more: a new name moves nothing, a merge only its two themes."""
    if edit.kind is EditKind.RENAME and edit.undone_at is None:
        state = await unit.themes.partition(core=True)
        done = Regrouping(heads=tuple(renamed(state.heads, state.edits).values()))
        await unit.themes.save(done, now=parts.clock.now())
        return done
    whole = edit.kind in {EditKind.SPLIT, EditKind.MOVE}
    partial = edit.kind is EditKind.MERGE and edit.undone_at is None
    undone = edit.kind is EditKind.MERGE and edit.undone_at is not None and edit.into_id is not None
    parted = (edit.theme_id, edit.into_id) if undone and edit.into_id else ()
    return await regroup(parts, unit, whole=whole, partial=partial, parted=parted)


def _renamed(parts: Parts, edit: Edit) -> Lineage:
    reason = edit.reason if edit.undone_at is None else "taken back"
    return Lineage(
        theme_id=edit.theme_id, change=Change.RENAMED, actor=parts.actor, reason=reason, at=parts.clock.now()
    )


def _touched(named: Sequence[str], done: Regrouping) -> list[str]:
    events = [one for event in done.lineage for one in (event.theme_id, event.other_id) if one is not None]
    return list(dict.fromkeys([*named, *events]))


async def _count(unit: Unit, theme_ids: Sequence[str]) -> tuple[Counted, ...]:
    found = {theme.id: theme for theme in await unit.themes.get(theme_ids)}
    return tuple(
        Counted(id=one, title=found[one].title, conversations=found[one].conversations)
        if one in found
        else Counted(id=one, title="", conversations=0)
        for one in theme_ids
    )


async def _some(unit: Unit, theme_id: str, *, wanted: Sequence[str]) -> tuple[str, ...]:
    """The conversations to be taken out of a theme, of which something must stay."""
    if not wanted:
        raise BadInput("No conversation is named.", hint=f"`earshot themes show {theme_id}` lists them.")
    taken, all_of_them = await pick_conversations(unit, theme_id, wanted=wanted)
    if len(taken) == all_of_them:
        raise BadInput(
            f"That is every conversation of {theme_id}; nothing would be left in it.",
            hint="To bring two themes together: earshot themes merge. To call it otherwise: earshot themes rename.",
        )
    return tuple(taken)


def _edit(parts: Parts, kind: EditKind, *, theme_id: str, reason: str) -> Edit:
    return Edit(
        id=parts.ids.new(),
        kind=kind,
        theme_id=theme_id,
        actor=parts.actor,
        reason=one_line(reason),
        made_at=parts.clock.now(),
    )


def _title(text: str) -> str:
    title = one_line(text)
    if not title:
        raise BadInput("A theme needs a title that can be read.")
    if len(title) > TITLE_LIMIT:
        raise BadInput(f"The title has {len(title)} characters; at most {TITLE_LIMIT} are possible.")
    return title
