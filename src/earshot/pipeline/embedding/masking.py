"""Texts as they may leave the machine: personal data and the conversation's own names replaced by placeholders."""

from collections.abc import Sequence

from earshot.pipeline.embedding.texts import Wanted
from earshot.ports.store import Store
from earshot.text.personal import Masked, mask

LONGEST = 16_000
"""Characters that are looked at; a text is masked before it is cut to what the model reads."""
_STRANGER = Masked((), None, 0)
"""Masks what has a form, where no conversation tells names."""


async def hidden(store: Store, wanted: Sequence[Wanted]) -> list[str]:
    """The texts with placeholders, in order. A summary may hold names that only the conversation tells."""
    ids = sorted({one.conversation_id for one in wanted if one.conversation_id})
    async with store.unit() as unit:
        found = await unit.conversations.get(ids) if ids else []
    masks = {conversation.id: mask(conversation) for conversation in found}
    return [masks.get(one.conversation_id or "", _STRANGER).hide(one.text[:LONGEST]) for one in wanted]
