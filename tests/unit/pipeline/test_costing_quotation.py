from collections.abc import Sequence

import numpy as np
import pytest

from earshot.classify.llm.settings import ClassifySettings
from earshot.domain.call import Mode, Tier
from earshot.errors import Misconfigured
from earshot.llm.prices import ListPrices
from earshot.llm.settings import LlmSettings, PriceSettings
from earshot.pipeline.money.quotation import (
    ESCALATED,
    OUTPUT_TOKENS,
    REASONING_TOKENS,
    Habits,
    Measured,
    Sample,
    arithmetic,
    as_set,
    expect,
    measure,
    with_tier,
)
from earshot.pipeline.quoting import Offer
from earshot.ports.clock import SystemClock
from tests.unit.pipeline.quotes import OFFERS, PRICES, TablePrices, quoting, talk

CHEAP = OFFERS[1]
LONG = "The export of our monthly report fails with an error since the last update, please help. " * 20


def _sample(tokens: Sequence[int | None], *, total: int | None = None, prefix: int = 0) -> Sample:
    measured = [Measured(one, shortened=False, tier=Tier.CHEAP) for one in tokens]
    return Sample(measured, len(tokens) if total is None else total, prefix)


@pytest.mark.parametrize(
    ("model", "price", "total", "each"),
    [
        ("openai:gpt-4o-mini", PriceSettings(input=0.15, output=0.60), 1.35, 0.00014),
        ("anthropic:claude-haiku-3.5", PriceSettings(input=0.25, output=1.25), 2.50, 0.00025),
        ("anthropic:claude-sonnet-4.5", PriceSettings(input=3.00, output=15.00), 30.00, 0.003),
    ],
)
def test_the_guides_cost_formula_gives_the_guides_figures(
    model: str, price: PriceSettings, total: float, each: float
) -> None:
    """calculate_llm_cost: 10,000 conversations of 500 input and 100 output tokens at the prices it names."""
    prices = ListPrices(LlmSettings(provider="openai", prices={model: price}), clock=SystemClock())
    provider, _, name = model.partition(":")
    offer = Offer(Tier.CHEAP, provider, name)
    usd = arithmetic(prices, offer, conversations=10_000, input_tokens=500, output_tokens=100)
    assert usd is not None
    assert round(usd, 2) == total
    assert round(usd / 10_000, 5) == each
    asked = quoting(prices=TablePrices({name: (price.input, price.output)}), offers=(offer,))
    habits = Habits(output_tokens={model: 100.0})
    whole = with_tier(asked, _sample([500], total=10_000), offer=offer, mode=Mode.ONLINE, habits=habits)
    assert (whole.input_tokens, whole.output_tokens, whole.calls) == (5_000_000, 1_000_000, 10_000)
    assert whole.usd == pytest.approx(usd)
    assert round(whole.usd_each or 0, 5) == each


def test_real_prompts_are_measured_and_a_longer_one_costs_more() -> None:
    asked = quoting()
    short, long = (expect(asked, [talk("1", text)]) for text in ("I was charged twice.", LONG))
    assert 0 < short.input_tokens < long.input_tokens
    assert long.usd is not None
    assert short.usd == pytest.approx((short.input_tokens + 5 * short.output_tokens) / 1e6)
    assert short.output_tokens == OUTPUT_TOKENS[3]
    assert (short.models, short.tiers, short.usd_low) == (("house:small",), (Tier.CHEAP,), short.usd)


def test_a_conversation_without_a_word_of_the_customer_is_free() -> None:
    asked = quoting()
    one, two = expect(asked, [talk("1", LONG)]), expect(asked, [talk("1", LONG), talk("2", "  "), talk("3")])
    assert (two.conversations, two.calls) == (3, 1)
    assert two.usd == one.usd
    nothing = expect(asked, [talk("2", " ")])
    assert (nothing.usd, nothing.input_tokens, nothing.seconds) == (0.0, 0, 0.0)
    assert expect(asked, []).usd == 0.0


def test_batches_cost_half_and_reasoning_more() -> None:
    asked = quoting()
    sample = measure(asked, [talk("1", LONG)])
    online, batch = (
        with_tier(asked, sample, offer=CHEAP, mode=mode, habits=Habits()) for mode in (Mode.ONLINE, Mode.BATCH)
    )
    assert online.usd is not None
    assert batch.usd == pytest.approx(online.usd / 2)
    thoughtful = expect(quoting(ClassifySettings(reasoning=True)), [talk("1", LONG)])
    assert thoughtful.output_tokens == OUTPUT_TOKENS[3] + REASONING_TOKENS


def test_a_model_without_a_price_makes_the_sum_unknown_never_nothing() -> None:
    found = expect(quoting(prices=TablePrices({})), [talk("1", LONG)])
    assert (found.usd, found.usd_low, found.usd_high, found.usd_cached, found.usd_each) == (None,) * 5
    assert found.input_tokens > 0


def test_cached_instructions_save_what_the_price_list_says_and_short_ones_nothing() -> None:
    asked = quoting()
    found = with_tier(
        asked, _sample([3000], prefix=2000), offer=CHEAP, mode=Mode.ONLINE, habits=Habits(output_tokens={})
    )
    assert found.usd is not None
    assert found.usd_cached == pytest.approx(found.usd - 2000 * 0.9 / 1e6)
    short = with_tier(asked, _sample([3000], prefix=900), offer=CHEAP, mode=Mode.ONLINE, habits=Habits())
    assert short.usd_cached == short.usd


def test_triage_sends_each_conversation_to_its_tier() -> None:
    asked = quoting(ClassifySettings(triage=True))
    talks = [talk("1", "hi"), talk("2", *["hello there"] * 4), talk("3", *["hello again"] * 9)]
    found = as_set(asked, measure(asked, talks), mode=Mode.ONLINE, habits=Habits())
    assert set(found.tiers) == {Tier.CHEAP, Tier.MEDIUM, Tier.STRONG}
    apart = [
        with_tier(asked, measure(asked, [one]), offer=offer, mode=Mode.ONLINE, habits=Habits()).usd or 0.0
        for one, offer in zip(talks, OFFERS[1:], strict=True)
    ]
    assert found.usd == pytest.approx(sum(apart))
    batch = as_set(asked, measure(asked, talks), mode=Mode.BATCH, habits=Habits())
    assert batch.tiers == (Tier.CHEAP,)


def test_a_cascade_asks_a_share_again_and_a_share_of_that_too() -> None:
    asked = quoting(ClassifySettings(escalate_below=0.5))
    sample = _sample([1000] * 10)
    cheap, medium, strong = (
        with_tier(asked, sample, offer=offer, mode=Mode.ONLINE, habits=Habits()).usd or 0.0 for offer in OFFERS[1:]
    )
    usual = as_set(asked, sample, mode=Mode.ONLINE, habits=Habits())
    assert usual.usd == pytest.approx(cheap + ESCALATED * medium + ESCALATED**2 * strong)
    known = as_set(asked, sample, mode=Mode.ONLINE, habits=Habits(escalated=0.5))
    assert known.usd == pytest.approx(cheap + 0.5 * medium + 0.25 * strong)
    assert known.calls == round(10 * 1.75)
    assert as_set(asked, sample, mode=Mode.BATCH, habits=Habits()).usd == pytest.approx(cheap / 2)


def test_a_tier_without_a_model_is_an_error_that_names_the_setting() -> None:
    asked = quoting(ClassifySettings(tier=Tier.MEDIUM), offers=OFFERS[:2])
    with pytest.raises(Misconfigured, match="tier medium") as error:
        expect(asked, [talk("1", LONG)])
    assert "[llm] medium" in error.value.hint


def test_a_decision_endpoint_reads_its_own_prompt_and_writes_nothing() -> None:
    asked = quoting()
    sample = measure(asked, [talk("1", LONG)])
    found = with_tier(asked, sample, offer=OFFERS[0], mode=Mode.ONLINE, habits=Habits())
    prepared = asked.prompter.prepare(talk("1", LONG), decisions=True)
    assert (found.input_tokens, found.output_tokens) == (prepared.tokens, 0)


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        (LlmSettings(requests_per_minute=600, concurrency=1000), 100.0),
        (LlmSettings(requests_per_minute=None, concurrency=10), 150.0),
        (LlmSettings(requests_per_minute=None, tokens_per_minute=100_000, concurrency=1000), 684.0),
    ],
)
def test_time_follows_the_tightest_limit(limits: LlmSettings, seconds: float) -> None:
    asked = quoting(llm=limits)
    found = with_tier(asked, _sample([1000], total=1000), offer=CHEAP, mode=Mode.ONLINE, habits=Habits())
    assert found.seconds == pytest.approx(seconds)
    slow = Habits(latency_seconds={"house:small": 30.0})
    assert with_tier(asked, _sample([1000], total=1000), offer=CHEAP, mode=Mode.ONLINE, habits=slow).seconds >= 30


def test_the_interval_of_a_sample_holds_the_whole_about_as_often_as_it_says() -> None:
    asked = quoting()
    chance = np.random.default_rng(5)
    everybody = chance.lognormal(6.5, 0.6, 4000).astype(int)
    truth = with_tier(asked, _sample(list(map(int, everybody))), offer=CHEAP, mode=Mode.ONLINE, habits=Habits())
    assert truth.usd is not None
    held = 0
    for _ in range(200):
        drawn = [int(one) for one in chance.choice(everybody, 300, replace=False)]
        found = with_tier(asked, _sample(drawn, total=4000), offer=CHEAP, mode=Mode.ONLINE, habits=Habits())
        held += (found.usd_low or 0) <= truth.usd <= (found.usd_high or 0)
    assert 0.89 <= held / 200 <= 1.0


def test_prices_are_those_of_the_table() -> None:
    found = arithmetic(PRICES, CHEAP, conversations=2, input_tokens=10, output_tokens=1, batch=True)
    assert found == pytest.approx(2 * (10 * 1.0 + 5.0) / 1e6 / 2)
    assert arithmetic(TablePrices({}), CHEAP, conversations=2, input_tokens=10, output_tokens=1) is None
