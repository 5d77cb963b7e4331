"""Who may read metrics: this machine, or whoever shows the token."""

import hmac
import ipaddress
from collections.abc import Mapping

_OWN_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1", ""})
_RELAYED = frozenset({"x-forwarded-for", "forwarded", "x-real-ip"})
_SCHEME = "bearer "


def may_read(peer: str, headers: Mapping[str, str], *, token: str | None) -> bool:
    """Whether a request from that address may read; `headers` by lower-case name.

    What a proxy on this machine passes on comes from elsewhere, and so does a request under a foreign host name: a
    page in a browser here could send it.
    """
    shown = headers.get("authorization", "")
    if token and shown.lower().startswith(_SCHEME):
        return hmac.compare_digest(shown[len(_SCHEME) :].strip().encode(), token.encode())
    return _is_local(peer) and _RELAYED.isdisjoint(headers) and _host(headers) in _OWN_NAMES


def _is_local(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False


def _host(headers: Mapping[str, str]) -> str:
    host = headers.get("host", "").strip().lower()
    return host if host.endswith("]") else host.rpartition(":")[0] or host
