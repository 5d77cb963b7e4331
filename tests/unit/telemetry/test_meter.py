"""The meter: what Prometheus reads, bounded labels, spans without content."""

import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as some
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from earshot.ports.meter import Meter, NoMeter
from earshot.telemetry.meter import PrometheusMeter
from earshot.telemetry.names import METRICS, Kind
from earshot.telemetry.series import MOST, OTHER, Series

TEXT = "I cannot log in since Monday, please help"


def read(meter: PrometheusMeter) -> dict[str, float]:
    """What a scrape finds: samples by name and labels."""
    families = text_string_to_metric_families(meter.exposition().decode())
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in families
        for sample in family.samples
    }


def test_it_is_a_meter() -> None:
    meters: list[Meter] = [PrometheusMeter(), NoMeter()]
    assert len(meters) == 2


def test_a_scrape_finds_counters_histograms_and_gauges() -> None:
    meter = PrometheusMeter(strict=True)
    meter.count("earshot_webhooks_total", topic="conversation.user.created", outcome="kept")
    meter.count("earshot_webhooks_total", 2, topic="conversation.user.created", outcome="kept")
    meter.observe("earshot_stage_seconds", 0.02, stage="fetch")
    meter.observe("earshot_stage_seconds", 99.0, stage="fetch")
    meter.gauge("earshot_mailbox_waiting", 3)
    found = read(meter)
    assert found["earshot_webhooks_total[('outcome', 'kept'), ('topic', 'conversation.user.created')]"] == 3
    assert found["earshot_stage_seconds_bucket[('le', '0.01'), ('stage', 'fetch')]"] == 0
    assert found["earshot_stage_seconds_bucket[('le', '0.025'), ('stage', 'fetch')]"] == 1
    assert found["earshot_stage_seconds_bucket[('le', '+Inf'), ('stage', 'fetch')]"] == 2
    assert found["earshot_stage_seconds_count[('stage', 'fetch')]"] == 2
    assert found["earshot_stage_seconds_sum[('stage', 'fetch')]"] == pytest.approx(99.02)
    assert found["earshot_mailbox_waiting[]"] == 3


def test_counters_without_labels_are_there_before_anything_happened() -> None:
    found = read(PrometheusMeter())
    assert found["earshot_webhook_ack_seconds_count[]"] == 0
    assert found["earshot_reports_total[]"] == 0


def test_every_name_keeps_to_prometheus_manner() -> None:
    for name, metric in METRICS.items():
        assert re.fullmatch(r"earshot_[a-z0-9_]+", name)
        assert name.endswith("_total") == (metric.kind is Kind.COUNTER), name
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM), name
        assert list(metric.buckets) == sorted(set(metric.buckets))
        assert metric.help.endswith("."), name
        assert not {"conversation", "customer", "user", "tenant", "contact"} & set(metric.labels), name
        if metric.kind is Kind.HISTOGRAM:
            assert name.endswith("_seconds"), name


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("earshot_unheard_of_total", {}),
        ("earshot_webhooks_total", {}),
        ("earshot_webhooks_total", {"topic": "a", "outcome": "b", "customer": "c"}),
        ("earshot_webhooks_total", {"topic": "a", "result": "b"}),
        ("earshot_mailbox_waiting", {}),
    ],
)
def test_what_is_not_in_the_list_is_refused_in_tests_and_left_out_otherwise(
    name: str, labels: dict[str, str]
) -> None:
    with pytest.raises(KeyError, match=name):
        PrometheusMeter(strict=True).count(name, 1.0, **labels)
    meter = PrometheusMeter()
    before = meter.exposition()
    meter.count(name, 1.0, **labels)
    assert meter.exposition() == before


def test_labels_are_bounded_and_the_rest_is_counted() -> None:
    meter = PrometheusMeter(strict=True)
    for number in range(MOST + 50):
        meter.count("earshot_actions_total", destination=f"webhook:{number}", state="done")
    found = read(meter)
    assert found["earshot_actions_total[('destination', 'other'), ('state', 'other')]"] == 50
    assert found["earshot_metrics_overflows_total[('metric', 'earshot_actions_total')]"] == 50
    assert sum(key.startswith("earshot_actions_total") for key in found) == MOST + 1


@given(some.text())
def test_no_sentence_becomes_a_label(text: str) -> None:
    series = Series(strict=True)
    series.add("earshot_jobs_total", 1.0, labels={"queue": text, "outcome": "ok"})
    (key,) = series.copied()["earshot_jobs_total"]
    assert key == ((text, "ok") if re.fullmatch(r"[A-Za-z0-9_.:/@+{}-]{0,80}", text) else (OTHER, "ok"))


def test_threads_lose_no_count() -> None:
    meter = PrometheusMeter(strict=True)

    def work() -> None:
        for _ in range(5_000):
            meter.count("earshot_reports_total")
            meter.observe("earshot_live_latency_seconds", 0.3)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read(meter)
    assert found["earshot_reports_total[]"] == 20_000
    assert found["earshot_live_latency_seconds_count[]"] == 20_000


def test_figures_replace_each_other_and_are_no_gauges_of_the_process() -> None:
    meter = PrometheusMeter(strict=True)
    meter.series.replace({"earshot_queue_waiting": {("hear",): 4.0, ("act",): 1.0}})
    meter.series.replace({"earshot_queue_waiting": {("hear",): 2.0}, "earshot_reports_total": {(): 9.0}})
    found = read(meter)
    assert found["earshot_queue_waiting[('queue', 'hear')]"] == 2
    assert "earshot_queue_waiting[('queue', 'act')]" not in found
    assert found["earshot_reports_total[]"] == 0
    with pytest.raises(KeyError):
        meter.gauge("earshot_queue_waiting", 1.0, queue="hear")


def traced() -> tuple[PrometheusMeter, InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return PrometheusMeter(strict=True, tracer=provider.get_tracer("test")), exporter


def test_spans_have_parents_also_from_elsewhere() -> None:
    meter, exporter = traced()
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with meter.span("hear", parent=parent, conversation="42"), meter.span("label"):
        inner = meter.traceparent()
    assert meter.traceparent() == ""
    label, hear = exporter.get_finished_spans()
    assert hear.context is not None
    assert label.context is not None
    assert label.parent is not None
    assert hear.parent is not None
    assert f"{hear.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert f"{hear.parent.span_id:016x}" == "b7ad6b7169203331"
    assert label.parent.span_id == hear.context.span_id
    assert inner == f"00-{label.context.trace_id:032x}-{label.context.span_id:016x}-01"
    assert dict(hear.attributes or {}) == {"conversation": "42"}


@pytest.mark.parametrize("parent", ["", "nonsense", "00-00000000000000000000000000000000-0000000000000000-00"])
def test_a_span_without_a_good_parent_begins_a_trace(parent: str) -> None:
    meter, exporter = traced()
    with meter.span("hear", parent=parent):
        pass
    (span,) = exporter.get_finished_spans()
    assert span.parent is None


def test_no_content_gets_into_a_span_not_even_by_an_error() -> None:
    meter, exporter = traced()

    def fail() -> None:
        with meter.span("read", subject=TEXT) as span:
            span.note(summary=TEXT, tokens=3, ok=True)
            raise ValueError(TEXT)

    with pytest.raises(ValueError, match="log in"):
        fail()
    (found,) = exporter.get_finished_spans()
    assert "log in" not in found.to_json()
    assert dict(found.attributes or {}) == {
        "subject": "(left out)",
        "summary": "(left out)",
        "tokens": 3,
        "ok": True,
    }
    assert found.status.description == "ValueError"
