"""Classifications under way: one for each conversation, going on though nobody waits any more."""

import asyncio
import logging

from earshot.errors import Transient
from earshot.pipeline.answering import Answering, Classification

log = logging.getLogger(__name__)

MOST = 64
"""So many at once; more are asked to come again."""


class Running:
    """Starts classifications, and lets many wait for the same one."""

    def __init__(self, answering: Answering, *, most: int = MOST) -> None:
        self._answering = answering
        self._most = most
        self._tasks: dict[str, asyncio.Task[Classification]] = {}

    async def wait(self, conversation_id: str, *, seconds: float) -> Classification | None:
        """The result, or None where it takes longer than so many seconds; then it goes on. Raises what it raises.

        Raises Transient while too many are under way.
        """
        task = self._tasks.get(conversation_id)
        if task is None:
            if len(self._tasks) >= self._most:
                raise Transient(
                    "Too many classifications are under way.", hint="Try again in a moment.", retry_after=2.0
                )
            task = asyncio.create_task(self._answering.classify(conversation_id))
            self._tasks[conversation_id] = task
            task.add_done_callback(lambda done: self._ended(conversation_id, done))
        done, _ = await asyncio.wait([task], timeout=seconds)
        return task.result() if done else None

    async def warm(self) -> None:
        """Load what classifying takes, beside the loop."""
        await self._answering.warm()

    def is_running(self, conversation_id: str) -> bool:
        """Whether one of this conversation is under way."""
        return conversation_id in self._tasks

    async def close(self) -> None:
        """Give up what is under way; the next sync brings it."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, conversation_id: str, task: asyncio.Task[Classification]) -> None:
        del self._tasks[conversation_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("a classification failed: %s", type(error).__name__)
