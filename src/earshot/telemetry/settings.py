"""Settings of measuring: the `[telemetry]` section."""

from typing import Literal

from pydantic import Field

from earshot.domain.model import Noun


class TelemetrySettings(Noun):
    """Metrics, traces and logs of servers and workers."""

    logs: Literal["auto", "text", "json"] = Field(
        default="auto", description="Form of log lines; auto: text on a terminal, otherwise JSON."
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What is logged at least."
    )
    metrics_port: int | None = Field(
        default=None, ge=0, le=65_535, description="A worker serves /metrics, /healthz and /readyz on this port."
    )
    metrics_host: str = Field(default="127.0.0.1", description="Address of the worker's metrics.")
    traces: bool = Field(
        default=False,
        description="Send OpenTelemetry traces (needs the extra `tracing`); where to: OTEL_EXPORTER_OTLP_ENDPOINT.",
    )
    service_name: str = Field(default="earshot", description="The service's name in traces.")
