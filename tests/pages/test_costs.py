"""The page of costs: sums are the ledger's, what is not known is said, days that are over are added up once."""

from datetime import datetime, timedelta

import pytest

from earshot.domain.call import Call, Mode, Outcome, Purpose, Tier, Usage
from earshot.llm.settings import LlmSettings
from earshot.pipeline.money.spendings import tally
from earshot.pipeline.pages.costs import look, outlook, verdict
from tests.pages.conftest import OpenSite, Tab
from tests.pages.sites import NOW, Open


def _call(number: int, at: datetime, *, usd: float | None, outcome: Outcome = Outcome.OK, **more: object) -> Call:
    return Call.model_validate(
        {
            "id": f"call-{number}", "provider": "openai", "model": f"gpt-{number % 3}", "tier": Tier.CHEAP,
            "purpose": Purpose.CLASSIFY, "mode": Mode.ONLINE, "conversation_id": f"{number % 40}",
            "started_at": at, "outcome": outcome, "cost_usd": usd, "bound_usd": 0.01, "latency_ms": 200 + number,
            "usage": Usage(input_tokens=1000, cached_tokens=400, output_tokens=50), **more,
        }
    )  # fmt: skip


async def spend(here: Open) -> None:
    """Calls of four models over some weeks: one without an answer, one without a price."""
    calls = [_call(n, NOW - timedelta(hours=7 * n), usd=0.0002) for n in range(60)]
    calls += [
        _call(100, NOW - timedelta(hours=1), usd=None, outcome=Outcome.TIMEOUT, usage=None),
        _call(101, NOW - timedelta(hours=1), usd=None, model="unpriced"),
    ]
    async with here.earshot.parts.store.unit() as unit:
        await unit.calls.close(calls)
        await unit.commit()


async def test_without_calls_the_page_says_that_reading_costs_nothing(here: Open) -> None:
    page = await here.page("/costs")
    assert "No language model was asked" in page
    assert "<code>earshot estimate</code>" in page
    assert "Readings by the local model cost nothing" in page


async def test_sums_are_the_ledgers_and_what_is_not_known_is_said(here: Open) -> None:
    await spend(here)
    page = await here.page("/costs", days=90)
    total = await here.value("select sum(cost_usd)::float8 from llm_api_logs")
    assert f'<p class="value">${total:.4f}</p>' in page
    assert "at most $0.010000 more for 1 call whose answer was lost" in page
    assert "1 call by a model without a known price is not in it" in page
    assert "Not known: a call has no known price." in page
    assert "openai:unpriced" in page
    csv = await here.page("/costs", days=90, by="model", format="csv")
    assert csv.splitlines()[0].startswith("model,calls,failed")
    sums = {line.split(",")[0]: int(line.split(",")[1]) for line in csv.splitlines()[1:]}
    assert sum(sums.values()) == 62
    assert sums["openai:gpt-1"] == 21  # one of them the lost one
    for way in ("day", "purpose", "tier", "mode"):
        assert "classify" in (text := await here.page("/costs", by=way)).lower() or way != "purpose", text
    await here.page("/costs", status=422, by="week")
    await here.page("/costs", status=422, days=0)


async def test_days_that_are_over_are_added_up_once(here: Open) -> None:
    await spend(here)
    first = await look(here.earshot.parts, LlmSettings(), days=90)
    kept = await here.value("select count(*) from llm_day")
    assert kept == 90 - 3
    again = await look(here.earshot.parts, LlmSettings(), days=90)
    assert again.costs == first.costs
    older = "select coalesce(jsonb_agg(one - 'read'), '[]') from jsonb_array_elements(spendings) one"
    await here.rows(f"update llm_day set spendings = ({older})")
    anew = await look(here.earshot.parts, LlmSettings(), days=90)
    assert anew.costs == first.costs, "days that an older version added up are added up anew"
    assert await here.value("select bool_and(spendings::text like '%read%') from llm_day where spendings <> '[]'")
    open_days = await here.value("select count(*) from llm_day where day > current_date - 3")
    assert open_days == 0


async def test_the_budget_and_the_target_stand_beside_what_was_spent(open_site: OpenSite) -> None:
    site = await open_site(llm={"day_budget_usd": 1.0})
    calls = [_call(n, NOW - timedelta(hours=n), usd=0.0002) for n in range(3)]
    async with site.earshot.parts.store.unit() as unit:
        await unit.calls.close(calls)
        await unit.commit()
    page = await site.page("/costs")
    assert "within the target: the guide aims at $0.00013 to $0.00025" in page
    assert "of $1.00 is spent or reserved" in page
    assert "Dearest conversations" in page
    assert 'href="/conversations/2"' in page


def test_verdict_and_forecast_by_hand() -> None:
    assert verdict(None) == ""
    assert verdict(0.0005).startswith("2.0 times the upper end")
    assert verdict(0.0001).startswith("below")
    today = NOW.date()
    nothing = tally([], by="day", recent=[], today=today)
    assert outlook([], nothing, today=today).low is None


@pytest.mark.browser
async def test_costs_look_right(tab: Tab) -> None:
    await spend(tab.site)
    await tab.looks("/costs", "costs")
