"""Metrics of model calls, where the ledger closes them."""

from datetime import UTC, datetime

import pytest

from earshot.domain.call import Call, Outcome, Purpose, Tier, Usage
from earshot.pipeline.reading.measuring import measure
from earshot.telemetry.meter import PrometheusMeter
from tests.unit.telemetry.test_meter import read

USAGE = Usage(input_tokens=100, cached_tokens=60, cache_write_tokens=10, output_tokens=20, reasoning_tokens=5)
WHO = "('provider', 'openai')"


def call(outcome: Outcome = Outcome.OK, **more: object) -> Call:
    values = {
        "id": "c",
        "provider": "openai",
        "model": "small",
        "tier": Tier.CHEAP,
        "purpose": Purpose.CLASSIFY,
        "conversation_id": "42",
        "started_at": datetime(2026, 3, 1, tzinfo=UTC),
        "outcome": outcome,
        "latency_ms": 800,
        **more,
    }
    return Call.model_validate(values)


def measured(*calls: Call) -> dict[str, float]:
    meter = PrometheusMeter(strict=True)
    for one in calls:
        measure(meter, one)
    return {name: value for name, value in read(meter).items() if name.startswith("earshot_llm_") and value}


def test_an_answered_call_counts_with_its_tokens_and_cost() -> None:
    found = measured(call(usage=USAGE, cost_usd=0.002))
    what = "[('model', 'small'), ('operation', 'classify')"
    assert found[f"earshot_llm_requests_total{what}, ('outcome', 'ok'), {WHO}, ('tier', 'cheap')]"] == 1
    assert found[f"earshot_llm_request_duration_seconds_sum{what}, {WHO}, ('tier', 'cheap')]"] == 0.8
    tokens = {name: value for name, value in found.items() if name.startswith("earshot_llm_tokens_total")}
    assert sorted(tokens.values()) == [10, 20, 30, 60]
    assert (
        tokens[f"earshot_llm_tokens_total[('cache', 'none'), ('direction', 'input'), ('model', 'small'), {WHO}]"]
        == 30
    )
    assert found[f"earshot_llm_cost_usd_total[('model', 'small'), {WHO}, ('tier', 'cheap')]"] == pytest.approx(
        0.002
    )
    assert not any(name.startswith("earshot_llm_unpriced") for name in found)


def test_a_price_that_is_unknown_is_counted_not_taken_for_nothing() -> None:
    found = measured(call(usage=USAGE))
    assert found["earshot_llm_unpriced_requests_total[('model', 'small')]"] == 1
    assert not any(name.startswith("earshot_llm_cost") for name in found)


def test_a_call_without_an_answer_has_no_price_to_miss() -> None:
    found = measured(call(Outcome.TIMEOUT))
    assert {name.partition("[")[0] for name in found if "duration" not in name} == {"earshot_llm_requests_total"}


@pytest.mark.parametrize("outcome", [Outcome.STARTED, Outcome.CANCELLED])
def test_what_was_never_sent_is_not_counted(outcome: Outcome) -> None:
    assert measured(call(outcome)) == {}
