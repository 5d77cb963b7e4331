"""The overview: what changed and why, what to fix first, and what waits for a person."""
