"""Quotations from settings alone: no key, no connection, so that a price can be asked before anything is set up."""

from collections.abc import Mapping

from earshot.classify.llm.prompter import Prompter
from earshot.classify.llm.settings import ClassifySettings, TaxonomySettings
from earshot.domain.call import Tier
from earshot.errors import Misconfigured
from earshot.llm.catalogue import model_string, named, provider_entry
from earshot.llm.prices import ListPrices
from earshot.llm.settings import LlmSettings
from earshot.pipeline.quoting import Offer, Quoting
from earshot.pipeline.variants import MODEL, changed
from earshot.ports.clock import Clock


def make_quoting(
    llm: LlmSettings,
    classify: ClassifySettings,
    *,
    taxonomy: TaxonomySettings,
    clock: Clock,
    overrides: Mapping[str, str] | None = None,
) -> Quoting:
    """What the settings offer, a variant's changes included. Raises Misconfigured where nobody is named to read."""
    own = changed(classify, overrides or {})
    models = with_model(llm, own.tier, overrides=overrides or {})
    offers = [offer for tier in Tier if (offer := _offer(models, tier, needed=tier is own.tier)) is not None]
    return Quoting(
        prompter=Prompter(own, taxonomy, now=clock.now),
        prices=ListPrices(models, clock=clock),
        offers=tuple(offers),
        chosen=own.tier,
        classify=own,
        llm=models,
    )


def with_model(llm: LlmSettings, tier: Tier, *, overrides: Mapping[str, str]) -> LlmSettings:
    """The settings with a variant's model in the place of the tier's."""
    model = overrides.get(MODEL)
    return llm.model_copy(update={tier.value: model}) if model else llm


def _offer(llm: LlmSettings, tier: Tier, *, needed: bool) -> Offer | None:
    """The model of a tier, None where none is named and none is usual."""
    try:
        name = named(model_string(llm, tier))
    except Misconfigured:
        if needed:
            raise
        return None
    return Offer(tier, name.provider, name.model, batches=provider_entry(name.provider).batches)
