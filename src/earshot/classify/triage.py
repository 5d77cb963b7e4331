"""Triage: the shorter the conversation, the cheaper the model (the guide's `select_optimal_model`)."""

from collections.abc import Callable, Mapping, Sequence

from earshot.classify.llm.settings import ClassifySettings
from earshot.domain.call import Tier
from earshot.domain.conversation import Conversation
from earshot.domain.insight import Stage
from earshot.ports.reader import Read, Reader

TIERS = (Tier.CHEAP, Tier.MEDIUM, Tier.STRONG)
"""The tiers between which triage chooses."""


def tier_for(conversation: Conversation, settings: ClassifySettings) -> Tier:
    """Few and short messages are for the cheap tier, some for the medium one, many for the strong one."""
    count = len(conversation.messages)
    characters = sum(len(message.text) for message in conversation.messages)
    short = characters < settings.triage_short_characters * count
    if count <= settings.triage_short_messages and (short or not count):
        return Tier.CHEAP
    return Tier.MEDIUM if count <= settings.triage_medium_messages else Tier.STRONG


class Triage:
    """A reader that hands each conversation to the reader of its tier."""

    def __init__(self, readers: Mapping[Tier, Reader], choose: Callable[[Conversation], Tier]) -> None:
        self._readers = readers
        self._choose = choose
        self._first = next(iter(readers.values()))

    @property
    def name(self) -> str:
        """The classifier's name."""
        return self._first.name

    @property
    def stage(self) -> Stage:
        """What all of its readers give."""
        return self._first.stage

    @property
    def batch(self) -> int:
        """As much as each of its readers takes."""
        return min(reader.batch for reader in self._readers.values())

    @property
    def parallel(self) -> int:
        """As many as each of its readers lets be under way."""
        return min(reader.parallel for reader in self._readers.values())

    async def read(self, conversations: Sequence[Conversation]) -> list[Read]:
        """One answer per conversation, in order."""
        by_tier: dict[Tier, list[Conversation]] = {}
        for conversation in conversations:
            by_tier.setdefault(self._choose(conversation), []).append(conversation)
        answers: dict[str, Read] = {}
        for tier, chosen in by_tier.items():
            answers |= {answer.conversation_id: answer for answer in await self._readers[tier].read(chosen)}
        return [answers[conversation.id] for conversation in conversations]
