"""What an embedding model is asked and what it answers. Light: imports no provider's package."""

from earshot.ports.model import Answer, Request


class EmbeddingRequest(Request):
    """Texts to be embedded; nothing else of a request is used."""

    instructions: str = ""
    content: str = ""
    max_tokens: int = 1
    texts: tuple[str, ...]

    @property
    def size(self) -> int:
        """UTF-8 bytes of everything that is sent: no tokenizer makes more tokens than bytes."""
        return sum(len(text.encode("utf-8", "surrogatepass")) + 64 for text in self.texts)


class EmbeddingAnswer(Answer):
    """A unit vector for each text, in order; none where what came cannot be used."""

    vectors: tuple[tuple[float, ...], ...] = ()
