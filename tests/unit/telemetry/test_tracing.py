"""Where traces go."""

import importlib.util

import pytest
from opentelemetry import trace

from earshot.errors import Misconfigured
from earshot.telemetry import tracing
from earshot.telemetry.meter import PrometheusMeter
from earshot.telemetry.settings import TelemetrySettings


def test_without_traces_spans_cost_nothing_and_go_nowhere() -> None:
    traces = tracing.set_up(TelemetrySettings(), version="1")
    assert traces.tracer is None
    traces.close()
    meter = PrometheusMeter(tracer=traces.tracer)
    with meter.span("x", parent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", n=1) as span:
        span.note(more=2)
        assert meter.traceparent() == ""
        assert not trace.get_current_span().is_recording()


@pytest.mark.skipif(importlib.util.find_spec("opentelemetry.exporter") is not None, reason="the extra is installed")
def test_without_the_extra_it_is_said_what_to_install() -> None:
    with pytest.raises(Misconfigured, match="SDK") as found:
        tracing.set_up(TelemetrySettings(traces=True), version="1")
    assert "earshot-insights[tracing]" in found.value.hint


def test_who_sends_is_told() -> None:
    told = tracing.attributes(TelemetrySettings(service_name="ears"), version="1.2")
    assert told["service.name"] == "ears"
    assert told["service.version"] == "1.2"
    assert told["service.instance.id"]
