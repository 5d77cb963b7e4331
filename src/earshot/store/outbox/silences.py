"""Silences: until when what is suppressed, and who wanted it."""

import json
from datetime import datetime

from earshot.domain.delivery import Silence
from earshot.store.cleaning import clean, clean_json
from earshot.store.sql import Sql

_SAVE = """
    insert into silence (id, matchers, until, reason, author, at)
    values (:id, cast(:matchers as jsonb), :until, :reason, :author, :at)
    on conflict (id) do update set matchers = excluded.matchers, until = excluded.until, reason = excluded.reason,
        author = excluded.author
"""
_LIST = """
    select id, matchers, until, reason, author, at from silence
    where cast(:now as timestamptz) is null or (until > :now and at <= :now) order by at desc, id
"""


class Silences:
    """The part of `ports.outbox.Outbox` about silences."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def silences(self, *, now: datetime | None = None) -> list[Silence]:
        """Silences, newest first; with `now` only those in force."""
        rows = await self._sql.rows(_LIST, now=now)
        return [Silence.model_validate({**row, "matchers": json.loads(row["matchers"])}) for row in rows]

    async def silence(self, silence: Silence) -> None:
        """Add a silence, or change the one of that id (an end in the past lifts it)."""
        await self._sql.run(
            _SAVE,
            id=silence.id,
            matchers=json.dumps(clean_json(silence.matchers)),
            until=silence.until,
            reason=clean(silence.reason),
            author=clean(silence.author),
            at=silence.at,
        )
