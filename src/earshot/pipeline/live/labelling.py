"""Who judges first: the model of the labels tier within its time, or the local model in its place."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property

from earshot.domain.conversation import Conversation
from earshot.domain.insight import Stage
from earshot.errors import Misconfigured
from earshot.pipeline.money.consent import agreed
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.classify import ledger_of, waits
from earshot.pipeline.reading.owing import owed
from earshot.ports.ledger import BudgetSpent, Debt
from earshot.ports.reader import Read, Reader

log = logging.getLogger(__name__)
LOCAL = "local"
ASK_AGAIN = 30.0
"""Seconds until one looks again whether somebody agreed to spend."""


class Labelling:
    """The first reader of one process, so that breaker, connections and the local model are one for all."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._agreed = False
        self._asked = float("-inf")
        self._asking = asyncio.Lock()
        self._told: set[str] = set()

    @cached_property
    def reader(self) -> Reader:
        """Who is asked first."""
        make = self._parts.make_first_reader
        return make() if make is not None else self.local

    @cached_property
    def local(self) -> Reader:
        """Who stands in."""
        return self._parts.make_reader(LOCAL)

    @property
    def at_once(self) -> bool:
        """Whether the first reader answers without waiting for anybody."""
        return not waits(self.reader)

    @property
    def is_provisional(self) -> bool:
        """Whether what the local model reads is read again by a language model."""
        return self._parts.make_llm is not None

    def follows(self, read: Read) -> bool:
        """Whether a full reading is to follow."""
        more = read.labels is not None or (read.reading is not None and read.provenance.provisional)
        return more and self._parts.realtime.full_reading

    def owing(self) -> AbstractContextManager[Debt]:
        """For the calls about one conversation, whose answer is not saved yet."""
        return owed(ledger_of(self.reader))

    async def read_at_once(self, conversations: Sequence[Conversation]) -> list[Read]:
        """What the local model makes of them; provisional where a language model reads them again."""
        answers = await self.local.read(conversations)
        return [_provisional(one) for one in answers] if self.is_provisional else answers

    async def read(self, conversation: Conversation) -> Read:
        """Labels or a reading, within `label_seconds`; by the local model where nobody else answers in time."""
        answer = await self._ask(conversation) if await self._may_spend() else None
        if answer is not None and not answer.unanswered:
            return answer
        (stand_in,) = await self.read_at_once([conversation])
        return stand_in

    async def _ask(self, conversation: Conversation) -> Read | None:
        try:
            async with asyncio.timeout(self._seconds):
                (answer,) = await self.reader.read([conversation])
        except TimeoutError:
            return None
        except (BudgetSpent, Misconfigured) as error:
            self._tell(str(error))
            return None
        return answer

    @property
    def _seconds(self) -> float | None:
        return self._parts.realtime.label_seconds if self.reader.stage is Stage.LABELS else None

    async def _may_spend(self) -> bool:
        """Whether a person agreed to spend money; without, the local model judges."""
        parts = self._parts
        if self._agreed or parts.make_llm is None:
            return True
        async with self._asking:
            now = parts.clock.monotonic()
            if not self._agreed and now - self._asked >= ASK_AGAIN:
                self._agreed = await agreed(parts, parts.make_llm())
                self._asked = now
        if not self._agreed:
            self._tell("Nobody agreed yet to spend money with the model provider (run `earshot run` once by hand).")
        return self._agreed

    def _tell(self, why: str) -> None:
        if why not in self._told:
            self._told.add(why)
            log.warning("The local model judges first: %s", why)


def _provisional(read: Read) -> Read:
    return read.model_copy(update={"provenance": read.provenance.model_copy(update={"provisional": True})})
