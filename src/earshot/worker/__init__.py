"""DOOR: workers: processes that serve the job engine's queues."""
