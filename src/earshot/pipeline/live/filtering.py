"""Which conversations are not heard in real time, and why: not open, on another plan, tagged as processed."""

from collections.abc import Collection

from earshot.domain.conversation import Conversation
from earshot.pipeline.arriving import begun_of, own_tags
from earshot.pipeline.parts import Parts
from earshot.pipeline.realtime import RealtimeSettings
from earshot.ports.store import Unit
from earshot.pull.filters import standing_reason, tag_reason

__all__ = ["heard_reason", "own_tags", "unheard_reason"]


def heard_reason(
    conversation: Conversation,
    settings: RealtimeSettings,
    *,
    own_tags: Collection[str] = (),
    read: bool = False,
) -> str | None:
    """Why a conversation is not heard at once, None where it is.

    `read`: we hold a reading of it, of whatever version. Then a tag that our own rules put on (`own_tags`) only
    says that this earlier version is done with; whether something new was said, the text itself shows.
    """
    return standing_reason(conversation, states=settings.only_states, plans=settings.only_plans) or tag_reason(
        conversation, skip=settings.skip_tags, own_tags=own_tags if read else ()
    )


async def unheard_reason(parts: Parts, unit: Unit, *, conversation: Conversation) -> str | None:
    """The same for the parts' own settings, rules and store; the store is asked only where something shuts out."""
    reason = heard_reason(conversation, parts.realtime)
    if reason is None or conversation.id not in await begun_of(unit, [conversation]):
        return reason
    return heard_reason(conversation, parts.realtime, own_tags=own_tags(parts.make_rules()), read=True)
