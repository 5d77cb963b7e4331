"""`earshot costs`: what reading with language models cost."""

from typing import Annotated, Literal

import typer

from earshot.cli.console import print_json
from earshot.cli.options import AsJson, Since, Until
from earshot.cli.session import go, moment, opened
from earshot.cli.sheets import Cell, Sheet, show
from earshot.pipeline.money.consent import dollars
from earshot.pipeline.money.costing import costs
from earshot.pipeline.money.spendings import FORECAST_DAYS, Costs, Line, sureness

By = Literal["day", "model", "purpose", "tier", "mode"]


def command(
    *,
    since: Since = None,
    until: Until = None,
    by: Annotated[By, typer.Option("--by", help="One line per day, model, purpose, tier or mode.")] = "day",
    top: Annotated[int, typer.Option("--top", min=0, max=1000, help="Also name the dearest conversations.")] = 0,
    as_json: AsJson = False,
) -> None:
    """What calls of language models cost: one row per call, failed ones too. Without --since: from the beginning.

    Prices are list prices of the day of the call. A call whose answer was lost counts with the most that it can
    have cost, apart from the sum; calls without a known price are counted, never taken as free.
    """
    found = go(_costs(since, until, by=by, top=top, quiet=as_json))
    if as_json:
        told = found.model_dump(mode="json")
        print_json({**told, "sureness": sureness(found.total)})
        return
    show(sheets(found))


async def _costs(since: str | None, until: str | None, *, by: str, top: int, quiet: bool) -> Costs:
    async with opened(quiet=quiet) as earshot:
        return await costs(earshot.parts, since=moment(since), until=moment(until), by=by, top=top)


def sheets(found: Costs) -> list[Sheet]:
    """The tables of what was spent."""
    if not found.total.calls:
        return [Sheet("Nothing was spent", note="No language model was asked in this time.")]
    columns = (
        found.by,
        "calls",
        "failed",
        "lost",
        "conversations",
        "input tokens",
        "cached",
        "output",
        "cost",
        "at most",
    )
    rows = [_row(line) for line in (*found.lines, found.total)]
    told = [
        f"Total {dollars(found.total.usd)}"
        + (f"; {sure}." if (sure := sureness(found.total)) else ", every call's cost is known.")
    ]
    if found.usd_each is not None:
        told.append(f"{dollars(found.usd_each)} for each conversation read.")
    month = found.forecast
    told.append(
        f"{month.month}: {dollars(month.so_far_usd)} so far; about {dollars(month.by_the_end_usd)} by its end, if "
        f"the {month.days_left} days to come cost what the last {FORECAST_DAYS} full days did "
        f"({dollars(month.per_day_usd)} a day)."
    )
    result = [Sheet("What language models cost", columns, rows, "\n".join(told))]
    if found.dearest:
        dear = [(one.conversation_id, one.calls, dollars(one.usd)) for one in found.dearest]
        result.append(Sheet("The dearest conversations", ("conversation", "calls", "cost"), dear))
    return result


def _row(line: Line) -> list[Cell]:
    return [
        line.name,
        line.calls,
        line.failed,
        line.lost,
        line.conversations,
        line.input_tokens,
        line.cached_tokens,
        line.output_tokens,
        dollars(line.usd) + (f" + {line.unpriced:,} unknown" if line.unpriced else ""),
        f"+ {dollars(line.bound_usd)}" if line.bound_usd else None,
    ]
