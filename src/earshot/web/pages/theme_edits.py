"""Themes put right: merge, split, move and rename with a preview, taken back; open questions decided."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.responses import Response

from earshot.domain.grouping import Edit, EditKind
from earshot.errors import BadInput
from earshot.pipeline.pages.themes.changing import Choice, Wish, carry_out, history, mark_of, meant
from earshot.pipeline.theming.doubting import decide, refuse
from earshot.pipeline.theming.edits import undo
from earshot.web.pages.cursors import cursor_of, place_of
from earshot.web.pages.shell import Form, Here

router = APIRouter()
PAGE = 50
SAID = {
    EditKind.MERGE: "Merged.",
    EditKind.SPLIT: "Split.",
    EditKind.MOVE: "Moved.",
    EditKind.RENAME: "Renamed.",
}
_MOST = 500
"""Conversations of one change at most."""


@router.get("/themes/edits")
async def edits(desk: Here, *, after: Annotated[str, Query(max_length=1000)] = "") -> Response:
    """Everything that people changed, newest first."""
    shown = await history(desk.parts, after=place_of(after), limit=desk.most(PAGE))
    return desk.show("theme_edits.html.j2", shown=shown, next=cursor_of(shown.next))


@router.post("/themes/edits/{edit_id}/undo")
async def take_back(edit_id: str, desk: Here, form: Form) -> Response:
    """Take a change back."""
    done = await undo(desk.parts, _plain(edit_id))
    await desk.note("theme.undo", done.edit.theme_id, edit=done.edit.id, kind=done.edit.kind.value)
    back = str(form.get("back", ""))
    return desk.to(f"/themes/{back}" if back in _named(done.edit) else "/themes/edits", "Taken back.")


@router.post("/themes/{theme_id}/preview")
async def preview(theme_id: str, desk: Here, form: Form) -> Response:
    """What a change would do, before it is done; and which theme is meant, where words mean several."""
    theme_id, wish = _plain(theme_id), _wish(form)
    desk.unchanged(form, await mark_of(desk.parts, theme_id), what="the theme")
    choices: list[Choice] = []
    if wish.kind in {EditKind.MERGE, EditKind.MOVE}:
        choices = await meant(desk.parts, str(form.get("into", ""))[:400], but=theme_id)
        if not choices:
            raise BadInput("No other theme fits.", hint="Go back and try fewer words, or the theme's id.")
        wish = wish.model_copy(update={"into": choices[0].id})
    if len(choices) > 1:
        return desk.show(
            "theme_choice.html.j2", theme_id=theme_id, wish=wish, choices=choices, version=form.get("version", "")
        )
    found = await carry_out(desk.parts, theme_id, wish=wish, dry_run=True)
    return desk.show("theme_preview.html.j2", theme_id=theme_id, wish=wish, found=found)


@router.post("/themes/{theme_id}/change")
async def change(theme_id: str, desk: Here, form: Form) -> Response:
    """Do what the preview showed."""
    wish = _wish(form)
    wish = wish.model_copy(update={"into": _plain(str(form.get("into", "")))})
    done = await carry_out(desk.parts, _plain(theme_id), wish=wish, seen=str(form.get("version", "")))
    edit = done.edit
    await desk.note(
        f"theme.{edit.kind.value}",
        edit.theme_id,
        edit=edit.id,
        into=edit.into_id,
        conversations=len(edit.conversations),
    )
    living = edit.into_id if edit.kind is EditKind.MERGE and edit.into_id else edit.theme_id
    return desk.to(f"/themes/{living}", f"{SAID[edit.kind]} You can take it back below, under Changes.")


@router.post("/themes/{theme_id}/refuse")
async def refuse_merge(theme_id: str, desk: Here, form: Form) -> Response:
    """Two themes are two matters, for good."""
    other = _plain(str(form.get("other", "")))
    theme_id = _plain(theme_id)
    await refuse(desk.parts, theme_id, other=other)
    await desk.note("theme.refuse", theme_id, other=other)
    return desk.to(f"/themes/{theme_id}", "Kept apart: they are two matters.")


@router.post("/themes/{theme_id}/decide")
async def decide_doubt(theme_id: str, desk: Here, form: Form) -> Response:
    """Whether a doubtful mention tells the same matter as a candidate."""
    theme_id, digest = _plain(theme_id), _plain(str(form.get("doubt", "")))
    answer = str(form.get("answer", ""))
    same = answer != "different"
    if same and not answer.isdecimal():
        raise BadInput("Say whether it is the same matter, and as which.")
    settled = await decide(desk.parts, digest, same=same, candidate=int(answer) if same else None)
    await desk.note("theme.decide", theme_id, doubt=digest, answer=answer)
    return desk.to(f"/themes/{theme_id}", f"Decided; {settled.moved} mentions changed their theme.")


def _wish(form: FormData) -> Wish:
    kind = str(form.get("kind", ""))
    if kind not in set(EditKind):
        raise BadInput("That is no change of a theme.")
    told: Mapping[str, Any] = {name: str(form.get(name, "")).strip()[:2000] for name in ("title", "reason")}
    described = form.get("description")
    ticked = [_plain(str(one)) for one in form.getlist("conversation")]
    if len(ticked) > _MOST:
        raise BadInput(f"At most {_MOST} conversations at once.")
    return Wish(
        kind=EditKind(kind),
        conversations=tuple(dict.fromkeys(ticked)),
        description=None if described is None else str(described).strip()[:1000],
        **told,
    )


def _named(edit: Edit) -> set[str]:
    return {one for one in (edit.theme_id, edit.into_id) if one}


def _plain(text: str) -> str:
    return text.strip()[:300]
