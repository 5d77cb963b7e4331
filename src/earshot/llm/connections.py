"""What the clients of all companies share: keys, addresses and one pool of connections, made at first use."""

import logging

import httpx2

from earshot.llm.holding import hold
from earshot.llm.keys import LlmKeys
from earshot.llm.pools import Pools
from earshot.llm.settings import LlmSettings

CONNECT_SECONDS = 5.0
"""Nothing was sent before a connection stands, so an address that does not answer is given up early."""

SPARE_CONNECTIONS = 100
"""Connections beyond the calls under way: batches, checks, connections that are just closing."""

_LOUD = ("openai", "anthropic", "google_genai", "httpx2", "httpcore2")


class Connections:
    """One HTTP client for every company.

    Redirects are not followed, because a key must not travel to another host.
    """

    def __init__(
        self, settings: LlmSettings, keys: LlmKeys, *, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self.settings = settings
        self.keys = keys
        self._transport = transport
        self._http: httpx2.AsyncClient | None = None

    @property
    def http(self) -> httpx2.AsyncClient:
        """The HTTP client; calls through it hold their raw answers (holding.py)."""
        if self._http is None:
            quieten()
            most = self.settings.concurrency + SPARE_CONNECTIONS
            wait = self.settings.deadline_seconds + CONNECT_SECONDS
            self._http = httpx2.AsyncClient(
                transport=self._transport or Pools(most),
                timeout=httpx2.Timeout(wait, connect=min(CONNECT_SECONDS, self.settings.deadline_seconds)),
                event_hooks={"response": [hold]},
                follow_redirects=False,
            )
        return self._http

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()


def quieten() -> None:
    """Keep the SDKs from logging requests: at level DEBUG they write out customers' words."""
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
