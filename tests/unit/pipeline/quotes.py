"""Conversations, prices and quotations for tests of estimates."""

from collections.abc import Mapping
from datetime import UTC, datetime

from earshot.classify.llm.prompter import Prompter
from earshot.classify.llm.settings import ClassifySettings, TaxonomySettings
from earshot.domain.call import Cost, Tier, Usage
from earshot.domain.conversation import Author, Conversation, Message
from earshot.llm.settings import LlmSettings
from earshot.pipeline.quoting import Offer, Quoting
from earshot.ports.model import Request

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OFFERS = (
    Offer(Tier.LABELS, "house-decisions", "tiny"),
    Offer(Tier.CHEAP, "house", "small", batches=True),
    Offer(Tier.MEDIUM, "house", "middle", batches=True),
    Offer(Tier.STRONG, "house", "large"),
)


class TablePrices:
    """US dollars per million tokens (input, output) by model; cached input costs a tenth, batches half."""

    def __init__(self, table: Mapping[str, tuple[float, float]]) -> None:
        self._table = table

    def cost(self, provider: str, model: str, *, usage: Usage, batch: bool = False) -> Cost | None:
        if model not in self._table:
            return None
        read, wrote = self._table[model]
        plain = usage.input_tokens - usage.cached_tokens + usage.cached_tokens / 10
        usd = (plain * read + usage.output_tokens * wrote) / 1e6 * (0.5 if batch else 1.0)
        return Cost(usd=usd, price_date=NOW.date())

    def bound(self, provider: str, model: str, *, request: Request, batch: bool = False) -> float | None:
        return None


PRICES = TablePrices({"tiny": (0.1, 0.0), "small": (1.0, 5.0), "middle": (10.0, 50.0), "large": (20.0, 100.0)})


def quoting(
    classify: ClassifySettings | None = None,
    llm: LlmSettings | None = None,
    *,
    prices: TablePrices = PRICES,
    offers: tuple[Offer, ...] = OFFERS,
) -> Quoting:
    """A quotation over the real prompt."""
    own = classify or ClassifySettings()
    prompter = Prompter(own, TaxonomySettings(), now=lambda: NOW)
    return Quoting(prompter, prices, offers, chosen=own.tier, classify=own, llm=llm or LlmSettings())


def talk(name: str, *texts: str) -> Conversation:
    """A conversation of these customer messages."""
    return Conversation(
        source="file",
        external_id=name,
        created_at=NOW,
        updated_at=NOW,
        messages=tuple(
            Message(id=str(number), author=Author.CUSTOMER, text=text, created_at=NOW)
            for number, text in enumerate(texts)
        ),
    )
