"""The clients of the providers' SDKs: one each, made at first use, over one pool of connections."""

import logging

import httpx2
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

from earshot.errors import Misconfigured
from earshot.llm.holding import hold
from earshot.llm.keys import LlmKeys
from earshot.llm.pools import Pools
from earshot.llm.settings import LlmSettings

CONNECT_SECONDS = 5.0
"""Nothing was sent before a connection stands, so an address that does not answer is given up early."""

SPARE_CONNECTIONS = 100
"""Connections beyond the calls under way: batches, checks, connections that are just closing."""

_LOUD = ("openai", "anthropic", "google_genai", "httpx2", "httpcore2")


class Clients:
    """Makes each provider's client once and closes what they share.

    Keys are passed explicitly, because the SDKs look for others by themselves; retries are switched off, because
    the caller books each attempt; redirects are not followed, because a key must not travel to another host.
    """

    def __init__(
        self, settings: LlmSettings, keys: LlmKeys, *, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._transport = transport
        self._http: httpx2.AsyncClient | None = None
        self._anthropic: AsyncAnthropic | None = None
        self._openai: AsyncOpenAI | None = None
        self._google: GoogleProvider | None = None
        self._compatible: OpenAICompatibleProvider | None = None

    @property
    def anthropic(self) -> AsyncAnthropic:
        """Anthropic's client; its own tracing is off, it would count every call twice."""
        if self._anthropic is None:
            self._anthropic = AsyncAnthropic(
                api_key=self._keys.key("anthropic"),
                base_url=self._keys.base_url("anthropic"),
                http_client=self._client(),
                max_retries=0,
                open_telemetry=False,
            )
        return self._anthropic

    @property
    def openai(self) -> AsyncOpenAI:
        """OpenAI's client."""
        if self._openai is None:
            self._openai = AsyncOpenAI(
                api_key=self._keys.key("openai"),
                base_url=self._keys.base_url("openai"),
                http_client=self._client(),
                max_retries=0,
            )
        return self._openai

    def anthropic_provider(self) -> AnthropicProvider:
        """Anthropic as pydantic-ai wants it."""
        return AnthropicProvider(anthropic_client=self.anthropic)

    def openai_provider(self) -> OpenAIProvider:
        """OpenAI as pydantic-ai wants it."""
        return OpenAIProvider(openai_client=self.openai)

    def google_provider(self) -> GoogleProvider:
        """Google, whose client exists only inside its provider; without retry options it asks once."""
        if self._google is None:
            self._google = GoogleProvider(
                api_key=self._keys.key("google"),
                base_url=self._keys.base_url("google"),
                http_client=self._client(),
            )
        return self._google

    def compatible_provider(self) -> OpenAICompatibleProvider:
        """A server that speaks OpenAI's chat completions; the older `max_tokens` is what all of them know."""
        if self._compatible is None:
            if not self._settings.base_url:
                raise Misconfigured(
                    "The compatible server has no address.",
                    hint='Set [llm] base_url, for Ollama "http://127.0.0.1:11434/v1".',
                )
            secret = self._keys.compatible
            client = AsyncOpenAI(
                api_key=secret.get_secret_value() if secret else "no-key",
                base_url=self._settings.base_url,
                http_client=self._client(),
                max_retries=0,
            )
            self._compatible = OpenAICompatibleProvider(
                "compatible",
                openai_client=client,
                profile=OpenAIModelProfile(
                    supports_json_schema_output=True, openai_chat_supports_max_completion_tokens=False
                ),
            )
        return self._compatible

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()

    def _client(self) -> httpx2.AsyncClient:
        if self._http is None:
            quieten()
            most = self._settings.concurrency + SPARE_CONNECTIONS
            wait = self._settings.deadline_seconds + CONNECT_SECONDS
            self._http = httpx2.AsyncClient(
                transport=self._transport or Pools(most),
                timeout=httpx2.Timeout(wait, connect=min(CONNECT_SECONDS, self._settings.deadline_seconds)),
                event_hooks={"response": [hold]},
                follow_redirects=False,
            )
        return self._http


def quieten() -> None:
    """Keep the SDKs from logging requests: at level DEBUG they write out customers' words."""
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
