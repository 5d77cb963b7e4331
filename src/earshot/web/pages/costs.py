"""What reading costs: per day, by model, purpose, tier and mode, per conversation, and by the month's end."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from earshot.pipeline.money.spendings import WAYS, Line
from earshot.pipeline.pages.costs import CHOICES, look
from earshot.web.pages import drawing
from earshot.web.pages.shell import Here
from earshot.web.pages.tables import as_csv

router = APIRouter()
By = Literal["day", "model", "purpose", "tier", "mode"]
COLUMNS = [name for name in Line.model_fields if name != "name"]


@router.get("/costs")
async def costs(
    desk: Here,
    *,
    days: Annotated[int, Query(ge=1, le=366)] = 30,
    by: By = "model",
    format: Annotated[str, Query(max_length=8)] = "",  # noqa: A002 (the parameter's name in addresses)
) -> Response:
    """The costs of the last days."""
    found = await look(desk.parts, desk.settings.llm, days=days, by=by)
    if format == "csv" and not desk.table:
        return as_csv("costs", [by, *COLUMNS], _rows(found.costs.lines))
    return desk.show(
        "costs.html.j2",
        it=found,
        by=by,
        ways=WAYS,
        choices=CHOICES,
        figure=drawing.figure(found.chart) if found.costs.total.calls else None,
        views=await desk.views(),
    )


async def _rows(lines: Sequence[Line]) -> AsyncIterator[Iterable[Sequence[object]]]:
    yield [[line.name, *(getattr(line, name) for name in COLUMNS)] for line in lines]
