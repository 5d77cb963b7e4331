"""Audit: agreement with people, samples and their members, labelling blind to the model, few-shot examples."""

from collections.abc import AsyncIterator, Mapping
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from earshot.audit.labels import OPTIONS
from earshot.domain.label import Sample
from earshot.errors import BadInput
from earshot.pipeline.audits.examples import PASTE, examples, lines, use
from earshot.pipeline.audits.labelling import find, keep, rule, turn
from earshot.pipeline.audits.sampling import draw_baseline, draw_week
from earshot.pipeline.pages import audit as pages
from earshot.ports.browse import Place
from earshot.web.pages import drawing
from earshot.web.pages.cursors import cursor_of, place_of
from earshot.web.pages.rendering import segment
from earshot.web.pages.shell import Desk, Form, Here
from earshot.web.pages.tables import as_csv

router = APIRouter()
KEYS: Mapping[str, str] = {
    "issue_type": "1234567", "priority": "qwer", "churn_risk": "asd", "sentiment": "zxcvb",
}  # fmt: skip
"""The key of each value, in the order of the options; all of them under the left hand."""
_DAYS = 3_650
Short = Annotated[str, Query(max_length=80)]


@router.get("/audit")
async def audit(desk: Here, *, sample: Short = "", field: Short = "issue_type", format: Short = "") -> Response:  # noqa: A002 (the parameter's name in addresses)
    """How far the model agrees with people, how sure that is, and whether it fell."""
    view = await pages.overview(desk.parts, sample_id=sample, field=field, labeller=desk.visitor.name)
    if format == "csv" and not desk.table:
        return as_csv("audit", ("field", "agreement", "low", "high", "kappa", "labels", "worth"), _figures(view))
    chart = drawing.figure(view.plot) if view.plot else None
    return desk.show("audit.html.j2", view=view, fields=list(OPTIONS), chart=chart, views=await desk.views())


async def _figures(view: pages.Overview) -> AsyncIterator[list[list[object]]]:
    yield [
        [
            one.field,
            one.score.accuracy.value,
            one.score.accuracy.low,
            one.score.accuracy.high,
            one.score.kappa.value,
            one.score.n,
            one.effective,
        ]
        for one in view.gauges
    ]


@router.post("/audit/draw")
async def draw(desk: Here, form: Form) -> Response:
    """Draw last week's sample, or a baseline of the last days."""
    if str(form.get("kind", "")) == "weekly":
        week = await draw_week(desk.parts, desk.parts.clock.now())
        if week is None:
            raise BadInput("Nothing was read of last week.", hint="Draw a baseline instead, or run Earshot first.")
        done = week
    else:
        now = desk.parts.clock.now()
        days, size = _number(form.get("days"), most=_DAYS), _number(form.get("size"), most=500)
        done = await draw_baseline(desk.parts, since=now - timedelta(days=days), until=now, size=size)
    await desk.note("audit.draw", done.sample.id, kind=done.sample.kind.value, members=done.members)
    said = f"{done.members:,} conversations were drawn." if done.new else "It was drawn before; here it is."
    return desk.to("/audit", said, sample=done.sample.id)


def _number(given: object, *, most: int) -> int:
    text = str(given or "")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise BadInput(f"Give a number from 1 to {most:,}.")
    return int(text)


@router.get("/audit/examples")
async def show_examples(desk: Here, *, format: Short = "") -> Response:  # noqa: A002 (the parameter's name in addresses)
    """The few-shot examples that were chosen; `format=jsonl` is the file that settings name."""
    found = await examples(desk.parts)
    if format == "jsonl":
        headers = {"Content-Disposition": 'attachment; filename="examples.jsonl"'}
        text = "".join(f"{line}\n" for line in lines(found))
        return Response(text, media_type="application/jsonl; charset=utf-8", headers=headers)
    return desk.show("audit_examples.html.j2", examples=found, paste=PASTE, count=len(lines(found)))


class Asked(pages.Choice):
    """What the address of a sample's members says."""

    after: str = Field(default="", max_length=400)
    format: str = Field(default="", max_length=10)


@router.get("/audit/{sample_id}")
async def members(sample_id: str, desk: Here, *, asked: Annotated[Asked, Query()]) -> Response:
    """The members of a sample, with what people and the model say of them."""
    sample = await find(desk.parts, sample_id)
    found = await pages.rows(desk.parts, sample, choice=asked, labeller=desk.visitor.name)
    if asked.format == "csv":
        return as_csv("audit-sample", _COLUMNS, _lines(found))
    start = place_of(asked.after)
    rest = [one for one in found if start is None or one.member.place > (start.count or 0)]
    shown, more = rest[: pages.PAGE], len(rest) > pages.PAGE
    last = Place(id="", count=shown[-1].member.place) if more else None
    return desk.show(
        "audit_sample.html.j2",
        sample=sample,
        rows=shown,
        count=len(found),
        hidden=sum(one.hidden for one in found),
        choice=asked,
        fields=list(OPTIONS),
        options=OPTIONS,
        states=pages.STATES,
        next=cursor_of(last),
    )


_COLUMNS = ("conversation", "stratum", "weight", "example",
            *(f"{who} {field}" for who in ("model", "people") for field in OPTIONS))  # fmt: skip


async def _lines(found: list[pages.Row]) -> AsyncIterator[list[list[object]]]:
    yield [
        [
            one.member.conversation_id,
            one.member.stratum,
            one.weight,
            one.member.example_at is not None,
            *("" if one.hidden else one.answer(field) for field in OPTIONS),
            *(" / ".join(one.opinions(field)) for field in OPTIONS),
        ]
        for one in found
    ]


@router.get("/audit/{sample_id}/label")
async def label_next(sample_id: str, desk: Here, *, at: Annotated[str, Query(max_length=255)] = "") -> Response:
    """The next conversation for this person, without the model's answer."""
    sample = await find(desk.parts, sample_id)
    return _turn(desk, shown=await turn(desk.parts, sample, labeller=desk.visitor.name, at=at))


def _turn(desk: Desk, *, shown: object, given: Mapping[str, str] | None = None, missing: str = "") -> Response:
    began = desk.parts.clock.now().isoformat()
    return desk.show(
        "audit_label.html.j2",
        status=422 if missing else 200,
        turn=shown,
        options=OPTIONS,
        keys=KEYS,
        began=began,
        given=given,
        missing=missing,
    )


@router.post("/audit/{sample_id}/label")
async def label(sample_id: str, desk: Here, form: Form) -> Response:
    """Keep a label or a skip, and go on to the next."""
    sample = await find(desk.parts, sample_id)
    at = str(form.get("conversation", ""))
    given = {field: str(form.get(field, "")) for field in OPTIONS}
    skipped = str(form.get("do", "")) == "skip"
    lacks = [field for field in OPTIONS if given[field] not in OPTIONS[field]]
    if lacks and not skipped:
        shown = await turn(desk.parts, sample, labeller=desk.visitor.name, at=at)
        return _turn(desk, shown=shown, given=given, missing=lacks[0])
    note, began = str(form.get("note", "")), _moment(str(form.get("began", "")))
    await keep(
        desk.parts,
        sample,
        conversation_id=at,
        given=given,
        labeller=desk.visitor.name,
        skipped=skipped,
        note=note,
        began=began,
    )
    await desk.note("audit.skip" if skipped else "audit.label", at, sample=sample.id)
    return desk.to(f"/audit/{segment(sample.id)}/label")


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 1 < found.year < MAXYEAR:  # in another zone it may be no year at all
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@router.post("/audit/{sample_id}/rule")
async def decide(sample_id: str, desk: Here, form: Form) -> Response:
    """Say what counts as true of a member."""
    sample = await find(desk.parts, sample_id)
    at = str(form.get("conversation", ""))
    given = {field: str(form.get(field, "")) for field in OPTIONS}
    await rule(desk.parts, sample, conversation_id=at, given=given)
    await desk.note("audit.rule", at, sample=sample.id, **given)
    return _back(desk, sample, "That counts as true now.")


@router.post("/audit/{sample_id}/example")
async def choose_example(sample_id: str, desk: Here, form: Form) -> Response:
    """Make a member a few-shot example, or one no more."""
    sample = await find(desk.parts, sample_id)
    at, wanted = str(form.get("conversation", "")), form.get("use") == "1"
    await use(desk.parts, sample, conversation_id=at, wanted=wanted)
    await desk.note("audit.example", at, sample=sample.id, use=wanted)
    if not wanted:
        return _back(desk, sample, "It is no example any more.")
    return desk.to("/audit/examples", "It serves as an example once the file below is in use.")


def _back(desk: Desk, sample: Sample, said: str) -> Response:
    return desk.to(f"/audit/{segment(sample.id)}", said, state="wrong")
