"""The models that the settings name, made at first use over shared connections."""

import httpx2
from pydantic_ai.models.decision import DecisionModel

from earshot.domain.call import Tier
from earshot.errors import Misconfigured
from earshot.llm.asking import AskingModel
from earshot.llm.batches import ProviderBatches
from earshot.llm.catalogue import Named, model_string, named, provider_entry
from earshot.llm.clients import Clients
from earshot.llm.decisions import DecidingModel
from earshot.llm.keys import LlmKeys
from earshot.llm.prices import ListPrices
from earshot.llm.problems import Asked
from earshot.llm.settings import LlmSettings
from earshot.ports.clock import Clock
from earshot.ports.model import BatchModel, Model, Prices


class Models:
    """Every model by tier or name, and what they cost. Close it at the end."""

    prices: Prices

    def __init__(self, settings: LlmSettings, clients: Clients, *, clock: Clock) -> None:
        self._settings = settings
        self._clients = clients
        self._clock = clock
        self._made: dict[str, Model] = {}
        self.prices = ListPrices(settings, clock=clock)

    def tier(self, tier: Tier) -> Model:
        """The model of a tier. Raises Misconfigured: none named, key missing, no decision endpoint for labels."""
        text = model_string(self._settings, tier)
        decides = provider_entry(named(text).provider).decides
        if decides != (tier is Tier.LABELS):
            wanted = "a decision endpoint" if tier is Tier.LABELS else "a model that writes"
            raise Misconfigured(
                f"{text} is not {wanted}, as tier {tier} needs.", hint=f"Name another model: [llm] {tier}."
            )
        return self._model(text, setting=f"[llm] {tier}")

    def named(self, model: str) -> Model:
        """A model by `provider:model`, such as the fallback."""
        return self._model(str(named(model, default=self._settings.provider)), setting=f"{model!r} in [llm]")

    def batch(self, tier: Tier) -> BatchModel | None:
        """The tier's model for batches; None where its provider takes none."""
        name = named(model_string(self._settings, tier))
        if not provider_entry(name.provider).batches:
            return None
        company = self._clients.of(name.provider)
        asked = Asked(name.provider, name.model, f"[llm] {tier}", company.errors)
        desk = company.desk(asked=asked)
        return ProviderBatches(company.model(name), desk=desk, asked=asked) if desk else None

    async def close(self) -> None:
        """Close all connections."""
        await self._clients.close()

    def _model(self, text: str, *, setting: str) -> Model:
        if text not in self._made:
            self._made[text] = self._make(named(text), setting=setting)
        return self._made[text]

    def _make(self, name: Named, *, setting: str) -> Model:
        company, deadline = self._clients.of(name.provider), self._settings.deadline_seconds
        asked, made = Asked(name.provider, name.model, setting, company.errors), company.model(name)
        if isinstance(made, DecisionModel):
            return DecidingModel(made.decide, asked=asked, deadline=deadline, clock=self._clock)
        return AskingModel(made, asked=asked, deadline=deadline, clock=self._clock)


def make_models(
    settings: LlmSettings, keys: LlmKeys, *, clock: Clock, transport: httpx2.AsyncBaseTransport | None = None
) -> Models:
    """The models of these settings. Nothing is connected, nothing spent, until one is asked."""
    return Models(settings, Clients(settings, keys, transport=transport), clock=clock)
