import pytest
from pydantic import SecretStr

from earshot.domain.call import Tier
from earshot.errors import Misconfigured
from earshot.llm.keys import LlmKeys
from earshot.llm.models import make_models
from earshot.llm.settings import LlmSettings
from tests.unit.llm.wire import ASKED, TestClock, Wire, message, reply, response


async def test_a_model_is_made_once_and_only_when_asked_for() -> None:
    models = make_models(LlmSettings(provider="anthropic"), LlmKeys(), clock=TestClock())
    with pytest.raises(Misconfigured) as raised:
        models.tier(Tier.CHEAP)
    assert "ANTHROPIC_API_KEY" in str(raised.value)
    await models.close()
    keyed = make_models(LlmSettings(provider="anthropic"), LlmKeys(anthropic=SecretStr("k")), clock=TestClock())
    assert keyed.tier(Tier.MEDIUM) is keyed.tier(Tier.STRONG)
    await keyed.close()


async def test_a_fallback_is_asked_by_name() -> None:
    wire = Wire(reply(message()), reply(response()))
    models = wire.models(provider="anthropic")
    await models.tier(Tier.CHEAP).ask(ASKED)
    other = models.named("openai:gpt-6-luna")
    assert (other.provider, other.name) == ("openai", "gpt-6-luna")
    await other.ask(ASKED)
    await models.close()
    assert [request.url.host for request in wire.requests] == ["api.anthropic.com", "api.openai.com"]


async def test_batches_are_for_those_who_take_them() -> None:
    wire = Wire(reply(message()))
    for provider, most in (("anthropic", 100_000), ("openai", 50_000)):
        batch = wire.models(provider=provider).batch(Tier.CHEAP)
        assert batch is not None
        assert (batch.provider, batch.most_requests) == (provider, most)
        assert batch.most_bytes >= 200_000_000
    assert wire.models(provider="google").batch(Tier.CHEAP) is None
    assert wire.models(provider="compatible", cheap="qwen3:8b").batch(Tier.CHEAP) is None


def test_a_compatible_server_needs_its_address() -> None:
    models = make_models(LlmSettings(provider="compatible", cheap="qwen3:8b"), LlmKeys(), clock=TestClock())
    with pytest.raises(Misconfigured) as raised:
        models.tier(Tier.CHEAP)
    assert "[llm] base_url" in raised.value.hint


async def test_latency_is_measured_by_the_clock_handed_in() -> None:
    clock = TestClock()

    def slow(_request: object) -> object:
        clock.ticks += 0.25
        return reply(message())

    models = Wire(slow).models(clock, provider="anthropic")  # pyright: ignore[reportArgumentType]
    answer = await models.tier(Tier.CHEAP).ask(ASKED)
    await models.close()
    assert answer.latency_ms == 250
