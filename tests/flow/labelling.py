"""Labelled conversations, a model that answers by their words, and Earshot on a real store to audit it with."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from earshot.classify.llm.booking import Books
from earshot.classify.llm.settings import ClassifySettings, TaxonomySettings
from earshot.domain.call import Call, Outcome, Tier, Usage
from earshot.llm.prices import ListPrices
from earshot.llm.settings import LlmSettings, PriceSettings
from earshot.pipeline.audits.making import LlmVariants
from earshot.pipeline.reading.ledger import Limits, StoreLedger
from earshot.ports.clock import RandomIds, SystemClock
from earshot.ports.model import Answer, Model, Request, Unanswered
from earshot.ports.store import Store

TALKS = {
    "b1": ("BILLING", "I was charged twice for my subscription this month, please refund one payment."),
    "b2": ("BILLING", "My invoice shows the wrong amount and I want a refund of the payment."),
    "b3": ("BILLING", "Why was my card charged after I cancelled the subscription payment?"),
    "p1": ("PRODUCT_BUG", "The export crashes with error 500 every time I click the button."),
    "p2": ("PRODUCT_BUG", "The app crashes when I open the report, it is broken since Monday."),
    "f1": ("FEATURE_REQUEST", "It would be great if you could add a dark mode to the app please."),
}
MODEL = "openai:house-small"
OTHER = "openai:house-large"
PRICE = PriceSettings(input=1.0, output=5.0)
LLM = LlmSettings(provider="openai", cheap=MODEL, prices={MODEL: PRICE, OTHER: PRICE})
USAGE = Usage(input_tokens=1000, output_tokens=100)


def lines(path: Path, *, with_text: bool = True, prefix: str = "", pairs: bool = False) -> Path:
    """A label file of all talks."""
    rows: list[dict[str, Any]] = []
    for name, (issue, text) in TALKS.items():
        label = {"issue_type": issue, "sentiment": "NEGATIVE"}
        row: dict[str, Any] = {"id": prefix + name}
        row |= {"label_a": label, "label_b": {**label, "sentiment": "NEUTRAL"}} if pairs else label
        if with_text:
            row["messages"] = [{"author": "customer", "text": text}]
        rows.append(row)
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def talks(path: Path) -> Path:
    """The same conversations without labels, to be imported."""
    rows = [{"id": name, "messages": [{"author": "customer", "text": text}]} for name, (_, text) in TALKS.items()]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def says(issue: str) -> str:
    """A template 3 answer of this issue type."""
    finding = {"summary": "A matter", "issue_type": issue, "affected_feature": None, "quote": None, "message": None}
    return json.dumps(
        {
            "findings": [finding], "priority": "MEDIUM", "sentiment": "NEGATIVE", "sentiment_score": -0.4,
            "churn_risk": "LOW", "recommended_action": "ROUTINE", "confidence": "LIKELY",
            "contains_instructions": False,
        }
    )  # fmt: skip


def knows(request: Request) -> str:
    """The right answer for a talk, found by its words."""
    if "charged" in request.content or "invoice" in request.content:
        return says("BILLING")
    return says("PRODUCT_BUG" if "crashes" in request.content else "FEATURE_REQUEST")


@dataclass
class House:
    """A model whose answers are a function of the request; None: no answer."""

    answer: Callable[[Request], str | None] = knows
    provider: str = "openai"
    name: str = "house-small"
    asked: list[Request] = field(default_factory=list[Request])

    async def ask(self, request: Request) -> Answer:
        self.asked.append(request)
        text = self.answer(request)
        if text is None:
            raise Unanswered("the connection broke", outcome=Outcome.LOST, lost=True)
        return Answer(text=text, usage=USAGE, model=self.name, latency_ms=700)


@dataclass
class Houses:
    """Where models come from: one for every tier, and another (or the same) for a name."""

    model: House
    other: House | None = None

    def tier(self, tier: Tier) -> Model:
        return self.model

    def named(self, model: str) -> Model:
        return self.other or self.model


def variants(
    store: Store,
    model: House,
    *,
    other: House | None = None,
    classify: ClassifySettings | None = None,
    llm: LlmSettings = LLM,
    run_budget_usd: float | None = None,
) -> LlmVariants:
    """Variants over a real ledger and the given model."""
    clock = SystemClock()
    ledger = StoreLedger(store, limits=Limits(run_budget_usd=run_budget_usd), zone=ZoneInfo("UTC"), clock=clock)
    books = Books(ledger=ledger, prices=ListPrices(llm, clock=clock), clock=clock, ids=RandomIds())
    return LlmVariants(
        llm, classify or ClassifySettings(), TaxonomySettings(), models=lambda: Houses(model, other), books=books
    )


async def calls(store: Store) -> list[Call]:
    """The whole ledger."""
    async with store.unit() as unit:
        return [call async for batch in unit.calls.export() for call in batch]
