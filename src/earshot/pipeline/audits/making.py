"""Making the variants of audits: the reader that settings and changes lead to, without anybody standing in for it.

Fallbacks are left out, as an audit must not score the local model in the name of another; long threads are read
trimmed. Calls are booked with purpose `audit`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from earshot.classify.composing import Means, compose, needed_tiers
from earshot.classify.llm.booking import Books
from earshot.classify.llm.prompter import Prompter
from earshot.classify.llm.settings import ClassifySettings, TaxonomySettings
from earshot.domain.call import Tier
from earshot.llm.settings import LlmSettings
from earshot.pipeline.audits.ledger import AuditLedger
from earshot.pipeline.conduct import conduct_of
from earshot.pipeline.money.offers import make_quoting
from earshot.pipeline.variants import MODEL, Variant, changed
from earshot.ports.model import Model
from earshot.ports.reader import Reader


class Models(Protocol):
    """Where models come from."""

    def tier(self, tier: Tier) -> Model:
        """The model of a tier."""
        ...

    def named(self, model: str) -> Model:
        """A model by `provider:model`."""
        ...


@dataclass(frozen=True)
class LlmVariants:
    """Makes variants that ask a language model; an instance is a `VariantMaker`."""

    llm: LlmSettings
    classify: ClassifySettings
    taxonomy: TaxonomySettings
    models: Callable[[], Models]
    books: Books

    def __call__(self, overrides: Mapping[str, str]) -> Variant:
        """A variant. Its price is known from the settings; a model is made only when it is to read."""
        quoting = make_quoting(
            self.llm, self.classify, taxonomy=self.taxonomy, clock=self.books.clock, overrides=overrides
        )
        return Variant(make_reader=lambda: self._reader(overrides), quoting=quoting)

    def _reader(self, overrides: Mapping[str, str]) -> Reader:
        own = changed(self.classify, overrides)
        chosen = overrides.get(MODEL)
        models = self.models()
        asked = {
            tier: models.named(chosen) if chosen and tier is own.tier else models.tier(tier)
            for tier in needed_tiers(own)
        }
        prompter = Prompter(own, self.taxonomy, now=self.books.clock.now)
        books = replace(self.books, ledger=AuditLedger(self.books.ledger))
        return compose(own, asked, means=Means(prompter, books, conduct_of(self.llm)))
