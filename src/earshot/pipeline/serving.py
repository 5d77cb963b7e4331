"""Settings of what listens: the `[web]` and `[workers]` sections."""

import ipaddress
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from earshot.domain.model import Noun


class WebSettings(Noun):
    """Where the web server listens and what it takes."""

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. Anything but this machine needs EARSHOT_WEB_TOKEN.",
    )
    port: int = Field(default=8080, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    public_url: str = Field(
        default="", description="Where others reach it, for links and webhooks: https://earshot.example.com."
    )
    most_bytes: int = Field(default=1_048_576, ge=10_000, description="Requests with more bytes are refused (413).")
    webhooks_per_second: float = Field(
        default=2_000.0, gt=0, description="Webhooks a second that are taken; more are refused (429) for a moment."
    )
    waiting_webhooks: int = Field(
        default=5_000, ge=10, description="Webhooks that may wait for the database at once; more are refused (503)."
    )
    api_per_minute: int = Field(
        default=600, ge=1, description="Requests a minute that a client of the API may make."
    )
    most_upload_bytes: int = Field(
        default=5_000_000, ge=10_000, description="Forms and files with more bytes are refused by the pages."
    )
    session_hours: float = Field(default=12.0, gt=0, le=720, description="After so long people sign in again.")
    identity_header: str = Field(
        default="",
        description="Header in which a reverse proxy says who looks (X-Forwarded-Email); empty: none does.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=("127.0.0.1/32", "::1/128"), description="Addresses whose identity header is believed."
    )
    identity_role: Literal["viewer", "editor", "admin"] = Field(
        default="viewer", description="Role of whom the proxy names and no list below does."
    )
    editors: tuple[str, ...] = Field(default=(), description="People, as the proxy names them, who may change.")
    admins: tuple[str, ...] = Field(default=(), description="People, as the proxy names them, who may do all.")

    @property
    def own_hosts(self) -> tuple[str, ...]:
        """Names that are surely ours: no event is sent there. Names of this machine may be a neighbour's port."""
        try:
            host = (urlsplit(self.public_url).hostname or "").rstrip(".")
        except ValueError:
            return ()
        return () if not host or is_loopback(host) else (host,)


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine only."""
    if host.rstrip(".").casefold() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


class WorkerSettings(Noun):
    """How much a worker does at once."""

    live: int = Field(default=32, ge=1, le=500, description="Real-time jobs at once.")
    background: int = Field(default=4, ge=1, le=100, description="Background jobs at once (reading, schedules).")
    grace_seconds: float = Field(
        default=25.0, gt=0, le=600, description="What runs may end for so long when the worker is told to stop."
    )
    beat_seconds: float = Field(default=5.0, gt=0, le=60, description="How often a worker gives a sign of life.")
    heartbeat_seconds: float = Field(
        default=30.0, ge=3, le=600, description="A worker that says nothing for so long loses its jobs."
    )
    share: int = Field(
        default=200, ge=1, le=10_000, description="When more conversations than this wait, all workers read."
    )
    lease_seconds: float = Field(
        default=60.0, ge=3, le=3600, description="A reader that says nothing for so long loses its conversations."
    )
