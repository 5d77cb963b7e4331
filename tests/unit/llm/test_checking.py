from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from earshot.domain.call import Tier
from earshot.llm.checking import Finding, check
from earshot.llm.keys import LlmKeys
from earshot.llm.settings import LlmSettings
from tests.unit.llm.wire import KEYS, SECRET, TestClock, Wire, reply

ANTHROPIC: dict[str, Any] = {"data": [], "has_more": False, "first_id": None, "last_id": None}
LUNA, TERRA, SOL = "gpt-6-luna", "gpt-6.1-terra", "gpt-6.1-sol"


def claude(name: str, *, retires: str | None = None) -> dict[str, Any]:
    return {
        "id": name,
        "type": "model",
        "display_name": name,
        "created_at": "2026-10-21T00:00:00Z",
        "lifecycle": "deprecated" if retires else "active",
        "retires_at": retires,
    }


def gpt(*names: str, shutdown: str | None = None) -> dict[str, Any]:
    models: list[dict[str, Any]] = [
        {"id": name, "object": "model", "created": 1, "owned_by": "o"} for name in names
    ]
    models[0]["shutdown_date"] = shutdown
    return {"object": "list", "data": models}


async def found(
    answer: httpx2.Response | Exception,
    *,
    keys: LlmKeys = KEYS,
    now: datetime | None = None,
    needed: Collection[Tier] = tuple(Tier),
    **settings: Any,
) -> list[Finding]:
    chosen = LlmSettings.model_validate({"base_url": "http://127.0.0.1:9/v1", **settings})
    clock = TestClock(now) if now else TestClock()
    return await check(chosen, keys, clock=clock, needed=needed, transport=httpx2.MockTransport(Wire(answer)))


def of(findings: list[Finding], name: str) -> list[Finding]:
    return [finding for finding in findings if finding.name == name]


async def test_nothing_is_checked_while_nobody_reads() -> None:
    assert await found(reply({})) == []


async def test_all_is_well() -> None:
    findings = await found(reply(gpt(LUNA, TERRA, SOL)), provider="openai")
    assert {finding.ok for finding in findings} == {True}
    assert "batches at half" in of(findings, "openai")[0].text
    assert [finding.name for finding in findings] == [
        "openai",
        "[llm] labels",
        "[llm] cheap",
        "[llm] medium",
        "[llm] strong",
    ]


async def test_a_wrong_key_is_named_and_its_models_are_not_guessed() -> None:
    bad = reply({"error": {"code": "invalid_api_key", "message": SECRET}}, status=401)
    [finding] = await found(bad, provider="openai")
    assert finding.ok is False
    assert "OPENAI_API_KEY" in finding.hint
    assert SECRET not in finding.text


async def test_google_refuses_a_wrong_key_in_its_own_way() -> None:
    bad = reply({"error": {"code": 401, "status": "UNAUTHENTICATED", "message": SECRET}}, status=401)
    finding = of(await found(bad, provider="google", needed=(Tier.CHEAP,)), "google")[0]
    assert finding.ok is False
    assert "GOOGLE_API_KEY" in finding.hint
    assert SECRET not in finding.text


async def test_a_missing_key_is_named() -> None:
    [finding] = await found(reply({}), keys=LlmKeys(), provider="openai")
    assert finding.ok is False
    assert "OPENAI_API_KEY" in finding.text


async def test_a_model_that_is_gone_fails() -> None:
    findings = await found(reply(gpt(LUNA, TERRA)), provider="openai")
    assert [finding.ok for finding in of(findings, "[llm] strong")] == [False]
    assert [finding.ok for finding in of(findings, "[llm] cheap")] == [True]


@pytest.mark.parametrize(
    ("day", "expected"), [(15, [True]), (20, [True, None]), (21, [True, None]), (31, [True, None])]
)
async def test_the_last_day_comes_from_the_provider(day: int, expected: list[bool | None]) -> None:
    listed = gpt(LUNA, TERRA, SOL, shutdown="2026-12-18")
    findings = await found(reply(listed), now=datetime(2026, 10, day, tzinfo=UTC), provider="openai")
    assert [finding.ok for finding in of(findings, "[llm] cheap")] == expected


async def test_a_model_past_its_last_day_fails() -> None:
    answer = {**ANTHROPIC, "data": [claude("claude-haiku-5-5", retires="2026-11-20T00:00:00Z")]}
    findings = await found(reply(answer), provider="anthropic")
    assert [finding.ok for finding in of(findings, "[llm] cheap")] == [True, False]
    assert "2026-11-20" in of(findings, "[llm] cheap")[1].text


async def test_the_catalogue_knows_last_days_that_the_provider_does_not_tell() -> None:
    answer = {**ANTHROPIC, "data": [claude("claude-sonnet-4-5-20250929"), claude("claude-haiku-5-5")]}
    findings = await found(reply(answer), provider="anthropic", strong="anthropic:claude-sonnet-4-5")
    assert [finding.ok for finding in of(findings, "[llm] strong")] == [True, None]


async def test_no_labels_is_worth_knowing_and_breaks_nothing() -> None:
    answer = {**ANTHROPIC, "data": [claude("claude-haiku-5-5"), claude("claude-sonnet-5-5")]}
    findings = await found(reply(answer), needed=(Tier.CHEAP,), provider="anthropic")
    assert [finding.ok for finding in of(findings, "[llm] labels")] == [None]
    assert all(finding.ok for finding in findings if finding.name != "[llm] labels")


async def test_a_local_server_may_answer_to_any_name_and_its_price_is_not_known() -> None:
    findings = await found(reply(gpt("qwen3:8b")), provider="compatible", cheap="qwen3:8b", medium="other")
    assert [finding.ok for finding in of(findings, "[llm] cheap")] == [True, None]
    assert "price" in of(findings, "[llm] cheap")[1].text
    assert of(findings, "[llm] medium")[0].ok is None
    assert of(findings, "[llm] strong")[0].ok is False
    spare = await found(reply(gpt("qwen3:8b")), needed=(Tier.CHEAP,), provider="compatible", cheap="qwen3:8b")
    assert [finding for finding in spare if finding.ok is False] == []


async def test_google_lists_its_models_too() -> None:
    names = ["gemini-3.5-flash-lite", "gemini-3.8-flash", "gemini-4-argon"]
    findings = await found(reply({"models": [{"name": f"models/{name}"} for name in names]}), provider="google")
    assert of(findings, "google")[0].ok is True
    assert [finding.ok for finding in of(findings, "[llm] strong")] == [True]
    assert [finding.ok for finding in of(findings, "[llm] labels")] == [None]


async def test_the_fallback_is_checked_with_its_own_company() -> None:
    findings = await found(reply(gpt(LUNA, TERRA, SOL)), provider="openai", fallback="compatible:qwen3:8b")
    assert {finding.name for finding in findings} >= {"openai", "compatible", "[llm] fallback"}
