"""A provider's embedding model: texts out, vectors or a named error back (ports.model.Model, for texts)."""

from collections.abc import Sequence

from pydantic_ai.embeddings import EmbeddingModel
from pydantic_ai.embeddings.settings import EmbeddingSettings as AiSettings

from earshot.domain.call import Usage
from earshot.llm.embedding.asked import EmbeddingAnswer, EmbeddingRequest
from earshot.llm.embedding.vectors import Unusable, unit_vectors
from earshot.llm.problems import Asked
from earshot.llm.timing import Timed
from earshot.ports.clock import Clock
from earshot.ports.model import Answer, Request
from earshot.text.tokens import estimate_tokens


class ProviderEmbedding:
    """One embedding model of one provider. It makes one attempt a call; who calls books it and tries again."""

    def __init__(
        self, model: EmbeddingModel, *, asked: Asked, settings: AiSettings, deadline: float, clock: Clock
    ) -> None:
        self._model = model
        self._asked = asked
        self._settings = settings
        self._timed = Timed(asked, deadline=deadline, clock=clock)

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self._asked.provider

    @property
    def name(self) -> str:
        """The model's name at its provider."""
        return self._asked.model

    async def ask(self, request: Request) -> Answer:
        """An EmbeddingAnswer to an EmbeddingRequest; see ports.model.Model for what is raised.

        Where the provider tells no usage (Google does not always), the texts' estimated tokens stand for it: a
        call that was answered is never booked as free.
        """
        texts = request.texts if isinstance(request, EmbeddingRequest) else (request.content,)
        answer = await self._timed(lambda: self._send(texts))
        if answer.usage is not None:
            return answer
        return answer.model_copy(update={"usage": Usage(input_tokens=sum(map(estimate_tokens, texts)))})

    async def _send(self, texts: Sequence[str]) -> EmbeddingAnswer:
        result = await self._model.embed(list(texts), input_type="document", settings=self._settings)
        vectors = unit_vectors(result.embeddings, count=len(texts))
        made = () if isinstance(vectors, Unusable) else tuple(map(tuple, vectors))
        return EmbeddingAnswer.model_construct(text=f"{len(made)} vectors", vectors=made, model=result.model_name)
