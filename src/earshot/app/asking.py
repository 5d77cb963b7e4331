"""Wiring of what asks language models, made on first use and shared."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from earshot.errors import Misconfigured
from earshot.llm.keys import LlmKeys
from earshot.ports.clock import Clock, RandomIds
from earshot.ports.meter import Meter, NoMeter
from earshot.ports.progress import Progress
from earshot.ports.store import Store
from earshot.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from earshot.classify.llm.booking import Booked, Books
    from earshot.classify.llm.prompter import Prompter
    from earshot.domain.call import Purpose, Tier
    from earshot.llm.models import Models
    from earshot.pipeline.llm_parts import LlmParts
    from earshot.pipeline.reading.ledger import StoreLedger
    from earshot.pipeline.tasks import Tasks
    from earshot.pipeline.variants import Variant
    from earshot.ports.embedder import Embedder
    from earshot.ports.reader import Reader

CLASSIFIERS = ("auto", "local", "llm")
"""Who can read: auto is the best configured, local the model in the package, llm the provider of the settings."""


def make_reader(settings: Settings, name: str, *, asking: "Asking") -> "Reader":
    """The classifier of that name."""
    from earshot.classify.local import LocalReader

    if name not in CLASSIFIERS:
        raise Misconfigured(f"There is no classifier {name!r}.", hint=f"Choose one of: {', '.join(CLASSIFIERS)}.")
    if name == "local" or (name == "auto" and not settings.llm.provider):
        return LocalReader(settings.local)
    return asking.reader((lambda: LocalReader(settings.local)) if settings.llm.fallback_local else None)


def make_first_reader(settings: Settings, *, asking: "Asking") -> "Reader":
    """Who judges first in real time; see `[realtime] reader`."""
    wanted = settings.realtime.reader
    if wanted == "full":
        return make_reader(settings, "auto", asking=asking)
    if wanted == "local" or (wanted == "auto" and not asking.has_labels_tier):
        return make_reader(settings, "local", asking=asking)
    return asking.first_reader()


class Asking:
    """What asking language models takes, made on first use and shared: connections, ledger, prompts."""

    def __init__(
        self,
        settings: Settings,
        keys: LlmKeys,
        *,
        store: Store,
        clock: Clock,
        progress: Progress,
        closers: list[Callable[[], Awaitable[None]]],
        meter: Meter | None = None,
    ) -> None:
        self._settings = settings
        self._meter = meter or NoMeter()
        self._keys = keys
        self._store = store
        self._clock = clock
        self._progress = progress
        self._closers = closers
        self._tasking: dict[Tier, Booked] = {}

    @cached_property
    def models(self) -> "Models":
        """The models of the settings; nothing is connected before one is asked."""
        from earshot.classify.composing import needed_tiers
        from earshot.llm.catalogue import model_string, retirement_warning
        from earshot.llm.models import make_models

        today = self._clock.now().date()
        names = {model_string(self._settings.llm, tier) for tier in needed_tiers(self._settings.classify)}
        for name in sorted(names):
            if warning := retirement_warning(name, today=today):
                self._progress.say(f"{warning} Name another model in [llm].")
        models = make_models(self._settings.llm, self._keys, clock=self._clock)
        self._closers.append(models.close)
        return models

    @cached_property
    def ledger(self) -> "StoreLedger":
        """The ledger of this process."""
        from earshot.pipeline.reading.ledger import Limits, StoreLedger

        llm = self._settings.llm
        limits = Limits(
            requests_per_minute=llm.requests_per_minute,
            tokens_per_minute=llm.tokens_per_minute,
            run_budget_usd=llm.run_budget_usd,
            day_budget_usd=llm.day_budget_usd,
        )
        zone = ZoneInfo(self._settings.report.timezone)
        return StoreLedger(self._store, limits=limits, zone=zone, clock=self._clock, meter=self._meter)

    @cached_property
    def prompter(self) -> "Prompter":
        """The prompt of the settings."""
        from earshot.classify.llm.prompter import Prompter

        return Prompter(self._settings.classify, self._settings.taxonomy, now=self._clock.now)

    @property
    def books(self) -> "Books":
        """What it takes to book calls."""
        from earshot.classify.llm.booking import Books

        return Books(
            ledger=self.ledger,
            prices=self.models.prices,
            clock=self._clock,
            ids=RandomIds(),
            meter=self._meter,
        )

    def reader(self, local: "Callable[[], Reader] | None") -> "Reader":
        """The reader of the settings: tiers, cascade and who stands in."""
        from earshot.classify.composing import Means, compose, needed_tiers
        from earshot.pipeline.conduct import conduct_of
        from earshot.pipeline.reading.summaries import StoredSummaries

        llm, classify = self._settings.llm, self._settings.classify
        self._check()
        return compose(
            classify,
            {tier: self.models.tier(tier) for tier in needed_tiers(classify)},
            means=Means(self.prompter, self.books, conduct_of(llm), StoredSummaries(self._store)),
            other=self.models.named(llm.fallback) if llm.fallback else None,
            local=local,
        )

    @property
    def has_labels_tier(self) -> bool:
        """Whether the settings lead to a decision endpoint."""
        from earshot.domain.call import Tier
        from earshot.llm.catalogue import model_string

        try:
            return bool(model_string(self._settings.llm, Tier.LABELS))
        except Misconfigured:
            return False

    def first_reader(self) -> "Reader":
        """The decision endpoint as a reader: one try within `[realtime] label_seconds`, nobody in its place."""
        from earshot.classify.composing import Means, compose
        from earshot.domain.call import Tier
        from earshot.pipeline.conduct import conduct_of

        self._check()
        conduct = replace(
            conduct_of(self._settings.llm), attempts=1, deadline_seconds=self._settings.realtime.label_seconds
        )
        alone = {"tier": Tier.LABELS, "triage": False, "escalate_below": 0.0, "summarise": False}
        return compose(
            self._settings.classify.model_copy(update=alone),
            {Tier.LABELS: self.models.tier(Tier.LABELS)},
            means=Means(self.prompter, self.books, conduct),
        )

    def parts(self) -> "LlmParts":
        """What batches, estimates and consent need."""
        from earshot.pipeline.llm_parts import LlmParts

        llm, tier = self._settings.llm, self._settings.classify.tier
        self._check()
        return LlmParts(
            prompter=self.prompter,
            model=self.models.tier(tier),
            batch=self.models.batch(tier),
            prices=self.models.prices,
            ledger=self.ledger,
            tier=tier,
            attempts=llm.attempts,
            run_budget_usd=llm.run_budget_usd,
            day_budget_usd=llm.day_budget_usd,
            most_per_run=llm.most_per_run,
            zone=self._settings.report.timezone,
        )

    def tasks(self) -> "Tasks":
        """Who compares, names, estimates and drafts: the tiers of `[group]` and `[prioritise]`."""
        from earshot.pipeline.tasks import Tasks
        from earshot.pipeline.tasks.tasks import Wording

        self._check()
        settings = self._settings
        wording = Wording(product=settings.taxonomy.product, masking=settings.classify.mask_personal_data)
        return Tasks(
            store=self._store,
            booker=self._booked,
            clock=self._clock,
            progress=self._progress,
            wording=wording,
            concurrency=min(settings.llm.concurrency, 16),
        )

    @cached_property
    def embedder(self) -> "Embedder":
        """Who makes vectors of findings."""
        from earshot.pipeline.embedding.making import make_embedder

        return make_embedder(
            self._settings.embeddings,
            self._settings.llm,
            keys=self._keys,
            ledger=self.ledger,
            clock=self._clock,
            closers=self._closers,
            meter=self._meter,
        )

    def _booked(self, purpose: "Purpose") -> "Booked":
        from earshot.domain.call import Purpose, Tier

        settings = self._settings
        of = settings.group if purpose in {Purpose.ADJUDICATE, Purpose.NAME} else settings.prioritise
        tier = Tier(of.tier)
        if tier not in self._tasking:
            self._tasking[tier] = self._guarded(tier)
        return self._tasking[tier]

    def _guarded(self, tier: "Tier") -> "Booked":
        from earshot.classify.llm.booking import booked, guarded
        from earshot.pipeline.conduct import conduct_of

        conduct = conduct_of(self._settings.llm)
        model = guarded(self.models.tier(tier), conduct=conduct, clock=self._clock, meter=self._meter)
        return booked(model, tier, conduct=conduct, books=self.books)

    def variant(self, overrides: "Mapping[str, str]") -> "Variant":
        """A classifier as an audit names it."""
        from earshot.classify.local import LocalReader
        from earshot.pipeline.audits.making import LlmVariants
        from earshot.pipeline.variants import CLASSIFIER, Variant

        name = overrides.get(CLASSIFIER, "auto")
        if name not in CLASSIFIERS:
            raise Misconfigured(
                f"There is no classifier {name!r}.", hint=f"Choose one of: {', '.join(CLASSIFIERS)}."
            )
        settings = self._settings
        if name == "local" or (name == "auto" and not settings.llm.provider):
            return Variant(make_reader=lambda: LocalReader(settings.local))
        variants = LlmVariants(
            settings.llm, settings.classify, settings.taxonomy, models=lambda: self.models, books=self.books
        )
        return variants(overrides)

    def _check(self) -> None:
        if not self._settings.llm.provider:
            raise Misconfigured(
                "No language model is switched on.",
                hint="Name who reads: [llm] provider = anthropic, openai, google or compatible.",
            )
