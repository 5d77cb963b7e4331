"""Sealed values: sessions, form tokens and what is said on the next page, signed with the installation's key."""

import hashlib
import secrets
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

FIELD = "_seal"
"""The hidden field of every form that shows it was ours."""


class Seals:
    """Signs and checks values of a purpose. They hold for `seconds`; another key makes all of them void."""

    def __init__(self, key: bytes, *, seconds: float, salt: str = "") -> None:
        self._seconds = seconds
        self._key = hashlib.sha256(key + salt.encode()).digest()

    def sealed(self, purpose: str, value: Any) -> str:
        """The value with its signature, fit for a cookie and a field."""
        return self._of(purpose).dumps(value)

    def unsealed(self, purpose: str, text: str) -> Any:
        """The value; None where it is none of ours, of another purpose, or too old."""
        if not text or len(text) > 4_000:
            return None
        try:
            return self._of(purpose).loads(text, max_age=round(self._seconds))
        except BadData:
            return None

    def _of(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._key, salt=f"earshot {purpose}")


def new_visit() -> str:
    """A random id of a session."""
    return secrets.token_urlsafe(18)
