"""The ledger's rows put together: by day, model, purpose, tier or mode, with a total that says how sure it is."""

import calendar
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from earshot.domain.call import Purpose
from earshot.domain.model import Noun
from earshot.errors import BadInput
from earshot.ports.store import Spending

WAYS = ("day", "model", "purpose", "tier", "mode")
FORECAST_DAYS = 7
"""The forecast goes on as the last full days went."""


class Line(Noun):
    """What one group of calls cost. `bound_usd`: at most so much more, for calls whose answer was lost.

    `conversations` counts a conversation once per day, model, purpose and mode. `under_way` calls have not ended;
    `under_way_usd` is what they can cost at most.
    """

    name: str
    calls: int
    failed: int
    lost: int
    unpriced: int
    conversations: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    usd: float
    bound_usd: float
    under_way: int
    under_way_usd: float


class Dear(Noun):
    """A conversation that cost much."""

    conversation_id: str
    calls: int
    usd: float


class Forecast(Noun):
    """The calendar month: what it cost so far, and at the pace of the last full days by its end."""

    month: str
    so_far_usd: float
    per_day_usd: float
    days_left: int
    by_the_end_usd: float


class Costs(Noun):
    """What calls cost. `usd_each` is per conversation: what its readings and summaries of a day cost together."""

    by: str
    lines: tuple[Line, ...]
    total: Line
    usd_each: float | None
    dearest: tuple[Dear, ...]
    forecast: Forecast


def tally(
    rows: Sequence[Spending], *, by: str, recent: Sequence[Spending], today: date, dearest: Sequence[Dear] = ()
) -> Costs:
    """Group the rows; `recent` reaches back to the first of the month and over the last eight days."""
    if by not in WAYS:
        raise BadInput(f"Costs cannot be grouped by {by!r}.", hint=f"Choose one of: {', '.join(WAYS)}.")
    groups: defaultdict[str, list[Spending]] = defaultdict(list)
    for row in rows:
        groups[_name(row, by)].append(row)
    lines = [_line(name, group) for name, group in groups.items()]
    lines.sort(key=(lambda line: line.name) if by == "day" else (lambda line: (-line.usd, line.name)))
    return Costs(
        by=by,
        lines=tuple(lines),
        total=_line("total", rows),
        usd_each=_each(rows),
        dearest=tuple(dearest),
        forecast=_forecast(recent, today),
    )


def sureness(total: Line) -> str:
    """How sure a sum is, in words; empty when every call's cost is known."""
    told: list[str] = []
    if total.lost and total.bound_usd > 0:
        what = "call whose answer was" if total.lost == 1 else "calls whose answers were"
        told.append(f"at most ${total.bound_usd:,.6f} more for {total.lost:,} {what} lost")
    elif total.lost:
        told.append(f"{total.lost:,} lost answers may have cost something, by no known price")
    if total.under_way:
        what = "call is" if total.under_way == 1 else "calls are"
        told.append(f"{total.under_way:,} {what} under way, at most ${total.under_way_usd:,.6f}")
    if total.unpriced:
        what = (
            "call by a model without a known price is" if total.unpriced == 1 else "calls without a known price are"
        )
        told.append(f"{total.unpriced:,} {what} not in it")
    return "; ".join(told)


def _name(row: Spending, by: str) -> str:
    return f"{row.provider}:{row.model}" if by == "model" else str(getattr(row, by))


def _line(name: str, rows: Sequence[Spending]) -> Line:
    counted = [key for key in Line.model_fields if key != "name"]
    return Line.model_validate({"name": name, **{key: sum(getattr(row, key) for row in rows) for key in counted}})


def _each(rows: Sequence[Spending]) -> float | None:
    """Dollars per conversation and day it was read on, all its readings together; None without any, or where a
    price is unknown."""
    reading = [row for row in rows if row.purpose in {Purpose.CLASSIFY, Purpose.SUMMARISE}]
    read = sum(row.read for row in reading)
    if not read or any(row.unpriced for row in reading):
        return None
    return sum(row.usd for row in reading) / read


def _forecast(recent: Sequence[Spending], today: date) -> Forecast:
    """So far + average of the last full days × days left, today counted as a whole day to come."""
    full = {(today - timedelta(days=back)).isoformat() for back in range(1, FORECAST_DAYS + 1)}
    per_day = sum(row.usd for row in recent if row.day in full) / FORECAST_DAYS
    month = today.isoformat()[:7]
    spent = sum(row.usd for row in recent if row.day.startswith(month))
    this_day = sum(row.usd for row in recent if row.day == today.isoformat())
    left = calendar.monthrange(today.year, today.month)[1] - today.day
    return Forecast(
        month=month,
        so_far_usd=spent,
        per_day_usd=per_day,
        days_left=left,
        by_the_end_usd=spent + max(0.0, per_day - this_day) + per_day * left,
    )
