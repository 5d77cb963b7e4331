"""Chance that can be repeated."""

from random import Random


def dice(*key: object) -> Random:
    """A generator that yields the same choices for the same key, on every machine."""
    return Random(":".join(str(part) for part in key))  # noqa: S311 - invents sample data, guards nothing
