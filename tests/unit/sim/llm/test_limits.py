from datetime import UTC, datetime, timedelta

import pytest

from earshot.sim.llm.limits import Limits
from earshot.sim.llm.settings import SimLlmSettings
from earshot.sim.llm.wire import Refused

START = datetime(2026, 11, 24, tzinfo=UTC)


def _admitted(settings: SimLlmSettings, *, every: float, seconds: float, tokens: int = 10) -> int:
    limits = Limits(settings)
    admitted = 0
    for step in range(int(seconds / every)):
        try:
            limits.take("openai", "gpt-6-luna", tokens=tokens, now=START + timedelta(seconds=step * every))
        except Refused:
            continue
        admitted += 1
    return admitted


def test_over_a_minute_the_limit_and_one_burst_pass() -> None:
    settings = SimLlmSettings(requests_per_minute=600, burst_seconds=10)
    assert _admitted(settings, every=0.01, seconds=60) == pytest.approx(700, abs=2)


def test_who_keeps_the_pace_is_never_refused() -> None:
    assert _admitted(SimLlmSettings(requests_per_minute=600, burst_seconds=1), every=0.1, seconds=60) == 600


def test_tokens_are_what_counts_where_they_are_the_narrower_limit() -> None:
    settings = SimLlmSettings(requests_per_minute=6000, tokens_per_minute=6000, burst_seconds=10)
    assert _admitted(settings, every=0.01, seconds=60, tokens=100) == pytest.approx(70, abs=1)


def test_a_request_larger_than_the_burst_passes_when_nothing_else_was_spent() -> None:
    limits = Limits(SimLlmSettings(tokens_per_minute=600, burst_seconds=10))
    limits.take("anthropic", "claude-haiku-5-5", tokens=500, now=START)
    with pytest.raises(Refused) as caught:
        limits.take("anthropic", "claude-haiku-5-5", tokens=1, now=START)
    wait = int(caught.value.headers["retry-after"])
    limits.take("anthropic", "claude-haiku-5-5", tokens=1, now=START + timedelta(seconds=wait))


def test_models_have_limits_of_their_own_and_without_settings_there_are_none() -> None:
    limits = Limits(SimLlmSettings(requests_per_minute=6, burst_seconds=10))
    limits.take("openai", "gpt-6-luna", tokens=1, now=START)
    limits.take("openai", "gpt-6.1-terra", tokens=1, now=START)
    with pytest.raises(Refused):
        limits.take("openai", "gpt-6-luna", tokens=1, now=START)
    free = Limits(SimLlmSettings())
    assert free.take("openai", "gpt-6-luna", tokens=1, now=START) == {}
    google = Limits(SimLlmSettings(requests_per_minute=60))
    assert google.take("google", "gemini-3.8-flash", tokens=1, now=START) == {}
