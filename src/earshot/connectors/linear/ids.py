"""Ids of our own, in the form that Linear wants: UUIDs of version 4, always the same for the same key."""

import hashlib
import uuid


def client_id(*parts: str) -> str:
    """The id for what these words name together."""
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).digest()[:16]
    return str(uuid.UUID(bytes=digest, version=4))


def issue_id(object_key: str) -> str:
    """The issue's id for an object key."""
    return client_id("issue", object_key)
