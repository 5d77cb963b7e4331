"""Settings of embeddings: the `[embeddings]` section. Light: imports no provider and no model."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from earshot.domain.model import Noun

Source = Literal["", "openai", "google", "compatible", "local"]


class EmbeddingSettings(Noun):
    """Who makes vectors of findings, so that the same matter is found in other words. Off without `provider`.

    Keys come from the environment, as for `[llm]`: OPENAI_API_KEY, GOOGLE_API_KEY, EARSHOT_LLM_API_KEY.
    """

    provider: Source = Field(
        default="",
        description="Who makes vectors: openai, google, compatible (any server with OpenAI's /v1/embeddings, as "
        "Ollama, vLLM and llama.cpp have), or local (a model on this machine, at path). Empty: none, "
        "no spending; themes are found by words alone.",
    )
    model: str = Field(
        default="",
        description="The model's name at its provider. Empty: the usual one; compatible servers have none.",
    )
    base_url: str = Field(
        default="", description="Address of the compatible server. Empty: the one of [llm] base_url."
    )
    path: Path | None = Field(
        default=None,
        description="For local: the folder of a sentence-transformers model, or an .onnx file beside its "
        "tokenizer.json. Nothing is ever downloaded.",
    )
    dimensions: int | None = Field(
        default=None,
        ge=32,
        le=4096,
        description="Length of a vector, where the model can shorten it. Empty: 384 at openai and google, which is "
        "all that is used; the model's own length elsewhere.",
    )
    batch: int = Field(default=100, ge=1, le=2048, description="Texts in one request; google takes 100 at most.")
    concurrency: int = Field(default=4, ge=1, le=64, description="Most requests under way at once.")
    prefix: str = Field(
        default="",
        max_length=200,
        description='What the model wants before every text ("clustering: ", "query: "): see its own page.',
    )
    most_characters: int = Field(
        default=2000, ge=100, le=8000, description="Longer texts are cut; most models read less than that anyway."
    )
    mask_personal_data: bool = Field(
        default=True,
        description="Replace personal data by placeholders before a text goes to a provider; local models get it "
        "as it is.",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.provider == "local" and self.path is None:
            raise ValueError('provider = "local" needs path, the folder or .onnx file of the model')
        if self.provider == "compatible" and not self.model:
            raise ValueError('provider = "compatible" needs model, its name at your server')
        return self
