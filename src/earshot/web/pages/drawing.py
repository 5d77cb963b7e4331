"""Charts on pages: a page registers a plot and shows its picture, drawn when a browser asks for it, and its table.

Pictures are SVG from Vega-Lite definitions, in light and dark, wide and narrow; a chart can be opened on a page of
its own, where it can be explored by mouse. Nothing of this needs a network.
"""

import asyncio
import hashlib
import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from earshot.errors import NotFound
from earshot.report import charts
from earshot.report.plots import Plot, Unit, said
from earshot.report.plotting import drawing
from earshot.text.escape import visible
from earshot.web.pages.shell import Here

router = APIRouter()
KEPT = 512
"""Charts that are remembered; an older one is made again by opening its page again."""
SECONDS = 600
"""How long a browser may keep a picture."""
_plots: OrderedDict[str, Plot] = OrderedDict()
_guard = threading.Lock()


@dataclass(frozen=True)
class Figure:
    """A chart of a page, for the macro `show` of charts.html.j2."""

    key: str
    plot: Plot

    def told(self, value: float | None) -> str:
        """A value of the chart in words."""
        return said(value, self.plot.unit)

    @property
    def is_share(self) -> bool:
        """Whether values are shares."""
        return self.plot.unit is Unit.SHARE


def figure(plot: Plot) -> Figure | None:
    """The figure of a plot, None where it has nothing to show. Costs nothing: pictures are drawn when asked for."""
    if not any(mark.value is not None for mark in plot.marks):
        return None
    key = hashlib.sha256(repr(plot).encode()).hexdigest()[:32]
    with _guard:
        _plots[key] = plot
        _plots.move_to_end(key)
        while len(_plots) > KEPT:
            _plots.popitem(last=False)
    return Figure(key, plot)


def _plot(key: str) -> Plot:
    with _guard:
        found = _plots.get(key)
    if found is None:
        raise NotFound("This chart is no longer held.", hint="Open the page again that shows it.")
    return found


@lru_cache(maxsize=2 * KEPT)
def _picture(key: str, narrow: bool, dark: bool) -> str:  # noqa: FBT001 (what it is remembered by)
    plot = _plot(key)
    width: Final = charts.NARROW if narrow else charts.WIDE
    text = charts.svg(drawing(plot, width=width), label=visible(f"{plot.title}. {plot.description}"), ident="chart")
    for light, night in charts.DARK.items() if dark else ():
        text = text.replace(f'"{light}"', f'"{night}"')
    return text


@router.get("/charts/{key}.svg")
async def picture(
    key: str, *, narrow: Annotated[bool, Query()] = False, dark: Annotated[bool, Query()] = False
) -> Response:
    """A chart as a picture."""
    _plot(key)
    text = await asyncio.to_thread(_picture, key, narrow, dark)
    headers = {"Cache-Control": f"private, max-age={SECONDS}"}
    return Response(text, media_type="image/svg+xml", headers=headers)


@router.get("/charts/{key}")
async def chart(key: str, desk: Here) -> Response:
    """A chart on a page of its own, to be explored; without JavaScript its picture stands there."""
    plot = _plot(key)
    spec = json.dumps(drawing(plot, width=charts.WIDE, live=True))
    return desk.show("chart.html.j2", figure=Figure(key, plot), spec=spec, dark=json.dumps(dict(charts.DARK)))
