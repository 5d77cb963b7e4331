"""Keys and addresses of model providers, from the environment. Light: imports no provider's package."""

from collections.abc import Mapping

from pydantic import SecretStr

from earshot.domain.model import Noun
from earshot.errors import Misconfigured
from earshot.llm.catalogue import provider_entry


class LlmKeys(Noun):
    """Secrets and base addresses; None: not set. They are shown nowhere."""

    anthropic: SecretStr | None = None
    openai: SecretStr | None = None
    google: SecretStr | None = None
    compatible: SecretStr | None = None
    anthropic_base_url: str | None = None
    openai_base_url: str | None = None
    google_base_url: str | None = None

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> "LlmKeys":
        """The keys by their usual names; empty ones count as unset."""

        def secret(name: str) -> SecretStr | None:
            text = environment.get(name, "").strip()
            return SecretStr(text) if text else None

        return cls(
            anthropic=secret("ANTHROPIC_API_KEY"),
            openai=secret("OPENAI_API_KEY"),
            google=secret("GOOGLE_API_KEY"),
            compatible=secret("EARSHOT_LLM_API_KEY"),
            anthropic_base_url=environment.get("ANTHROPIC_BASE_URL") or None,
            openai_base_url=environment.get("OPENAI_BASE_URL") or None,
            google_base_url=environment.get("GOOGLE_BASE_URL") or None,
        )

    def key(self, provider: str) -> str:
        """The key of a provider. Raises Misconfigured naming the variable when it is missing."""
        secret: SecretStr | None = getattr(self, _company(provider))
        if secret is None:
            name = provider_entry(provider).key
            raise Misconfigured(f"{name} is not set, and {provider} needs it.", hint=f"export {name}=…")
        return secret.get_secret_value()

    def base_url(self, provider: str) -> str:
        """The address of a provider: the one in the environment, or the usual one."""
        given: str | None = getattr(self, f"{_company(provider)}_base_url", None)
        return given or provider_entry(provider).base_url


def _company(provider: str) -> str:
    return provider.removesuffix("-decisions")
