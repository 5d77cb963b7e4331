"""No spend by accident: before findings first go to a provider, its price is shown and a person asked."""

from earshot.errors import Misconfigured, Rejected
from earshot.pipeline.embedding.booked import BookedEmbedder
from earshot.pipeline.embedding.outlook import outlook
from earshot.pipeline.money.consent import Ask, agreed_with, note
from earshot.pipeline.parts import Parts

_OFF = '[embeddings] provider = "" finds themes by words alone and costs nothing.'


async def ensure(parts: Parts, *, yes: bool, ask: Ask | None) -> None:
    """Let embedding begin only when somebody agreed to send findings to this provider, now or earlier.

    `yes` agrees, the price is only said; `ask` shows it to a person. Without either: Misconfigured; a no: Rejected.
    Whoever agreed to reading by the same provider agreed to this too. Nothing to agree to: nothing happens.
    """
    if await agreed(parts):
        return
    found = await outlook(parts)
    if found is None:
        return
    if yes:
        parts.progress.say(found.in_words)
    elif ask is None:
        raise Misconfigured(
            f"{found.in_words} Nobody agreed yet to spend money with {found.provider}.",
            hint=f"Run the command once in a terminal and answer, or with --yes. {_OFF}",
        )
    elif not ask(f"{found.in_words}\nCustomers' words go to {found.provider}. Go on?"):
        raise Rejected("Nothing was sent and nothing spent.", hint=_OFF)
    await note(parts, [found.provider])


async def agreed(parts: Parts) -> bool:
    """Whether there is nothing to agree to, or somebody agreed to spend money with the provider."""
    embedder = parts.make_embedder() if parts.make_embedder is not None else None
    if not isinstance(embedder, BookedEmbedder):
        return True
    return await agreed_with(parts, embedder.provider)
