"""What it takes to say a price before anything is spent: the real prompt, the price list, and who is on offer."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from earshot.classify.llm.settings import ClassifySettings
from earshot.domain.call import Tier
from earshot.llm.settings import LlmSettings
from earshot.pipeline.llm_parts import LlmParts
from earshot.ports.model import Prices

if TYPE_CHECKING:  # prompts cost time to import, and a local run needs none
    from earshot.classify.llm.prompter import Prompter


@dataclass(frozen=True)
class Offer:
    """A model that can be asked. `batches`: its provider takes batches of requests."""

    tier: Tier
    provider: str
    model: str
    batches: bool = False


@dataclass(frozen=True)
class Quoting:
    """Everything an estimate is made from; no key, no connection. `chosen` is the tier that reads."""

    prompter: "Prompter"
    prices: Prices
    offers: tuple[Offer, ...]
    chosen: Tier = Tier.CHEAP
    classify: ClassifySettings = field(default_factory=ClassifySettings)
    llm: LlmSettings = field(default_factory=LlmSettings)

    @classmethod
    def of(cls, parts: LlmParts) -> Self:
        """A quotation for the one model that is going to read."""
        offer = Offer(parts.tier, parts.model.provider, parts.model.name, batches=parts.batch is not None)
        limits = LlmSettings(run_budget_usd=parts.run_budget_usd, day_budget_usd=parts.day_budget_usd)
        return cls(parts.prompter, parts.prices, (offer,), chosen=parts.tier, llm=limits)

    def offer(self, tier: Tier) -> Offer | None:
        """The model of a tier."""
        return next((one for one in self.offers if one.tier is tier), None)
