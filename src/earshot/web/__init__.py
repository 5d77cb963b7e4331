"""DOOR: the web server: webhooks, HTTP API, health and metrics."""
