"""The embedder that the settings name."""

from collections.abc import Awaitable, Callable

from earshot.classify.llm.booking import Books, booked, guarded
from earshot.domain.call import Tier
from earshot.errors import Misconfigured
from earshot.llm.clients import Clients
from earshot.llm.embedding.companies import embedding_model
from earshot.llm.embedding.known import makers, name_of
from earshot.llm.embedding.local import LocalEmbedder
from earshot.llm.embedding.settings import EmbeddingSettings
from earshot.llm.keys import LlmKeys
from earshot.llm.prices import ListPrices
from earshot.llm.settings import LlmSettings
from earshot.pipeline.conduct import conduct_of
from earshot.pipeline.embedding.booked import BookedEmbedder
from earshot.pipeline.embedding.masking import hidden
from earshot.ports.clock import Clock, RandomIds
from earshot.ports.embedder import Embedder
from earshot.ports.ledger import Ledger
from earshot.ports.meter import Meter, NoMeter

Closers = list[Callable[[], Awaitable[None]]]


def make_embedder(
    settings: EmbeddingSettings,
    llm: LlmSettings,
    *,
    keys: LlmKeys,
    ledger: Ledger,
    clock: Clock,
    closers: Closers,
    clients: Clients | None = None,
    meter: Meter | None = None,
) -> Embedder:
    """A model of a provider, by the book, or one on this machine. Make it once; it keeps its model and its breaker.

    Raises Misconfigured: off, no key, no address, no model at that path, a library that is missing.
    """
    if not settings.provider:
        raise Misconfigured(
            "No embeddings are switched on.",
            hint='Name who makes them: [embeddings] provider = "openai" or "local".',
        )
    if settings.provider == "local":
        return LocalEmbedder(settings)
    own = clients or Clients(_addressed(llm, settings), keys)
    closers.append(own.close)
    model = embedding_model(settings, own, deadline=llm.deadline_seconds, clock=clock)
    conduct = conduct_of(llm)
    measured = meter or NoMeter()
    books = Books(ledger=ledger, prices=ListPrices(llm, clock=clock), clock=clock, ids=RandomIds(), meter=measured)
    return BookedEmbedder(
        booked(
            guarded(model, conduct=conduct, clock=clock, meter=measured), Tier.CHEAP, conduct=conduct, books=books
        ),
        name=name_of(settings),
        prefix=settings.prefix,
        most_texts=min(settings.batch, makers()[settings.provider].most_texts),
        most_characters=settings.most_characters,
        concurrency=settings.concurrency,
        hide=hidden if settings.mask_personal_data else None,
    )


def _addressed(llm: LlmSettings, settings: EmbeddingSettings) -> LlmSettings:
    return llm.model_copy(update={"base_url": settings.base_url}) if settings.base_url else llm
