"""Secrets that a tool needs, taken from the environment by their usual names."""

from collections.abc import Mapping

from earshot.errors import Misconfigured


def needed(secrets: Mapping[str, str], name: str, *, hint: str) -> str:
    """A secret without white space around it. Raises Misconfigured where it is absent or cannot be sent."""
    value = optional(secrets, name)
    if not value:
        raise Misconfigured(f"{name} is not set.", hint=hint)
    return value


def optional(secrets: Mapping[str, str], name: str) -> str:
    """A secret without white space around it, "" where it is absent. Raises Misconfigured if it cannot be sent."""
    value = secrets.get(name, "").strip()
    if value and not (value.isascii() and value.isprintable() and " " not in value):
        raise Misconfigured(f"{name} holds characters that no key has.", hint="Copy it again, as one line.")
    return value
