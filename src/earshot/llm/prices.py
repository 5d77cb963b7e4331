"""List prices: genai-prices' own data, as per-token rates, so that a price costs microseconds.

The library's `calc_price` takes about 90 µs and is what the tests compare every figure here with.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from importlib import metadata
from typing import NamedTuple

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelPrice, Tier, TieredPrices

from earshot.domain.call import Cost, Usage
from earshot.llm.catalogue import Named, catalogue, entry, named, provider_entry, thinking_tokens
from earshot.llm.settings import LlmSettings, PriceSettings
from earshot.ports.clock import Clock
from earshot.ports.model import Request

_MILLION = Decimal(1_000_000)
_WRITE = Decimal("1.25")
"""What a short cache write costs at Anthropic and OpenAI, relative to input, for prices given by hand."""


class Rates(NamedTuple):
    """US dollars per token, for prompts above `above` tokens."""

    above: int
    input: Decimal
    cached: Decimal
    written: Decimal
    output: Decimal


class Priced(NamedTuple):
    """A model's rates, those of the largest prompts first, and the day they are from."""

    rates: tuple[Rates, ...]
    day: date

    def of(self, tokens: int) -> Rates:
        """The rates of a prompt: beyond a cliff all tokens cost the dearer rate."""
        return next(rate for rate in self.rates if tokens > rate.above or rate.above == 0)


class ListPrices:
    """Prices (ports.model.Prices): what settings say, then the bundled list, then nothing: None, never 0."""

    def __init__(self, settings: LlmSettings, *, clock: Clock) -> None:
        self._given = {str(named(key, default=settings.provider)): each for key, each in settings.prices.items()}
        self._clock = clock
        self._known: dict[tuple[str, str, bool, date], Priced | None] = {}

    def cost(self, provider: str, model: str, *, usage: Usage, batch: bool = False) -> Cost | None:
        """What a call costs today, None when the model's price is unknown."""
        priced = self._priced(provider, model, batch=batch)
        if priced is None:
            return None
        rate = priced.of(usage.input_tokens)
        plain = max(usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens, 0)
        usd = (
            plain * rate.input
            + usage.cached_tokens * rate.cached
            + usage.cache_write_tokens * rate.written
            + usage.output_tokens * rate.output
        )
        return Cost(usd=float(usd), price_date=priced.day)

    def bound(self, provider: str, model: str, *, request: Request, batch: bool = False) -> float | None:
        """The most that a call can cost: each byte a token, at the dearest rate, and the longest answer."""
        priced = self._priced(provider, model, batch=batch)
        if priced is None:
            return None
        size, longest = request.size, request.max_tokens + thinking_tokens(f"{provider}:{model}")
        reachable = [rate for rate in priced.rates if rate.above < size]
        dearest = max(max(rate.input, rate.cached, rate.written) for rate in reachable)
        return float(size * dearest + longest * max(rate.output for rate in reachable))

    def _priced(self, provider: str, model: str, *, batch: bool) -> Priced | None:
        now = self._clock.now()
        key = (provider, model, batch, now.date())
        if key not in self._known:
            self._known[key] = self._look_up(Named(provider, model), batch=batch, now=now)
        return self._known[key]

    def _look_up(self, name: Named, *, batch: bool, now: datetime) -> Priced | None:
        given = self._given.get(str(name))
        if given is not None:
            return Priced((_by_hand(given, batch=batch),), now.date())
        listed = _listed(name, batch=batch, now=now)
        if listed is not None:
            return Priced(listed, price_day())
        known = entry(str(name)).price
        return Priced((_by_hand(known, batch=batch),), catalogue().as_of) if known else None


def price_day() -> date:
    """The day of the bundled price data; for a version that this release does not know, this release's own."""
    return catalogue().price_dates.get(metadata.version("genai-prices"), catalogue().as_of)


def _by_hand(given: PriceSettings, *, batch: bool) -> Rates:
    """Prices from the settings. Batches cost half at every provider that takes them."""
    part = Decimal("0.5") if batch else Decimal(1)
    input_, output = (Decimal(str(each)) * part / _MILLION for each in (given.input, given.output))
    cached = input_ if given.cached is None else Decimal(str(given.cached)) * part / _MILLION
    return Rates(above=0, input=input_, cached=cached, written=input_ * _WRITE, output=output)


def _listed(name: Named, *, batch: bool, now: datetime) -> tuple[Rates, ...] | None:
    if name.provider == "compatible" or (batch and not provider_entry(name.provider).batches):
        return None
    try:
        _, model = get_snapshot().find_provider_model(name.model, None, name.provider, None)
    except LookupError:
        return None
    return _rates(model.get_prices(now, {"processing": "batch"} if batch else None))


def _rates(price: ModelPrice) -> tuple[Rates, ...] | None:
    """The library's prices by prompt size. What it does not price apart costs what it is part of."""
    kinds = (price.input_mtok, price.cache_read_mtok, price.cache_write_mtok, price.output_mtok)
    if kinds[0] is None:
        return None
    starts = sorted({0, *(tier.start for each in kinds for tier in _tiers(each))}, reverse=True)

    def at(kind: Decimal | TieredPrices | None, start: int) -> Decimal | None:
        if not isinstance(kind, TieredPrices):
            return kind / _MILLION if kind is not None else None
        reached = [tier.price for tier in kind.tiers if tier.start <= start] if start else []
        return (reached[-1] if reached else kind.base) / _MILLION

    def rates(start: int) -> Rates:
        plain, cached, written, output = (at(kind, start) for kind in kinds)
        base = plain or Decimal(0)
        return Rates(
            above=start,
            input=base,
            cached=base if cached is None else cached,
            written=base if written is None else written,
            output=output or Decimal(0),
        )

    return tuple(rates(start) for start in starts)


def _tiers(kind: Decimal | TieredPrices | None) -> Iterable[Tier]:
    return kind.tiers if isinstance(kind, TieredPrices) else ()
