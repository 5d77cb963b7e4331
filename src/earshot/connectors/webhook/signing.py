"""Standard Webhooks' signature: HMAC-SHA256 over id, time and the very bytes that are sent."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from earshot.errors import Misconfigured

_PREFIX = "whsec_"


def signing_key(secret: str, *, name: str) -> bytes:
    """The bytes of a secret. Raises Misconfigured, naming the environment variable, never the secret."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not 24 <= len(key) <= 64:
        raise Misconfigured(
            f"{name} is no signing secret.",
            hint='It begins with whsec_, then base64 of 24 to 64 bytes: echo "whsec_$(openssl rand -base64 32)".',
        )
    return key


def signature(keys: Sequence[bytes], message_id: str, *, seconds: int, body: bytes) -> str:
    """The value of `webhook-signature`: one entry per key, the current one first."""
    signed = f"{message_id}.{seconds}.".encode() + body
    digests = (hmac.digest(key, signed, hashlib.sha256) for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
