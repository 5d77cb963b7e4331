from datetime import date

import pytest

from earshot.domain.call import Tier
from earshot.errors import BadInput
from earshot.pipeline.money.costing import ENOUGH_CALLS, learn
from earshot.pipeline.money.spendings import WAYS, sureness, tally
from earshot.ports.store import Spending

TODAY = date(2026, 11, 20)
EMPTY = Spending(
    day="2026-11-20", provider="house", model="small", tier="cheap", purpose="classify", mode="online", calls=0,
    failed=0, lost=0, unpriced=0, conversations=0, read=0, input_tokens=0, cached_tokens=0, output_tokens=0,
    usd=0.0, bound_usd=0.0,
)  # fmt: skip


def spent(**values: object) -> Spending:
    return EMPTY.model_copy(update=values)


ROWS = [
    spent(day="2026-11-01", calls=10, conversations=10, read=10, usd=0.10, output_tokens=100),
    spent(day="2026-11-19", calls=5, failed=1, lost=1, conversations=4, read=4, usd=0.07, bound_usd=0.02),
    spent(day="2026-11-20", purpose="summarise", calls=1, conversations=1, usd=0.01),
    spent(day="2026-11-20", model="large", mode="batch", tier="strong", calls=2, conversations=2, read=1, usd=0.04),
    spent(day="2026-10-31", purpose="audit", calls=3, conversations=3, usd=1.00),
]


@pytest.mark.parametrize("by", WAYS)
def test_every_way_of_grouping_adds_up_to_the_same_total(by: str) -> None:
    found = tally(ROWS, by=by, recent=[], today=TODAY)
    for name in ("calls", "failed", "lost", "usd", "bound_usd", "output_tokens"):
        assert sum(getattr(line, name) for line in found.lines) == pytest.approx(getattr(found.total, name))
    assert found.total.usd == pytest.approx(1.22)


def test_days_come_in_order_and_everything_else_dearest_first() -> None:
    assert [line.name for line in tally(ROWS, by="day", recent=[], today=TODAY).lines] == [
        "2026-10-31", "2026-11-01", "2026-11-19", "2026-11-20",
    ]  # fmt: skip
    assert [line.name for line in tally(ROWS, by="model", recent=[], today=TODAY).lines] == [
        "house:small", "house:large",
    ]  # fmt: skip
    with pytest.raises(BadInput, match="colour"):
        tally(ROWS, by="colour", recent=[], today=TODAY)


def test_the_price_of_a_conversation_counts_reading_and_summaries_but_no_audit() -> None:
    found = tally(ROWS, by="day", recent=[], today=TODAY)
    assert found.usd_each == pytest.approx(
        (0.10 + 0.07 + 0.01 + 0.04) / 15
    )  # one of the two had been read by the small model that day
    assert tally([ROWS[4]], by="day", recent=[], today=TODAY).usd_each is None
    unknown = spent(calls=1, conversations=1, read=1, unpriced=1)
    assert tally([*ROWS, unknown], by="day", recent=[], today=TODAY).usd_each is None


def test_a_total_says_how_sure_it_is() -> None:
    assert sureness(tally(ROWS[:1], by="day", recent=[], today=TODAY).total) == ""
    assert sureness(tally(ROWS, by="day", recent=[], today=TODAY).total) == (
        "at most $0.020000 more for 1 call whose answer was lost"
    )
    three = tally([spent(calls=3, lost=3, bound_usd=0.5, unpriced=2)], by="day", recent=[], today=TODAY).total
    assert sureness(three) == (
        "at most $0.500000 more for 3 calls whose answers were lost; 2 calls without a known price are not in it"
    )
    assert "no known price" in sureness(spent_line(lost=2))


def spent_line(**values: object):
    return tally([spent(calls=2, **values)], by="day", recent=[], today=TODAY).total


def test_the_forecast_goes_on_as_the_last_full_days_went() -> None:
    recent = [spent(day=f"2026-11-{day:02}", usd=0.70) for day in (1, 13, 14, 15, 16, 17, 18, 19)]
    found = tally(ROWS, by="day", recent=[*recent, spent(usd=0.2)], today=TODAY).forecast
    assert found.month == "2026-11"
    assert found.so_far_usd == pytest.approx(8 * 0.7 + 0.2)
    assert found.per_day_usd == pytest.approx(0.7)
    assert found.days_left == 10
    assert found.by_the_end_usd == pytest.approx(8 * 0.7 + 0.2 + 0.5 + 10 * 0.7)
    october = spent(day="2026-10-31", usd=99.0)
    assert tally(ROWS, by="day", recent=[october], today=TODAY).forecast.so_far_usd == 0


def test_the_ledger_teaches_length_latency_and_escalations_only_with_enough_calls() -> None:
    few = [spent(calls=ENOUGH_CALLS - 1, output_tokens=9999)]
    assert learn(few, chosen=Tier.CHEAP).output_tokens == {}
    rows = [
        spent(calls=50, failed=10, conversations=40, output_tokens=4000, latency_ms=2000),
        spent(calls=100, conversations=60, output_tokens=10_000, latency_ms=500),
        spent(tier="medium", model="middle", calls=25, conversations=25, output_tokens=100),
        spent(purpose="audit", calls=500, conversations=500, output_tokens=1),
        spent(mode="batch", calls=10, conversations=0, output_tokens=1000, latency_ms=9_000_000),
    ]
    found = learn(rows, chosen=Tier.CHEAP)
    assert found.output_tokens == {"house:small": pytest.approx(15_000 / 150)}
    assert found.latency_seconds == {"house:small": pytest.approx(1.0)}
    assert found.escalated == pytest.approx(0.25)
    assert learn(rows, chosen=Tier.STRONG).escalated is None
    assert learn(rows[:2], chosen=Tier.CHEAP).escalated is None
