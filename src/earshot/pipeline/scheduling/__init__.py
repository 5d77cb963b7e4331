"""Schedules: what runs when, driven by the job engine's tick."""
