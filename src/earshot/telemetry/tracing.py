"""Traces: where spans go. Without `[telemetry] traces` they go nowhere and cost next to nothing."""

import importlib
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opentelemetry.trace import Tracer

from earshot.errors import Misconfigured
from earshot.telemetry.settings import TelemetrySettings

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""The environment variable that says where traces go."""
_SCOPE = "earshot"
_EXTRA = "Install the extra: pip install 'earshot-insights[tracing]'."


@dataclass(frozen=True)
class Tracing:
    """Makes spans; None: none are made. `close` sends what waits, within seconds."""

    tracer: Tracer | None
    close: Callable[[], None]


def set_up(settings: TelemetrySettings, *, version: str) -> Tracing:
    """Where spans go by the settings; Misconfigured when traces are wanted and the extra is missing.

    Spans are sent in the background; a receiver that is away costs spans, never work.
    """
    if not settings.traces:
        return Tracing(None, lambda: None)
    try:
        sdk: Any = importlib.import_module("opentelemetry.sdk.trace")
        exporting: Any = importlib.import_module("opentelemetry.sdk.trace.export")
        resources: Any = importlib.import_module("opentelemetry.sdk.resources")
        otlp: Any = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ImportError:
        raise Misconfigured(
            "[telemetry] traces is on, but OpenTelemetry's SDK is not installed.", hint=_EXTRA
        ) from None
    provider = sdk.TracerProvider(resource=resources.Resource.create(attributes(settings, version=version)))
    provider.add_span_processor(exporting.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    return Tracing(provider.get_tracer(_SCOPE, version), provider.shutdown)


def attributes(settings: TelemetrySettings, *, version: str) -> dict[str, str]:
    """Who sends: the resource's attributes. OTEL_RESOURCE_ATTRIBUTES adds others."""
    return {
        "service.name": settings.service_name,
        "service.version": version,
        "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
    }
