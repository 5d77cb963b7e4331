"""Rules: what each says, how far it is on, what it did and would have done, and switching it."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.responses import Response

from earshot.domain.rule_state import RuleMode
from earshot.domain.visitor import Role
from earshot.errors import BadInput
from earshot.pipeline.pages.rules import MOST, SPANS, TESTED, day_plot, rule_list, rule_page, set_mode
from earshot.pipeline.ruling.trying import TODAY
from earshot.web.pages import drawing
from earshot.web.pages.shell import Desk, Form, Here, needs
from earshot.web.pages.tables import as_csv

router = APIRouter()
COLUMNS: Final = (
    "rule", "priority", "state", "share", "changed", "problem", "when", "actions", "from", "decided_7d",
    "decided_30d", "came_of", "switched_at", "switched_by",
)  # fmt: skip


@router.get("/rules")
async def rules(desk: Here, *, format: Annotated[str, Query(max_length=10)] = "") -> Response:  # noqa: A002 (the parameter's name in addresses)
    """Every rule in the order of judging."""
    if format == "csv":
        return as_csv("rules", COLUMNS, _rows(desk))
    found = await rule_list(desk.parts, desk.settings.decide)
    return desk.show("rules.html.j2", rules=found, most=MOST, views=await desk.views())


@router.post("/rules/switch")
@needs(Role.ADMIN)
async def switch(desk: Here, form: Form) -> Response:
    """Set how far a rule acts, as it was seen."""
    name, mode = str(form.get("name", "")), str(form.get("mode", ""))
    if mode not in set(RuleMode):
        raise BadInput("Choose off, dry run, a share, or on.")
    share = _share(str(form.get("share", ""))) if mode == RuleMode.SHARE else 1.0
    state = await set_mode(
        desk.parts,
        desk.settings.decide,
        name=name,
        mode=RuleMode(mode),
        share=share,
        reason=str(form.get("reason", "")),
        seen=str(form.get("version", "")),
    )
    await desk.note(
        "rule.switch", state.name, mode=state.mode.value, share=f"{state.share:.3g}", text=state.hash[:8]
    )
    told = f"on for {state.share:.3g} of conversations" if state.mode is RuleMode.SHARE else state.mode.value
    return desk.to(f"/rules/{quote(state.name, safe='')}", f"{state.name} is {told} from the next decision on.")


@router.get("/rules/{name:path}")
async def rule(name: str, desk: Here, *, days: Annotated[int | None, Query()] = None) -> Response:
    """One rule; with `days`, what it would have done in so many days."""
    if days is not None and days not in SPANS:
        raise BadInput(f"A rule is tried on the last {', '.join(map(str, SPANS))} days.")
    page = await rule_page(desk.parts, desk.settings.decide, name=name, days=days)
    figure = drawing.figure(day_plot(page.trial, zone=desk.parts.report.timezone)) if page.trial else None
    return desk.show(
        "rule.html.j2",
        page=page,
        listed=page.listed,
        rule=page.settings,
        figure=figure,
        modes=list(RuleMode),
        most=MOST,
        spans=SPANS,
        tested=TESTED,
        today=TODAY,
        days=days,
    )


def _share(text: str) -> float:
    """A share in percent as people write it: 20, 20%, 12.5."""
    try:
        value = float(text.strip().removesuffix("%").strip())
    except ValueError:
        value = 0.0
    if not 0 < value <= 100:
        raise BadInput("A share is more than 0 and at most 100 percent.", hint="Write it like 20.")
    return value / 100


async def _rows(desk: Desk) -> AsyncIterator[Sequence[Sequence[object]]]:
    yield [
        (
            one.name,
            one.standing.rule.priority,
            one.standing.mode.value,
            one.standing.share,
            one.standing.changed,
            one.standing.rule.problem,
            one.standing.rule.when,
            ", ".join(one.standing.rule.actions),
            one.origin or "earshot.toml",
            one.week,
            one.month,
            ", ".join(f"{came.count} {came.state}" for came in one.came),
            one.standing.since,
            one.standing.actor,
        )
        for one in await rule_list(desk.parts, desk.settings.decide)
    ]
