"""What is known about providers and their models, read from models.toml. Light: imports no provider's package."""

import tomllib
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import NamedTuple

from pydantic import Field

from earshot.domain.call import Tier
from earshot.domain.model import Noun
from earshot.errors import Misconfigured
from earshot.llm.settings import LlmSettings, PriceSettings

WARN_BEFORE = timedelta(days=60)
"""How long before a model's last day its users are told."""

UNKNOWN_THINKING = 2048
"""Tokens of thinking to allow for in a model that nobody described here; at most they are paid as output."""


class Named(NamedTuple):
    """A model of a provider; as text `provider:model`."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"


class ProviderEntry(Noun):
    """A company's endpoint. `decides`: it answers closed questions only."""

    key: str
    base_url: str = ""
    batches: bool = False
    decides: bool = False
    tiers: dict[Tier, str] = {}


class ModelEntry(Noun):
    """A model; see models.toml for what the fields mean."""

    thinks: int = UNKNOWN_THINKING
    cliff: int | None = None
    retires: date | None = None
    price: PriceSettings | None = None


class Catalogue(Noun):
    """The whole of models.toml."""

    as_of: date
    price_dates: dict[str, date]
    providers: dict[str, ProviderEntry]
    models: dict[str, ModelEntry] = Field(default_factory=dict[str, ModelEntry])


@cache
def catalogue() -> Catalogue:
    """The catalogue of this release."""
    text = resources.files("earshot.llm").joinpath("models.toml").read_text("utf-8")
    return Catalogue.model_validate(tomllib.loads(text))


def model_string(settings: LlmSettings, tier: Tier) -> str:
    """The model of a tier as `provider:model`. Raises Misconfigured where none is named and none is usual."""
    chosen = str(getattr(settings, tier.value))
    if chosen:
        return str(named(chosen, default=settings.provider))
    if not settings.provider:
        raise Misconfigured(
            "No language model is switched on.", hint='Choose who reads: [llm] provider = "anthropic" or "openai".'
        )
    usual = catalogue().providers[settings.provider].tiers.get(tier)
    if usual is None:
        raise Misconfigured(f"{settings.provider} has no usual model for tier {tier}.", hint=_naming(tier))
    return usual


def named(text: str, *, default: str = "") -> Named:
    """Split `provider:model`. A name without a known provider belongs to `default` (local names hold colons)."""
    provider, colon, model = text.partition(":")
    if colon and model and provider in catalogue().providers:
        return Named(provider, model)
    if default:
        return Named(default, text)
    known = ", ".join(sorted(catalogue().providers))
    raise Misconfigured(f"{text!r} names no provider.", hint=f"Write provider:model; providers are {known}.")


def entry(model: str) -> ModelEntry:
    """What is known about `provider:model`; decision endpoints and dated snapshots share their model's dates."""
    known = catalogue().models
    if model in known:
        return known[model]
    name = named(model)
    if name.provider == "compatible":
        return ModelEntry()
    plain = f"{name.provider.removesuffix('-decisions')}:{name.model}"
    matching = [key for key in known if plain == key or is_snapshot(plain, of=key)]
    return known[max(matching, key=len)] if matching else ModelEntry()


def provider_entry(provider: str) -> ProviderEntry:
    """What is known about a provider."""
    return catalogue().providers[provider]


def retirement(model: str) -> date | None:
    """The announced last day of `provider:model`, None when none is known."""
    return entry(model).retires


def cliff(model: str) -> int | None:
    """The prompt size in tokens above which `provider:model` costs a multiple, None when there is none."""
    return entry(model).cliff


def thinking_tokens(model: str) -> int:
    """Tokens of thinking that `provider:model` may write although it is told not to think."""
    name = named(model)
    return 0 if provider_entry(name.provider).decides else entry(model).thinks


def retirement_warning(model: str, *, today: date) -> str | None:
    """What to tell a user of a model that ends within WARN_BEFORE, or has ended."""
    last = retirement(model)
    if last is None or today < last - WARN_BEFORE:
        return None
    if today > last:
        return f"{model} was retired on {last:%Y-%m-%d}."
    return f"{model} will be retired on {last:%Y-%m-%d}, in {(last - today).days} days."


def is_snapshot(model: str, *, of: str) -> bool:
    """Whether the name is a dated snapshot of another: name-20251001, name-2025-10-01, name-latest, name@date."""
    rest = model.removeprefix(of)
    if rest == model or rest[:1] not in {"-", "@"}:
        return False
    tail = rest[1:].replace("-", "")
    return tail == "latest" or (tail.isdigit() and len(tail) >= 6)


def _naming(tier: Tier) -> str:
    if tier is Tier.LABELS:
        ours = [text for each in catalogue().providers.values() if (text := each.tiers.get(Tier.LABELS))]
        return f"Labels come from a decision endpoint: name one in [llm] labels, such as {' or '.join(ours)}."
    return f"Name the model in [llm] {tier}."
