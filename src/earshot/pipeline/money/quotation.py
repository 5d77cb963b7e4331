"""The arithmetic of an estimate: tokens of real prompts, prices, time. Nothing is asked or spent."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from earshot.classify.triage import tier_for
from earshot.domain.call import Mode, Tier, Usage
from earshot.domain.conversation import Conversation
from earshot.domain.model import Noun
from earshot.errors import BadInput, Misconfigured
from earshot.pipeline.quoting import Offer, Quoting
from earshot.ports.model import Prices
from earshot.text.tokens import estimate_tokens

if TYPE_CHECKING:  # prompts cost time to import, and an audit of the local model needs none
    from earshot.classify.llm.prompter import Prepared

OUTPUT_TOKENS = {1: 6, 2: 80, 3: 140}
"""Tokens of an answer by template, until the ledger knows better; for template 3 see bench/llm_cost.py."""
REASONING_TOKENS = 60
"""What brief reasoning before the answer adds."""
CACHE_FLOOR = 1024
"""Providers keep instructions from about so many tokens on; shorter ones are never read from a cache."""
LATENCY_SECONDS = 1.5
"""An answer's usual time, until the ledger knows better."""
BATCH_SECONDS = 3600.0
"""Most batches are answered within an hour; a provider may take a day."""
ESCALATED = 0.2
"""The share that a cascade asks again, until the ledger knows better."""
_Z95 = 1.959964
NEXT = {Tier.LABELS: Tier.CHEAP, Tier.CHEAP: Tier.MEDIUM, Tier.MEDIUM: Tier.STRONG}
"""Whom a cascade asks again."""


@dataclass(frozen=True)
class Habits:
    """What earlier calls teach, by provider:model; `escalated` is the share that the next tier read again."""

    output_tokens: Mapping[str, float] = field(default_factory=dict[str, float])
    latency_seconds: Mapping[str, float] = field(default_factory=dict[str, float])
    escalated: float | None = None


@dataclass(frozen=True)
class Measured:
    """Tokens of one conversation's real prompt; None where there is nothing to read. `tier` is triage's choice."""

    tokens: int | None
    shortened: bool
    tier: Tier


@dataclass(frozen=True)
class Sample:
    """Measured prompts that stand for `total` conversations.

    `prefix` tokens are the same in every prompt; a decision endpoint's prompt is `decision_gap` tokens longer.
    """

    measured: Sequence[Measured]
    total: int
    prefix: int
    decision_gap: int = 0


class Expected(Noun):
    """What one way of reading will take. Money is None where a price is unknown; `low` and `high` are the 95 %
    interval of the total that comes from measuring a sample only. `usd_cached`: if every prompt's instructions but
    the first come from the provider's cache. `seconds` is None where it is not ours to say.
    """

    tiers: tuple[Tier, ...]
    models: tuple[str, ...]
    mode: Mode
    conversations: int
    calls: int
    input_tokens: int
    output_tokens: int
    usd: float | None
    usd_low: float | None
    usd_high: float | None
    usd_cached: float | None
    seconds: float

    @property
    def usd_each(self) -> float | None:
        """US dollars per conversation."""
        return None if self.usd is None else self.usd / max(1, self.conversations)


def measure(quoting: Quoting, conversations: Sequence[Conversation], *, total: int | None = None) -> Sample:
    """Build the real prompts of these conversations and count their tokens."""
    prepared = [_prepared(quoting, conversation) for conversation in conversations]
    first = next((one for one in prepared if one is not None), None)
    return Sample(
        measured=[
            Measured(
                tokens=one.tokens if one else None,
                shortened=one is not None and one.shortened,
                tier=tier_for(conversation, quoting.classify),
            )
            for conversation, one in zip(conversations, prepared, strict=True)
        ],
        total=len(conversations) if total is None else total,
        prefix=_prefix(first) if first else 0,
        decision_gap=_decision_gap(quoting, first) if first else 0,
    )


def expect(
    quoting: Quoting,
    conversations: Sequence[Conversation],
    *,
    mode: Mode = Mode.ONLINE,
    habits: Habits | None = None,
) -> Expected:
    """What reading exactly these conversations will take, as the settings say."""
    return as_set(quoting, measure(quoting, conversations), mode=mode, habits=habits or Habits())


def as_set(quoting: Quoting, sample: Sample, *, mode: Mode, habits: Habits) -> Expected:
    """What the settings lead to: triage chooses the tier, a cascade asks the next tier about a share again.

    A batch goes to the one tier that is chosen.
    """
    online = mode is not Mode.BATCH
    tiers = [m.tier if quoting.classify.triage and online else quoting.chosen for m in sample.measured]
    for tier in {*tiers, quoting.chosen}:
        _offered(quoting, tier)
    asked: list[tuple[Sequence[Offer | None], float]] = [([quoting.offer(tier) for tier in tiers], 1.0)]
    share, reached = _escalated(quoting, habits) if online else 0.0, _above(tiers)
    while share > 0 and any(reached):
        asked.append(([quoting.offer(tier) if tier else None for tier in reached], share))
        share, reached = share * asked[1][1], _above(reached)
    return _total(quoting, sample, asked=asked, mode=mode, habits=habits)


def _above(tiers: Sequence[Tier | None]) -> list[Tier | None]:
    """The next tier above each; None at the top."""
    return [NEXT.get(tier) if tier else None for tier in tiers]


def with_tier(quoting: Quoting, sample: Sample, *, offer: Offer, mode: Mode, habits: Habits) -> Expected:
    """What it would take if one model read everything once."""
    return _total(quoting, sample, asked=[([offer] * len(sample.measured), 1.0)], mode=mode, habits=habits)


def arithmetic(
    prices: Prices, offer: Offer, *, conversations: int, input_tokens: int, output_tokens: int, batch: bool = False
) -> float | None:
    """Plain list-price cost of so many conversations of the same size, without caching; None: price unknown."""
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    cost = prices.cost(offer.provider, offer.model, usage=usage, batch=batch)
    return None if cost is None else cost.usd * conversations


def expected_output(quoting: Quoting, offer: Offer, *, habits: Habits) -> float:
    """Tokens of an answer: what this model wrote lately, or what the prompt asks for."""
    if offer.tier is Tier.LABELS:
        return 0.0
    known = habits.output_tokens.get(name_of(offer))
    extra = REASONING_TOKENS if quoting.classify.reasoning else 0
    return known if known is not None else float(OUTPUT_TOKENS[quoting.classify.template] + extra)


def name_of(offer: Offer) -> str:
    """A model's name as settings write it."""
    return f"{offer.provider}:{offer.model}"


def _prepared(quoting: Quoting, conversation: Conversation) -> "Prepared | None":
    try:
        return quoting.prompter.prepare(conversation)
    except BadInput:
        return None


def _prefix(prepared: "Prepared") -> int:
    """Tokens that come first in every prompt, so that a provider's cache may hold them."""
    form = prepared.request.form
    schema = json.dumps(form.json_schema, separators=(",", ":")) if form else ""
    return estimate_tokens(prepared.request.instructions) + estimate_tokens(schema)


def _decision_gap(quoting: Quoting, prepared: "Prepared") -> int:
    if not any(offer.tier is Tier.LABELS for offer in quoting.offers):
        return 0
    return quoting.prompter.prepare(prepared.conversation, decisions=True).tokens - prepared.tokens


def _offered(quoting: Quoting, tier: Tier) -> Offer:
    offer = quoting.offer(tier)
    if offer is None:
        raise Misconfigured(
            f"No model is named for tier {tier}.", hint=f'Name one: [llm] {tier} = "provider:model".'
        )
    return offer


def _escalated(quoting: Quoting, habits: Habits) -> float:
    if quoting.classify.escalate_below <= 0:
        return 0.0
    return ESCALATED if habits.escalated is None else habits.escalated


@dataclass
class _Sum:
    """Totals over a sample, and the cost of each conversation for the interval."""

    costs: list[float]
    tokens: float = 0.0
    output: float = 0.0
    calls: float = 0.0
    cached: float = 0.0
    known: bool = True
    waiting: float = 0.0


def _total(
    quoting: Quoting,
    sample: Sample,
    *,
    asked: Sequence[tuple[Sequence[Offer | None], float]],
    mode: Mode,
    habits: Habits,
) -> Expected:
    """Sum over the sample and scale to the total. `asked` holds who reads each conversation, and how often."""
    found = _Sum(costs=[0.0] * len(sample.measured))
    price = _Pricing(quoting, mode=mode, habits=habits)
    for offers, share in asked:
        for place, (offer, one) in enumerate(zip(offers, sample.measured, strict=True)):
            tokens = _tokens(sample, one, offer=offer) if offer else None
            if offer is not None and tokens is not None and share > 0:
                price.add(found, place, offer=offer, tokens=tokens, share=share, prefix=sample.prefix)
    scale = sample.total / len(sample.measured) if sample.measured else 0.0
    usd = sum(found.costs) * scale if found.known else None
    half = _half(found.costs, sample.total) if found.known else 0.0
    used = list(dict.fromkeys(offer for offers, share in asked if share > 0 for offer in offers if offer))
    return Expected(
        tiers=tuple(offer.tier for offer in used),
        models=tuple(name_of(offer) for offer in used),
        mode=mode,
        conversations=sample.total,
        calls=round(found.calls * scale),
        input_tokens=round(found.tokens * scale),
        output_tokens=round(found.output * scale),
        usd=usd,
        usd_low=None if usd is None else max(0.0, usd - half),
        usd_high=None if usd is None else usd + half,
        usd_cached=found.cached * scale if found.known else None,
        seconds=_seconds(quoting, found, scale=scale, mode=mode),
    )


class _Pricing:
    """Prices calls of one mode; equal calls are priced once."""

    def __init__(self, quoting: Quoting, *, mode: Mode, habits: Habits) -> None:
        self._quoting, self._habits = quoting, habits
        self._batch = mode is Mode.BATCH
        self._known: dict[tuple[str, str, int, int, int], float | None] = {}

    def add(self, found: _Sum, place: int, *, offer: Offer, tokens: int, share: float, prefix: int) -> None:
        output = expected_output(self._quoting, offer, habits=self._habits)
        cached = prefix if CACHE_FLOOR <= prefix <= tokens and offer.tier is not Tier.LABELS else 0
        plain = self._cost(offer, tokens=tokens, output=output)
        if plain is None:
            found.known = False
        else:
            found.costs[place] += plain * share
            found.cached += (self._cost(offer, tokens=tokens, output=output, cached=cached) or plain) * share
        found.tokens += tokens * share
        found.output += output * share
        found.calls += share
        found.waiting += share * self._habits.latency_seconds.get(name_of(offer), LATENCY_SECONDS)

    def _cost(self, offer: Offer, *, tokens: int, output: float, cached: int = 0) -> float | None:
        key = (offer.provider, offer.model, tokens, round(output), cached)
        if key not in self._known:
            usage = Usage(input_tokens=tokens, cached_tokens=cached, output_tokens=round(output))
            cost = self._quoting.prices.cost(offer.provider, offer.model, usage=usage, batch=self._batch)
            self._known[key] = cost and cost.usd
        return self._known[key]


def _tokens(sample: Sample, one: Measured, *, offer: Offer) -> int | None:
    if one.tokens is None:
        return None
    return one.tokens + (sample.decision_gap if offer.tier is Tier.LABELS else 0)


def _half(costs: Sequence[float], total: int) -> float:
    """Half the interval of a total that was measured on a sample of n: N · 1.96 · s/√n · √(1 − n/N)."""
    n = len(costs)
    if n < 2 or total <= n:
        return 0.0
    mean = sum(costs) / n
    spread = math.sqrt(sum((cost - mean) ** 2 for cost in costs) / (n - 1))
    return total * _Z95 * spread / math.sqrt(n) * math.sqrt(1 - n / total)


def _seconds(quoting: Quoting, found: _Sum, *, scale: float, mode: Mode) -> float:
    """Online the tightest of requests a minute, tokens a minute and concurrency tells."""
    if mode is Mode.BATCH:
        return BATCH_SECONDS if found.calls else 0.0
    limits = quoting.llm
    longest: list[float] = [found.waiting * scale / limits.concurrency]
    if limits.requests_per_minute:
        longest.append(60 * found.calls * scale / limits.requests_per_minute)
    if limits.tokens_per_minute:
        longest.append(60 * (found.tokens + found.output) * scale / limits.tokens_per_minute)
    return max(longest)
