"""Puts the readers that ask language models together: tiers, triage, cascade, fallback, breakers.

From the inside out: Model → Breaker → Booked (ledger, attempts) → LlmReader (one tier)
→ Triage or Cascade (several tiers) → Fallback (another provider) → Fallback (the local model) → Composed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from earshot.classify.breaker import Breaker
from earshot.classify.cascade import Cascade
from earshot.classify.fallback import Fallback
from earshot.classify.llm.booking import Booked, Books, Conduct, booked, guarded
from earshot.classify.llm.prompter import Prompter
from earshot.classify.llm.reader import LlmReader
from earshot.classify.llm.settings import ClassifySettings
from earshot.classify.llm.shortening import Shelf, Shortening
from earshot.classify.triage import TIERS, Triage, tier_for
from earshot.domain.call import Tier
from earshot.domain.conversation import Conversation
from earshot.domain.insight import Stage
from earshot.ports.ledger import Ledger
from earshot.ports.model import Model
from earshot.ports.reader import Read, Reader

_LADDER = (Tier.LABELS, Tier.CHEAP, Tier.MEDIUM, Tier.STRONG)


@dataclass(frozen=True)
class Means:
    """What all readers share. `shelf` keeps summaries of long threads; without it, threads are only trimmed."""

    prompter: Prompter
    books: Books
    conduct: Conduct = field(default_factory=Conduct)
    shelf: Shelf | None = None


class Composed:
    """A reader put together of several, and the ledger in which all their calls are booked."""

    def __init__(self, reader: Reader, *, ledger: Ledger) -> None:
        self._reader = reader
        self.ledger = ledger

    @property
    def name(self) -> str:
        """The classifier's name."""
        return self._reader.name

    @property
    def stage(self) -> Stage:
        """What is wanted: whole readings, or labels only."""
        return self._reader.stage

    @property
    def batch(self) -> int:
        """How many conversations one `read` should get at most."""
        return self._reader.batch

    @property
    def parallel(self) -> int:
        """How many `read` may be under way at once."""
        return self._reader.parallel

    async def read(self, conversations: Sequence[Conversation]) -> list[Read]:
        """One answer per conversation, in order."""
        return await self._reader.read(conversations)


def needed_tiers(settings: ClassifySettings) -> tuple[Tier, ...]:
    """The tiers whose models `compose` wants."""
    first = TIERS if settings.triage else (settings.tier,)
    wanted = set(first)
    if settings.escalate_below > 0:
        wanted |= set(_LADDER[min(_LADDER.index(tier) for tier in first) :])
    if settings.summarise:
        wanted.add(Tier.CHEAP)
    return tuple(tier for tier in _LADDER if tier in wanted)


def compose(
    settings: ClassifySettings,
    models: Mapping[Tier, Model],
    *,
    means: Means,
    other: Model | None = None,
    local: Callable[[], Reader] | None = None,
) -> Composed:
    """The reader of these settings. `models` holds at least the needed tiers; `other` is the fallback's model.

    `local` makes the reader that stands in when nobody answers; what that reads is provisional.
    """
    guard = _guarding(means)
    by_tier = {
        tier: booked(guard(model), tier, conduct=means.conduct, books=means.books) for tier, model in models.items()
    }
    shortening = None
    if settings.summarise and means.shelf is not None and Tier.CHEAP in by_tier:
        shortening = Shortening(means.prompter, by_tier[Tier.CHEAP], shelf=means.shelf)
    make = partial(_reader, means=means, shortening=shortening)
    rungs = {tier: make(by_tier[tier]) for tier in needed_tiers(settings)}
    reader = _tiers(settings, rungs)
    if other is not None:
        elsewhere = make(booked(guard(other), settings.tier, conduct=means.conduct, books=means.books))
        reader = Fallback(reader, lambda: elsewhere, provisional=False, meter=means.books.meter)
    if local is not None:
        reader = Fallback(reader, local, provisional=True, meter=means.books.meter)
    return Composed(reader, ledger=means.books.ledger)


def _guarding(means: Means) -> Callable[[Model], Breaker]:
    """Makes breakers: one for each model of a provider, whatever tiers it serves."""
    made: dict[tuple[str, str], Breaker] = {}

    def once(model: Model) -> Breaker:
        key = model.provider, model.name
        if key not in made:
            made[key] = guarded(model, conduct=means.conduct, clock=means.books.clock, meter=means.books.meter)
        return made[key]

    return once


def _reader(booked: Booked, *, means: Means, shortening: Shortening | None) -> Reader:
    return LlmReader(booked, means.prompter, parallel=means.conduct.concurrency, shortening=shortening)


def _tiers(settings: ClassifySettings, rungs: Mapping[Tier, Reader]) -> Reader:
    """The readers of the tiers, each with the stronger ones above it where unsure answers escalate."""
    ladder: dict[Tier, Reader] = {}
    above: Reader | None = None
    for tier in (tier for tier in reversed(_LADDER) if tier in rungs):
        reader = rungs[tier]
        if above is not None and settings.escalate_below > 0:
            reader = Cascade(reader, above, below=settings.escalate_below)
        ladder[tier] = above = reader
    if not settings.triage:
        return ladder[settings.tier]
    return Triage({tier: ladder[tier] for tier in TIERS}, lambda conversation: tier_for(conversation, settings))
