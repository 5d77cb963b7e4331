from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import metadata

import pytest
from genai_prices import Usage as ListedUsage
from genai_prices import calc_price
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st

from earshot.domain.call import Usage
from earshot.llm.catalogue import catalogue
from earshot.llm.prices import ListPrices, price_day
from earshot.llm.settings import LlmSettings, PriceSettings
from tests.unit.llm.wire import ASKED, NOW, TestClock

LISTED = [
    (provider.id, model.id)
    for provider in get_snapshot().providers
    if provider.id in {"anthropic", "openai", "google", "openai-decisions"}
    for model in provider.models
]
USAGES = [
    Usage(input_tokens=3000, output_tokens=150),
    Usage(input_tokens=3000, cached_tokens=1500, cache_write_tokens=700, output_tokens=150, reasoning_tokens=100),
    Usage(input_tokens=100_000, output_tokens=1),
    Usage(input_tokens=100_001, cached_tokens=50_000, output_tokens=7),
    Usage(input_tokens=200_001, cached_tokens=50_000, cache_write_tokens=1, output_tokens=7),
    Usage(input_tokens=272_001, cache_write_tokens=50_000, output_tokens=7),
    Usage(),
]


def prices(now: datetime = NOW, **settings: object) -> ListPrices:
    return ListPrices(LlmSettings.model_validate({"provider": "openai", **settings}), clock=TestClock(now))


def listed(provider: str, model: str, usage: Usage, *, batch: bool, now: datetime = NOW) -> float:
    """What the library itself says."""
    told = ListedUsage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
    )
    context = {"processing": "batch"} if batch else None
    price = calc_price(told, model, provider_id=provider, genai_request_timestamp=now, price_context=context)
    return float(price.total_price)


@pytest.mark.parametrize("batch", [False, True])
def test_every_listed_model_costs_what_the_library_says_over_all_cliffs(*, batch: bool) -> None:
    ours, compared = prices(), 0
    for provider, model in LISTED:
        for usage in USAGES:
            cost = ours.cost(provider, model, usage=usage, batch=batch)
            if cost is not None:
                assert cost.usd == listed(provider, model, usage, batch=batch), (provider, model, usage)
                compared += 1
    assert compared > 500


@given(
    fresh=st.integers(0, 300_000),
    cached=st.integers(0, 300_000),
    written=st.integers(0, 300_000),
    output=st.integers(0, 100_000),
    model=st.sampled_from(["anthropic:claude-haiku-5-5", "openai:gpt-6-luna", "openai:gpt-6.1-sol"]),
    batch=st.booleans(),
)
def test_any_usage_costs_what_the_library_says(
    *, fresh: int, cached: int, written: int, output: int, model: str, batch: bool
) -> None:
    provider, _, name = model.partition(":")
    usage = Usage(
        input_tokens=fresh + cached + written,
        cached_tokens=cached,
        cache_write_tokens=written,
        output_tokens=output,
    )
    cost = prices().cost(provider, name, usage=usage, batch=batch)
    assert cost is not None
    assert cost.usd == listed(provider, name, usage, batch=batch)


def test_the_published_figures() -> None:
    """reference/llm-providers.md §5.3: 3,000 tokens in, 150 out, a thousand times."""
    usage = Usage(input_tokens=3000, output_tokens=150)
    for model, online, batch in (
        ("anthropic:claude-haiku-5-5", 0.375, 0.1875),
        ("openai:gpt-6.1-terra", 3.75, 1.875),
        ("anthropic:claude-sonnet-5-5", 7.5, 3.75),
    ):
        provider, _, name = model.partition(":")
        now, later = (
            prices().cost(provider, name, usage=usage),
            prices().cost(provider, name, usage=usage, batch=True),
        )
        assert now is not None
        assert later is not None
        assert (1000 * now.usd, 1000 * later.usd) == pytest.approx((online, batch))


def test_beyond_a_cliff_every_token_costs_more() -> None:
    below = prices().cost("anthropic", "claude-haiku-5-5", usage=Usage(input_tokens=100_000))
    above = prices().cost("anthropic", "claude-haiku-5-5", usage=Usage(input_tokens=100_001))
    assert below is not None
    assert above is not None
    assert above.usd / below.usd == pytest.approx(5, rel=1e-4)


def test_prices_that_change_on_a_day_change_on_that_day() -> None:
    usage = Usage(input_tokens=1_000_000)
    before = prices(datetime(2026, 11, 30, 23, tzinfo=UTC)).cost("google", "gemini-4-argon", usage=usage)
    after = prices(datetime(2026, 12, 1, 0, tzinfo=UTC)).cost("google", "gemini-4-argon", usage=usage)
    assert before is not None
    assert after is not None
    assert after.usd == 2 * before.usd


@pytest.mark.parametrize(
    ("provider", "model"), [("compatible", "qwen3:8b"), ("openai", "gpt-99"), ("google", "gemma-3")]
)
def test_an_unknown_price_is_none_and_never_zero(provider: str, model: str) -> None:
    assert prices().cost(provider, model, usage=Usage(input_tokens=1000)) is None
    assert prices().bound(provider, model, request=ASKED) is None


def test_google_takes_no_batches_so_none_has_a_price() -> None:
    assert prices().cost("google", "gemini-3.8-flash", usage=Usage(input_tokens=1000), batch=True) is None


def test_prices_of_the_settings_win() -> None:
    ours = prices(
        prices={
            "compatible:qwen3:8b": PriceSettings(input=0, output=0),
            "openai:gpt-6-luna": PriceSettings(input=2, output=8, cached=1),
        }
    )
    free = ours.cost("compatible", "qwen3:8b", usage=Usage(input_tokens=1000))
    assert free is not None
    assert free.usd == 0
    usage = Usage(input_tokens=1_000_000, cached_tokens=500_000, output_tokens=100_000)
    cost, half = (
        ours.cost("openai", "gpt-6-luna", usage=usage),
        ours.cost("openai", "gpt-6-luna", usage=usage, batch=True),
    )
    assert cost is not None
    assert half is not None
    assert (cost.usd, half.usd) == (2.3, 1.15)
    assert cost.price_date == NOW.date()


def test_what_the_list_lacks_the_catalogue_may_know() -> None:
    cost = prices().cost(
        "google-decisions", "gemini-decision-1", usage=Usage(input_tokens=1_000_000, output_tokens=9)
    )
    assert cost is not None
    assert (cost.usd, cost.price_date) == (0.1, catalogue().as_of)


def test_a_price_carries_the_day_of_the_list() -> None:
    assert metadata.version("genai-prices") in catalogue().price_dates, "write the day of the new list down"
    cost = prices().cost("openai", "gpt-6-luna", usage=Usage(input_tokens=1))
    assert cost is not None
    assert cost.price_date == price_day() == date(2026, 11, 22)


@given(
    size=st.integers(0, 400_000),
    cached=st.floats(0, 1),
    written=st.floats(0, 1),
    output=st.integers(0, ASKED.max_tokens),
    model=st.sampled_from(["anthropic:claude-haiku-5-5", "openai:gpt-6-luna", "google:gemini-3.8-flash"]),
)
def test_no_call_costs_more_than_its_bound(
    *, size: int, cached: float, written: float, output: int, model: str
) -> None:
    provider, _, name = model.partition(":")
    asked = ASKED.model_copy(update={"content": "x" * size})
    tokens = asked.size
    read = int(tokens * cached)
    usage = Usage(
        input_tokens=tokens,
        cached_tokens=read,
        cache_write_tokens=int((tokens - read) * written),
        output_tokens=output,
    )
    ours = prices()
    cost, bound = ours.cost(provider, name, usage=usage), ours.bound(provider, name, request=asked)
    assert cost is not None
    assert bound is not None
    assert cost.usd <= bound


def test_the_bound_leaves_room_for_thinking_that_cannot_be_switched_off() -> None:
    ours = prices(prices={"openai:gpt-6.1-sol": PriceSettings(input=0, output=1_000_000)})
    assert (ours.bound("openai", "gpt-6.1-sol", request=ASKED) or 0) > ASKED.max_tokens


GUIDE = {
    "gpt-4o-mini": PriceSettings(input=0.15, output=0.60),
    "claude-3-5-haiku": PriceSettings(input=0.25, output=1.25),
    "claude-sonnet-4-5": PriceSettings(input=3.0, output=15.0),
}


@pytest.mark.parametrize(
    ("model", "total", "each"),
    [("gpt-4o-mini", 1.35, 0.00014), ("claude-3-5-haiku", 2.5, 0.00025), ("claude-sonnet-4-5", 30.0, 0.003)],
)
def test_the_guides_figures_come_out_at_the_guides_prices(model: str, total: float, each: float) -> None:
    """Its calculate_llm_cost: ten thousand conversations of 500 tokens in and 100 out."""
    ours = prices(prices={f"openai:{name}": price for name, price in GUIDE.items()})
    cost = ours.cost("openai", model, usage=Usage(input_tokens=500, output_tokens=100))
    assert cost is not None
    whole = Decimal(str(cost.usd)) * 10_000
    assert float(round(whole, 2)) == total
    assert round(cost.usd, 5) == pytest.approx(each, abs=1e-5)


def test_the_guides_cheapest_model_still_has_the_guides_price() -> None:
    cost = prices().cost("openai", "gpt-4o-mini", usage=Usage(input_tokens=500, output_tokens=100))
    assert cost is not None
    assert cost.usd == pytest.approx(1.35 / 10_000)
