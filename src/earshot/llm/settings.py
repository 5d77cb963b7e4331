"""Settings of model providers. Light: imports no provider."""

from typing import Literal

from pydantic import Field

from earshot.domain.model import Noun

Provider = Literal["", "anthropic", "openai", "google", "compatible"]


class PriceSettings(Noun):
    """A price that the bundled list does not know, US dollars per million tokens (0 for your own server)."""

    input: float = Field(ge=0, description="Per million input tokens.")
    output: float = Field(ge=0, description="Per million output tokens.")
    cached: float | None = Field(default=None, ge=0, description="Per million cached input tokens.")


class LlmSettings(Noun):
    """Who is asked, how fast and for how much. Nothing is spent while `provider` is empty.

    Keys come from the environment: ANTHROPIC_API_KEY, OPENAI_API_KEY, GOOGLE_API_KEY, EARSHOT_LLM_API_KEY.
    """

    provider: Provider = Field(
        default="",
        description="Who reads: anthropic, openai, google, or compatible (any OpenAI-compatible server, such as "
        "Ollama, vLLM or llama.cpp, at base_url). Empty: the local model, and no spending.",
    )
    base_url: str = Field(default="", description="Address of the compatible server: http://127.0.0.1:11434/v1.")
    labels: str = Field(
        default="", description="Model of tier labels, as provider:model. Empty: the provider's usual one."
    )
    cheap: str = Field(default="", description="Model of tier cheap, as provider:model.")
    medium: str = Field(default="", description="Model of tier medium, as provider:model.")
    strong: str = Field(default="", description="Model of tier strong, as provider:model.")
    deadline_seconds: float = Field(default=30.0, gt=0, description="Longest wait for one answer.")
    attempts: int = Field(default=3, ge=1, le=10, description="Attempts for one conversation before it is unread.")
    concurrency: int = Field(default=200, ge=1, description="Most calls under way at once in one process.")
    requests_per_minute: int | None = Field(
        default=1000, ge=1, description="Your provider's limit per model, shared by all processes."
    )
    tokens_per_minute: int | None = Field(
        default=None, ge=1000, description="Your provider's limit on tokens per model, shared by all processes."
    )
    run_budget_usd: float | None = Field(default=None, ge=0, description="A run stops before it costs more.")
    day_budget_usd: float | None = Field(
        default=None, ge=0, description="All runs of a day stop before they cost more."
    )
    most_per_run: int | None = Field(
        default=None, ge=1, description="A run reads at most so many conversations; the rest waits for the next."
    )
    windows: tuple[str, ...] = Field(
        default=(),
        description='Times of day (report zone) for reading that is not urgent: ["22:00-06:00"]. Empty: any time.',
    )
    fallback: str = Field(
        default="",
        description="Model to ask when the chosen provider does not answer, as provider:model. It sends customers' "
        "words to a second company, so it is empty until you name one.",
    )
    fallback_local: bool = Field(
        default=True, description="Let the local model stand in when nobody answers; its readings are read again."
    )
    breaker_failures: int = Field(
        default=5, ge=1, description="Failures in a row after which a model is left alone."
    )
    breaker_seconds: float = Field(default=30.0, gt=0, description="How long it is left alone before one new try.")
    prices: dict[str, PriceSettings] = Field(
        default={}, description="Prices that the bundled list lacks, by provider:model."
    )
