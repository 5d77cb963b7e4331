"""WATCHING IT: Prometheus metrics, OpenTelemetry traces without content, structured logs."""
