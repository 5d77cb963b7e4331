"""Whose turn it is: claiming things that changed, and giving them back when they could not be dealt with."""

import asyncio
import logging
import zlib
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from earshot.domain.notification import Concern, Effect, Turn
from earshot.errors import BadInput, EarshotError, Rejected, Transient
from earshot.pipeline.live.together import Together
from earshot.pipeline.parts import Parts
from earshot.ports.jobs import Later

log = logging.getLogger(__name__)
FIRST_WAIT = 1.0
LONGEST_WAIT = 300.0
"""Seconds before the second try, and at most."""
RELEASED = "the worker stopped"


class Thing(NamedTuple):
    """What a job is about."""

    source: str
    concern: Concern
    external_id: str


def parse_key(key: str) -> Thing:
    """The thing of a job's key, `<source>/<concern>/<external id>/<anything>`. Raises BadInput."""
    source, _, rest = key.partition("/")
    concern, _, rest = rest.partition("/")
    external_id = rest.rpartition("/")[0]
    if concern not in list(Concern) or not external_id:
        raise BadInput("a job to hear something names nothing that can be heard")
    return Thing(source, Concern(concern), external_id)


class Turns:
    """Claims and returns turns of one process; claims that come together are made in one statement."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._claims = Together[Thing, Turn | Later | None](self._claim)

    async def claim(self, thing: Thing) -> Turn | None:
        """The turn for a thing; None when nothing about it is left to do. Raises Later while another has it."""
        found = await self._claims.one(thing)
        if isinstance(found, Later):
            raise found
        return found

    async def give_back(self, turn: Turn, error: BaseException) -> None:
        """The turn did not end well: it comes again after a while, or is given up with its reason."""
        parts = self._parts
        now = parts.clock.now()
        wait = self._wait(turn, error)
        reason = _reason(error)
        again_at = None if wait is None else now + timedelta(seconds=wait)
        async with parts.store.unit() as unit:
            stopped = isinstance(error, asyncio.CancelledError)
            await unit.inbox.give_back(turn, reason=reason, again_at=again_at, now=now, innocent=stopped)
            await unit.commit()
        if wait is None:
            log.error("given up after %d tries, the next sync brings it: %s", turn.attempts, reason)

    def _wait(self, turn: Turn, error: BaseException) -> float | None:
        """Seconds until the next try; None: given up, which a deletion never is."""
        if isinstance(error, asyncio.CancelledError):
            return 0.0
        spent = turn.attempts >= self._parts.realtime.attempts or isinstance(error, Rejected)
        if spent and turn.effect is not Effect.DELETED:
            return None
        asked = error.retry_after if isinstance(error, Transient) and error.retry_after else 0.0
        spread = 0.5 + zlib.crc32(turn.external_id.encode()) / 2**33
        return max(asked, min(FIRST_WAIT * 2.0 ** min(turn.attempts - 1, 20), LONGEST_WAIT) * spread)

    async def _claim(self, things: Sequence[Thing]) -> Sequence[Turn | Later | None]:
        parts = self._parts
        lease = timedelta(seconds=parts.realtime.lease_seconds)
        async with parts.store.single() as unit:
            return await unit.inbox.claim_all(things, lease=lease, now=parts.clock.now())


def _reason(error: BaseException) -> str:
    """Why, without anybody's words: our own errors tell it, of others only the kind is told."""
    if isinstance(error, asyncio.CancelledError):
        return RELEASED
    if isinstance(error, TimeoutError):
        return "it took longer than the turn lasts"
    return str(error) if isinstance(error, EarshotError) else f"failed: {type(error).__name__}"
