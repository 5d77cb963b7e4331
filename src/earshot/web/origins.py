"""Where a request comes from, as far as it can be told: this machine by its own name, or through a proxy."""

from typing import Literal
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from earshot.pipeline.serving import is_loopback

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_ELSEWHERE = frozenset({"cross-site", "same-site"})
Stranger = Literal["machine", "proxy", "name"]


def stranger(headers: Headers, peer: str, *, host: str) -> Stranger | None:
    """Why a request is not surely of this machine, where `host` is listened on; None when it is.

    machine: it comes from another one, or others can reach us; proxy: one stands before us; name: a page elsewhere
    may have had its own name lead here.
    """
    if not (is_loopback(peer) and is_loopback(host)):
        return "machine"
    if any(name in headers for name in _FORWARDED):
        return "proxy"
    return None if is_loopback(host_of(headers.get("host", ""))) else "name"


def of_other_site(headers: Headers) -> bool:
    """Whether the browser says that a page of another site asks."""
    return headers.get("sec-fetch-site") in _ELSEWHERE


def host_of(value: str) -> str:
    """The host of a `Host` header, "" where it is none."""
    try:
        return (urlsplit(f"//{value}").hostname or "").rstrip(".")
    except ValueError:
        return ""
