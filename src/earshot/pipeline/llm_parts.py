"""The parts that reading with a language model needs, chosen by `app` and handed in."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earshot.domain.call import Tier
from earshot.ports.ledger import Ledger
from earshot.ports.model import BatchModel, Model, Prices

if TYPE_CHECKING:  # prompts cost time to import, and a local run needs none
    from earshot.classify.llm.prompter import Prompter


@dataclass(frozen=True)
class LlmParts:
    """Who reads, with which prompt, at what price.

    `model` and `batch` are those of `tier`; `batch` is None where the provider takes no batches. `name` is the
    classifier's name in insights. `zone` is the time zone in which a day of the budget begins.
    """

    prompter: "Prompter"
    model: Model
    batch: BatchModel | None
    prices: Prices
    ledger: Ledger
    tier: Tier = Tier.CHEAP
    name: str = "llm"
    attempts: int = 3
    run_budget_usd: float | None = None
    day_budget_usd: float | None = None
    most_per_run: int | None = None
    zone: str = "UTC"
