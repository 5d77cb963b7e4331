"""The job engine (pgqueuer, in its own schema), the inbox of webhooks, and schedules."""
