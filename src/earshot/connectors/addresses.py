"""The address of a service as it stands in settings: http or https with a host, without a slash at its end."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_EMAIL = re.compile(r"[^@\s<>\"',;]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def checked(value: str, *, example: str = "https://api.example.com") -> str:
    """The address without its last slash. Raises ValueError for what is none, or carries a user name."""
    parts = urlsplit(value)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or port == 0:
        raise ValueError(f"must be an address such as {example}")
    return value.rstrip("/")


def is_email(value: str) -> bool:
    """Whether it is a plain e-mail address, as customers' data may hold one."""
    return _EMAIL.fullmatch(value) is not None


def is_safe(value: str) -> bool:
    """Whether a secret may travel there: https, or this very machine."""
    parts = urlsplit(value)
    return parts.scheme == "https" or (parts.scheme == "http" and is_here(value))


def is_here(value: str) -> bool:
    """Whether it is this very machine."""
    return urlsplit(value).hostname in _LOOPBACK


ServiceUrl = Annotated[str, AfterValidator(checked)]
"""A setting's type for the address of a service."""
