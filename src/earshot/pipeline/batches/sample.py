"""One request tried at once before thousands are sent: a prompt, schema or model that fails costs one call."""

from typing import TYPE_CHECKING

from earshot.classify.llm.booking import Booked, Books
from earshot.domain.batch import ReadingBatch
from earshot.domain.call import Mode, Outcome, Purpose
from earshot.domain.conversation import Author, Conversation, Message
from earshot.errors import Rejected, Transient
from earshot.pipeline.batches.desk import Desk

if TYPE_CHECKING:  # prompts cost time to import, and only their types are named here
    from earshot.classify.llm.prompter import Understood

_LOOK_BACK = 20
"""How many batches are looked through for one with the same prompt and model."""
_TEXT = (
    "Since this morning the export button does nothing. We need the invoice list for an audit today, please help."
)


async def sample_problem(desk: Desk) -> str | None:
    """Why a batch would be a waste, None when the model understands the prompt.

    The sample is a text of ours, so no conversation is read twice. It is tried once per prompt and model: a batch
    that the provider accepted stands for a sample that went well.
    """
    if await _tried(desk):
        return None
    prepared = desk.llm.prompter.prepare(_sample(desk))
    books = Books(ledger=desk.llm.ledger, prices=desk.llm.prices, clock=desk.parts.clock, ids=desk.parts.ids)
    asked = Booked(desk.llm.model, tier=desk.llm.tier, books=books)
    try:
        understood: Understood = await asked.ask(
            prepared.request, prepared.understand, tokens=prepared.tokens, purpose=Purpose.SAMPLE
        )
    except (Transient, Rejected) as error:
        return f"The sample request failed, so nothing was submitted: {error}"
    finally:
        await desk.llm.ledger.flush()
    if understood.outcome is Outcome.OK:
        return None
    reason = understood.reason or understood.outcome.value
    return f"The answer to the sample request is no good ({reason}), so nothing was submitted."


def _sample(desk: Desk) -> Conversation:
    now = desk.now
    message = Message(id="1", author=Author.CUSTOMER, text=_TEXT, created_at=now)
    return Conversation(source="sample", external_id="1", created_at=now, updated_at=now, messages=(message,))


async def _tried(desk: Desk) -> bool:
    async with desk.parts.store.unit() as unit:
        for batch in await unit.batches.latest(_LOOK_BACK):
            if not _accepted(desk, batch):
                continue
            entries = await unit.batches.entries(batch.id)
            if entries and entries[0].prompt_hash == desk.llm.prompter.prompt_hash:
                return True
    return False


def _accepted(desk: Desk, batch: ReadingBatch) -> bool:
    same = (batch.provider, batch.model) == (desk.model.provider, desk.model.name)
    return same and batch.mode is Mode.BATCH and batch.handle is not None
