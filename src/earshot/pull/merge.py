"""Keeping what a source no longer returns: it gives only the newest parts of a very long conversation."""

from earshot.domain.conversation import Conversation
from earshot.ports.source import Fetched


def is_complete(conversation: Conversation) -> bool:
    """Whether no part is missing that the source could still give."""
    expected = conversation.parts_expected
    return conversation.truncated or expected is None or conversation.parts_held >= expected


def merge_truncated(old: Conversation | None, new: Fetched) -> Conversation:
    """The new state, and before it the stored messages that are older than the oldest part received.

    From that part on only the new state counts, so what was redacted or removed there stays gone.
    """
    fresh = new.conversation
    if old is None or not fresh.truncated or new.oldest_part_at is None:
        return fresh
    held = {message.id for message in fresh.messages} | set(new.redacted)
    older = [m for m in old.messages if m.id not in held and m.created_at <= new.oldest_part_at]
    opening = [m for m in fresh.messages[:1] if m.id == f"source:{fresh.external_id}"]
    messages = sorted((*opening, *older, *fresh.messages[len(opening) :]), key=lambda m: m.created_at)
    parts_held = fresh.parts_held + len(older)
    if fresh.parts_expected is not None:
        parts_held = min(parts_held, fresh.parts_expected)
    return fresh.model_copy(update={"messages": tuple(messages), "parts_held": parts_held})
