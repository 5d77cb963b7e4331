"""The models that the settings name, made at first use over shared connections."""

import httpx2
from pydantic_ai.models import Model as AiModel
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.google_decisions import GoogleDecisionsModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.models.openai_decisions import OpenAIDecisionsModel

from earshot.domain.call import Tier
from earshot.errors import Misconfigured
from earshot.llm.anthropic_batches import AnthropicBatches
from earshot.llm.asking import AskingModel
from earshot.llm.batch_desk import BatchDesk
from earshot.llm.batches import ProviderBatches
from earshot.llm.catalogue import Named, model_string, named, provider_entry
from earshot.llm.clients import Clients
from earshot.llm.decisions import Decide, DecidingModel
from earshot.llm.keys import LlmKeys
from earshot.llm.openai_batches import OpenAIBatches
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
        asked = Asked(name.provider, name.model, f"[llm] {tier}")
        desk: BatchDesk
        if name.provider == "anthropic":
            desk = AnthropicBatches(self._clients.anthropic, asked=asked)
        else:
            desk = OpenAIBatches(self._clients.openai, asked=asked)
        return ProviderBatches(self._writing(name), desk=desk, asked=asked)

    async def close(self) -> None:
        """Close all connections."""
        await self._clients.close()

    def _model(self, text: str, *, setting: str) -> Model:
        if text not in self._made:
            name = named(text)
            self._made[text] = self._make(name, asked=Asked(name.provider, name.model, setting))
        return self._made[text]

    def _make(self, name: Named, *, asked: Asked) -> Model:
        deadline = self._settings.deadline_seconds
        if provider_entry(name.provider).decides:
            return DecidingModel(self._deciding(name), asked=asked, deadline=deadline, clock=self._clock)
        return AskingModel(self._writing(name), asked=asked, deadline=deadline, clock=self._clock)

    def _writing(self, name: Named) -> AiModel:
        match name.provider:
            case "anthropic":
                return AnthropicModel(name.model, provider=self._clients.anthropic_provider())
            case "openai":
                return OpenAIResponsesModel(name.model, provider=self._clients.openai_provider())
            case "google":
                return GoogleModel(name.model, provider=self._clients.google_provider())
            case _:
                return OpenAIChatModel(name.model, provider=self._clients.compatible_provider())

    def _deciding(self, name: Named) -> Decide:
        if name.provider == "openai-decisions":
            return OpenAIDecisionsModel(name.model, provider=self._clients.openai_provider()).decide
        return GoogleDecisionsModel(name.model, provider=self._clients.google_provider()).decide


def make_models(
    settings: LlmSettings, keys: LlmKeys, *, clock: Clock, transport: httpx2.AsyncBaseTransport | None = None
) -> Models:
    """The models of these settings. Nothing is connected, nothing spent, until one is asked."""
    return Models(settings, Clients(settings, keys, transport=transport), clock=clock)
