import pytest

from earshot.classify.llm.settings import ClassifySettings, TaxonomySettings
from earshot.domain.call import Tier
from earshot.errors import Misconfigured
from earshot.llm.settings import LlmSettings
from earshot.pipeline.money.offers import make_quoting
from earshot.pipeline.money.quotation import name_of
from earshot.pipeline.variants import changed, parse_variant
from earshot.ports.clock import SystemClock


def test_a_variant_names_a_classifier_and_what_is_changed() -> None:
    assert parse_variant(" local ") == {"classifier": "local"}
    assert parse_variant("llm") == {"classifier": "llm"}
    assert parse_variant("llm:template=2, model=openai:gpt-6.1-terra") == {
        "classifier": "llm", "template": "2", "model": "openai:gpt-6.1-terra",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", ":template=2", "local:template=2", "llm:template", "llm:colour=red", "llm:template="]
)
def test_what_names_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Misconfigured) as error:
        parse_variant(text)
    assert "llm:" in error.value.hint


def test_changes_are_checked_like_settings() -> None:
    own = changed(
        ClassifySettings(triage=True), {"classifier": "llm", "template": "2", "reasoning": "true", "tier": "strong"}
    )
    assert (own.template, own.reasoning, own.tier, own.triage) == (2, True, Tier.STRONG, True)
    for wrong in ({"template": "9"}, {"tier": "gold"}, {"escalate_below": "7"}):
        with pytest.raises(Misconfigured, match=next(iter(wrong))):
            changed(ClassifySettings(), wrong)


def test_a_quotation_needs_no_key_and_follows_the_variant() -> None:
    taxonomy, clock = TaxonomySettings(), SystemClock()
    plain = make_quoting(LlmSettings(provider="openai"), ClassifySettings(), taxonomy=taxonomy, clock=clock)
    assert {offer.tier for offer in plain.offers} == set(Tier)
    assert plain.chosen is Tier.CHEAP
    other = make_quoting(
        LlmSettings(provider="openai"),
        ClassifySettings(),
        taxonomy=taxonomy,
        clock=clock,
        overrides={"model": "anthropic:claude-haiku-5-5", "template": "2"},
    )
    cheap = other.offer(Tier.CHEAP)
    assert cheap is not None
    assert name_of(cheap) == "anthropic:claude-haiku-5-5"
    assert other.prompter.prompt_version.startswith("2")
    assert other.prompter.prompt_version != plain.prompter.prompt_version


def test_tiers_without_a_model_are_not_on_offer_but_the_chosen_one_must_be() -> None:
    taxonomy, clock = TaxonomySettings(), SystemClock()
    found = make_quoting(LlmSettings(provider="anthropic"), ClassifySettings(), taxonomy=taxonomy, clock=clock)
    assert found.offer(Tier.LABELS) is None
    with pytest.raises(Misconfigured):
        make_quoting(LlmSettings(), ClassifySettings(), taxonomy=taxonomy, clock=clock)
    with pytest.raises(Misconfigured, match="labels"):
        make_quoting(
            LlmSettings(provider="anthropic"), ClassifySettings(tier=Tier.LABELS), taxonomy=taxonomy, clock=clock
        )
