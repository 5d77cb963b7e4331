"""One `[[webhooks]]` entry: where events go and how the receiver knows that they are ours."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from earshot.domain.model import Noun

EnvironmentName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,80}$")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,60}$")]
_RESERVED = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection"})


class WebhookSettings(Noun):
    """A receiver of events. Actions call it `webhook:<name>`; its secrets stand in the environment.

    The address itself is a secret with some services (Make, Slack-like hooks): then use `url_env`.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$", description="How actions call it: webhook:<name>.")
    enabled: bool = Field(default=True, description="Whether it is used; false keeps the entry for later.")
    dry_run: bool = Field(default=False, description="Render and check events, but send none.")
    url: str | None = Field(
        default=None, description="The address, https. n8n: the Production URL, not the Test URL."
    )
    url_env: EnvironmentName | None = Field(
        default=None,
        description="Environment variable that holds the address, where the address is a secret (Make).",
    )
    secret_env: EnvironmentName | None = Field(
        default=None,
        description="Environment variable with the signing secret (`whsec_` and base64 of 24-64 bytes).",
    )
    previous_secret_env: EnvironmentName | None = Field(
        default=None, description="The secret before, while receivers change over: events are signed with both."
    )
    api_key_env: EnvironmentName | None = Field(
        default=None, description="Environment variable with a key that is sent along in a header."
    )
    api_key_header: HeaderName = Field(
        default="x-make-apikey", description="The header for that key; n8n's header authentication takes any name."
    )
    allow_private: bool = Field(
        default=False,
        description="The address may be plain http and stand inside your own network (self-hosted n8n).",
    )
    timeout_seconds: float = Field(default=20.0, gt=0, le=60, description="How long one answer may take.")
    per_second: float = Field(default=10.0, gt=0, le=100, description="Most events a second.")

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("give either url or url_env")
        if self.url is not None:
            problem = address_problem(self.url, allow_private=self.allow_private)
            if problem:
                raise ValueError(f"url {problem}")
        if self.previous_secret_env and not self.secret_env:
            raise ValueError("previous_secret_env needs secret_env")
        if self.api_key_header.lower() in _RESERVED or self.api_key_header.lower().startswith("webhook-"):
            raise ValueError("api_key_header is a header of the request's own")
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """The environment variables that this entry reads."""
        names = (self.url_env, self.secret_env, self.previous_secret_env, self.api_key_env)
        return tuple(name for name in names if name)


def address_problem(url: str, *, allow_private: bool) -> str:
    """What is wrong with a receiver's address, "" when nothing is; never shows the address."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "is no address"
    if not host or parts.scheme not in ("http", "https") or not (url.isascii() and url.isprintable()):
        return "must be an address such as https://hooks.example.com/x"
    if parts.username is not None or parts.password is not None:
        return "must hold no user name; use api_key_env"
    if parts.scheme == "http" and not allow_private:
        return "must be https (http only together with allow_private)"
    return ""
