"""The wiring: build(settings) makes the parts; the only place that chooses them.

Parts that cost time to import are imported when they are chosen, so that a command pays only for what it uses.
"""

import getpass
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from earshot.connectors.registry import INTERCOM, TOOLS, WEBHOOK
from earshot.connectors.toolbox import Toolbox, Wanted
from earshot.errors import Misconfigured
from earshot.llm.keys import LlmKeys
from earshot.pipeline.directory import StoredDirectory
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.parts import Parts
from earshot.pipeline.quota import Quota, parse_hours
from earshot.ports.clock import Clock, RandomIds, SystemClock
from earshot.ports.progress import Progress, Silent
from earshot.ports.store import Store
from earshot.settings import Secrets, Settings
from earshot.store.settings import StoreSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from earshot.classify.llm.booking import Booked, Books
    from earshot.classify.llm.prompter import Prompter
    from earshot.decide.rules import Rules
    from earshot.domain.call import Purpose, Tier
    from earshot.llm.models import Models
    from earshot.pipeline.llm_parts import LlmParts
    from earshot.pipeline.reading.ledger import StoreLedger
    from earshot.pipeline.tasks import Tasks
    from earshot.pipeline.variants import Variant
    from earshot.ports.embedder import Embedder
    from earshot.ports.reader import Reader
    from earshot.ports.source import BadEntry, Fetched, Source
    from earshot.store import PostgresStore

CLASSIFIERS = ("auto", "local", "llm")
"""Who can read: auto is the best configured, local the model in the package, llm the provider of the settings."""


async def build(
    settings: Settings,
    *,
    secrets: Secrets | None = None,
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> Earshot:
    """Open the store and put the parts together. Close the result, or use it with `async with`."""
    known = secrets or Secrets.load(also=settings.secret_names)
    time = clock or SystemClock()
    store = await open_database(settings, known, clock=time)
    closers: list[Callable[[], Awaitable[None]]] = []
    asking = Asking(settings, known.llm, store=store, clock=time, progress=progress or Silent(), closers=closers)
    tools = Toolbox(wanted_tools(settings), known.of_tools, clock=time, closers=closers)
    return Earshot(
        Parts(
            store=store,
            make_source=lambda: make_source(settings, known, store=store, clock=time, closers=closers),
            make_reader=lambda name: make_reader(settings, name, asking=asking),
            make_rules=lambda: make_rules(settings),
            read_file=lambda path, now: read_file(settings, path, now=now),
            pull=settings.pull,
            group=settings.group,
            report=settings.report,
            quota=make_quota(settings),
            make_llm=asking.parts if settings.llm.provider else None,
            make_variant=asking.variant,
            prioritise=settings.prioritise,
            make_tasks=asking.tasks if settings.llm.provider else None,
            make_embedder=(lambda: asking.embedder) if settings.embeddings.provider else None,
            act=settings.act,
            make_tools=tools,
            dry_tools=tools.dry,
            actor=who(),
            clock=time,
            progress=progress or Silent(),
            closers=closers,
        )
    )


def who() -> str:
    """Who acts: the name of the account that runs this."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "person"


async def open_database(settings: Settings, secrets: Secrets, *, clock: Clock) -> "PostgresStore":
    """The database of the settings: `DATABASE_URL` where there is one, otherwise the embedded one."""
    from earshot.store import open_store

    return await open_store(store_settings(settings, secrets), clock=clock)


def store_settings(settings: Settings, secrets: Secrets) -> StoreSettings:
    """What the store must know."""
    return StoreSettings(
        database_url=secrets.database_url,
        data_dir=settings.data_dir,
        retention_days=settings.database.retention_days,
        allow_foreign=settings.database.allow_foreign,
    )


def make_source(
    settings: Settings,
    secrets: Secrets,
    *,
    store: Store,
    clock: Clock,
    closers: list[Callable[[], Awaitable[None]]],
) -> "Source":
    """The source of conversations that the settings name."""
    from earshot.connectors.intercom.source import IntercomSource

    if secrets.intercom_token is None:
        raise Misconfigured(
            "There is no Intercom access token.",
            hint="Set INTERCOM_ACCESS_TOKEN (Intercom: Developer Hub, your app, Authentication). "
            "To try Earshot without an account: earshot demo. To read files: earshot import FILE.",
        )
    source = IntercomSource(
        settings.intercom,
        secrets.intercom_token.get_secret_value(),
        clock=clock,
        directory=StoredDirectory(store),
    )
    closers.append(source.close)
    return source


def read_file(settings: Settings, path: Path, *, now: datetime) -> "Iterator[Fetched | BadEntry]":
    """The conversations of a file."""
    from earshot.connectors.jsonl import read_file

    return read_file(path, now=now, settings=settings.intercom)


def make_reader(settings: Settings, name: str, *, asking: "Asking") -> "Reader":
    """The classifier of that name."""
    from earshot.classify.local import LocalReader

    if name not in CLASSIFIERS:
        raise Misconfigured(f"There is no classifier {name!r}.", hint=f"Choose one of: {', '.join(CLASSIFIERS)}.")
    if name == "local" or (name == "auto" and not settings.llm.provider):
        return LocalReader(settings.local)
    return asking.reader((lambda: LocalReader(settings.local)) if settings.llm.fallback_local else None)


def make_quota(settings: Settings) -> Quota:
    """How much a run may read, and when."""
    zone = ZoneInfo(settings.report.timezone)
    return Quota(most=settings.llm.most_per_run, hours=parse_hours(settings.llm.windows), zone=zone)


def wanted_tools(settings: Settings) -> list[Wanted]:
    """The destinations that the settings switch on."""
    of = settings.intercom
    source = Wanted(INTERCOM.name, INTERCOM.place, of, of.write, INTERCOM.secrets)
    sections = [(entry, getattr(settings, entry.name)) for entry in TOOLS]
    named = [Wanted(entry.name, entry.place, section, section, entry.secrets) for entry, section in sections]
    hooks = [Wanted(f"webhook:{hook.name}", WEBHOOK, hook, hook, hook.secrets) for hook in settings.webhooks]
    return [one for one in (source, *named, *hooks) if one.switch.enabled]


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
    ) -> None:
        self._settings = settings
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
        return StoreLedger(self._store, limits=limits, zone=zone, clock=self._clock)

    @cached_property
    def prompter(self) -> "Prompter":
        """The prompt of the settings."""
        from earshot.classify.llm.prompter import Prompter

        return Prompter(self._settings.classify, self._settings.taxonomy, now=self._clock.now)

    @property
    def books(self) -> "Books":
        """What it takes to book calls."""
        from earshot.classify.llm.booking import Books

        return Books(ledger=self.ledger, prices=self.models.prices, clock=self._clock, ids=RandomIds())

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
        model = guarded(self.models.tier(tier), conduct=conduct, clock=self._clock)
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


def make_rules(settings: Settings) -> "Rules":
    """The rules in force: the chosen packs and the settings' own."""
    from earshot.decide.packs import chosen
    from earshot.decide.rules import load_rules

    return load_rules(chosen(settings.decide))


async def fresh_folder(folder: Path) -> None:
    """Throw away the embedded database of a folder, if there is one."""
    from earshot.store.embedded.server import discard

    await discard(folder, clock=SystemClock())


async def backup(settings: Settings, file: Path) -> dict[str, int]:
    """Write the whole database into a file; rows by table."""
    from earshot.store import write_backup

    return await write_backup(store_settings(settings, Secrets.load()), file, clock=SystemClock())


async def restore(settings: Settings, file: Path, *, replace: bool) -> dict[str, int]:
    """Bring a backup back, all or nothing; rows by table."""
    from earshot.store import read_backup

    return await read_backup(store_settings(settings, Secrets.load()), file, replace=replace, clock=SystemClock())
