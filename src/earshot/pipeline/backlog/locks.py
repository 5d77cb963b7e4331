"""The lock that keeps two processes from changing the backlog at once."""

BACKLOG = "backlog"
"""Taken after the line's lock where both are, never before it."""
