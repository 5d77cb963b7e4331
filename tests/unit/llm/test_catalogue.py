import subprocess
import sys
from datetime import date

import pytest

from earshot.domain.call import Tier
from earshot.errors import Misconfigured
from earshot.llm.catalogue import (
    catalogue,
    cliff,
    is_snapshot,
    model_string,
    named,
    retirement,
    retirement_warning,
    thinking_tokens,
)
from earshot.llm.settings import LlmSettings


@pytest.mark.parametrize(
    ("provider", "tier", "expected"),
    [
        ("anthropic", Tier.CHEAP, "anthropic:claude-haiku-5-5"),
        ("anthropic", Tier.STRONG, "anthropic:claude-sonnet-5-5"),
        ("openai", Tier.LABELS, "openai-decisions:gpt-6-luna"),
        ("openai", Tier.MEDIUM, "openai:gpt-6.1-terra"),
        ("google", Tier.CHEAP, "google:gemini-3.5-flash-lite"),
        ("google", Tier.LABELS, "google-decisions:gemini-decision-1"),
    ],
)
def test_each_provider_has_its_usual_models(provider: str, tier: Tier, expected: str) -> None:
    assert model_string(LlmSettings.model_validate({"provider": provider}), tier) == expected


def test_a_model_in_the_settings_wins_and_may_be_of_another_provider() -> None:
    settings = LlmSettings(provider="anthropic", cheap="openai:gpt-6-luna", medium="claude-opus-5-5")
    assert model_string(settings, Tier.CHEAP) == "openai:gpt-6-luna"
    assert model_string(settings, Tier.MEDIUM) == "anthropic:claude-opus-5-5"


def test_a_local_model_with_a_colon_in_its_name_belongs_to_the_compatible_server() -> None:
    settings = LlmSettings(provider="compatible", cheap="qwen3:8b")
    assert model_string(settings, Tier.CHEAP) == "compatible:qwen3:8b"
    assert named("compatible:qwen3:8b").model == "qwen3:8b"


@pytest.mark.parametrize(
    ("settings", "tier", "says"),
    [
        (LlmSettings(provider="anthropic"), Tier.LABELS, "[llm] labels"),
        (LlmSettings(provider="compatible"), Tier.CHEAP, "[llm] cheap"),
        (LlmSettings(), Tier.CHEAP, "[llm] provider"),
    ],
)
def test_a_missing_model_names_the_setting(settings: LlmSettings, tier: Tier, says: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        model_string(settings, tier)
    assert says in raised.value.hint


def test_a_name_without_a_provider_is_refused() -> None:
    with pytest.raises(Misconfigured) as raised:
        named("gpt-6-luna")
    assert "provider:model" in raised.value.hint


def test_last_days_are_told_sixty_days_ahead() -> None:
    assert retirement("openai:gpt-4o-mini") == date(2027, 1, 14)
    assert retirement_warning("openai:gpt-4o-mini", today=date(2026, 11, 14)) is None
    assert "in 60 days" in (retirement_warning("openai:gpt-4o-mini", today=date(2026, 11, 15)) or "")
    assert "was retired" in (retirement_warning("openai:gpt-4o-mini", today=date(2027, 1, 15)) or "")
    assert retirement_warning("anthropic:claude-haiku-5-5", today=date(2026, 11, 24)) is None


def test_dated_snapshots_and_decision_endpoints_share_what_is_known_of_their_model() -> None:
    assert retirement("anthropic:claude-sonnet-4-5-20250929") == date(2026, 11, 30)
    assert retirement("openai:gpt-4o-2024-08-06") == date(2027, 1, 14)
    assert retirement("openai:gpt-4o-audio-preview") is None
    assert cliff("openai-decisions:gpt-6-luna") == 272_000
    assert cliff("anthropic:claude-haiku-5-5") == 100_000
    assert cliff("compatible:qwen3:8b") is None
    assert is_snapshot("claude-3-5-haiku-latest", of="claude-3-5-haiku")
    assert not is_snapshot("gpt-5-mini", of="gpt-5")
    assert not is_snapshot("gpt-5", of="gpt-5")


def test_room_for_thinking_is_left_where_it_cannot_be_switched_off() -> None:
    assert thinking_tokens("anthropic:claude-haiku-5-5") == 0
    assert thinking_tokens("openai:gpt-6.1-sol") > 0
    assert thinking_tokens("openai:a-model-of-tomorrow") > 0
    assert thinking_tokens("openai-decisions:gpt-6-luna") == 0


def test_every_model_named_for_a_tier_is_known() -> None:
    for provider in catalogue().providers.values():
        for text in provider.tiers.values():
            assert named(text).provider in catalogue().providers


def test_the_light_modules_import_no_provider() -> None:
    code = (
        "import sys, earshot.llm.keys, earshot.llm.settings, earshot.llm.catalogue as c;"
        "c.catalogue(); heavy = {'anthropic', 'openai', 'pydantic_ai', 'genai_prices', 'google.genai'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
